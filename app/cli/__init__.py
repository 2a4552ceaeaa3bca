"""The command line: commands, options, output and exit codes. The work itself is done by the other rooms.

Exit codes. 0: everything was done. 1: some rows were refused or left out, or the schema differs. 2: wrong arguments or
settings. 3: stopped before the end; an import, run again, resumes, and an export starts again.
"""

from app.cli.program import cli, main

__all__ = ["cli", "main"]
