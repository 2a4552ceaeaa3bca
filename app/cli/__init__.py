"""The command line: its words and exit codes. What it does is elsewhere.

0: it did all that it was asked to. 1: some rows were refused or left out, or the schema differs. 2: it was called or
set up wrongly. 3: an import stopped before its end; run again, it goes on. An export begins anew.
"""

from app.cli.program import cli, main

__all__ = ["cli", "main"]
