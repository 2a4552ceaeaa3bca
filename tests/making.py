"""Running make in tests as a person does in a terminal."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
FROM_OUTER_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
"""What `make test` hands down to the tests; a make that inherits it prints and does other things."""


def run_make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the project's folder, whether or not the tests were started by make themselves."""
    environment = {name: value for name, value in os.environ.items() if name not in FROM_OUTER_MAKE}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
