"""Where the program begins; `python -m app` is `customer-graph`."""

from __future__ import annotations

import sys


def main() -> None:
    """Load the command line and run it. A Ctrl-C meanwhile, for the better part of a second, is no failure."""
    try:
        from app.cli import main as run_command_line

        run_command_line()
    except KeyboardInterrupt:
        sys.stderr.write("Error: Interrupted.\n")
        sys.exit(3)  # stopped before the end: the exit codes stand in `app/cli/__init__.py`


if __name__ == "__main__":
    main()
