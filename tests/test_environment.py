"""What make sets up before anything else: which Python it takes, what it builds anew, and what it says.

The Pythons are stand-ins, which have a version, make environments with themselves inside, and note what they install.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.making import ROOT, run_make

STAND_IN = """#!/bin/sh
version={version}
case "$*" in
*platform*) echo $version ;;
*version_info*) [ $version != 3.10.13 ] ;;
"-m venv "*) mkdir -p "$3/bin"; touch "$3/pyvenv.cfg"; cp "$0" "$3/bin/python" ;;
"-m pip "*) echo "$*" >> {log}; [ ! -e {log}.broken ] ;;
*) exit 1 ;;
esac
"""


class Machine:
    """A folder with stand-ins for Pythons, and the environment that is set up in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log, self.environment = folder, folder / "installed", folder / "environment"

    def add_python(self, name: str, version: str) -> Path:
        """Put a Python into the folder."""
        path = self.folder / name
        path.write_text(STAND_IN.format(version=version, log=self.log))
        path.chmod(0o755)
        return path

    def set_up(self, python: Path | str = "") -> subprocess.CompletedProcess[str]:
        """Set the environment up as make does; nothing but the stand-ins and the system's tools is on PATH."""
        command = ["tools/environment.sh", str(self.environment), str(python)]
        path = {"PATH": f"{self.folder}:{self.tools()}"}
        return subprocess.run(command, cwd=ROOT, env=path, capture_output=True, text=True, check=False, timeout=60)

    def tools(self) -> Path:
        """A folder with what the script calls, and without any Python."""
        tools = self.folder / "tools"
        if not tools.exists():
            tools.mkdir()
            for name in ("sh", "cat", "cp", "dirname", "mkdir", "rm", "rmdir", "sed", "sleep", "touch"):
                (tools / name).symlink_to(Path("/bin", name) if Path("/bin", name).exists() else Path("/usr/bin", name))
        return tools

    @property
    def installations(self) -> int:
        """How often the requirements were installed."""
        return self.log.read_text().count("--require-hashes") if self.log.exists() else 0


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with no Python so far."""
    return Machine(tmp_path)


def test_the_first_python_that_is_new_enough_is_taken(machine: Machine) -> None:
    machine.add_python("python3", "3.10.13")
    machine.add_python("python3.12", "3.12.1")
    machine.add_python("python3.13", "3.13.0")
    done = machine.set_up()
    assert done.returncode == 0
    assert done.stderr.startswith(f"Setting up {machine.environment}, once, which takes a minute or two ")
    assert done.stderr.endswith(" done, with Python 3.12.1.\n")


def test_a_python_that_is_too_old_is_refused_before_anything_is_built(machine: Machine) -> None:
    old = machine.add_python("python3", "3.10.13")
    advice = "Name one that is: make run PYTHON=/path/to/python3.11\n"
    asked = machine.set_up(old)
    needed = "Customer Graph needs Python 3.11 or later, and"
    assert (asked.returncode, asked.stderr) == (1, f"{needed} {old} is 3.10.13. {advice}")
    found = machine.set_up()
    assert (found.returncode, found.stderr) == (1, f"{needed} none is on PATH (python3 is 3.10.13). {advice}")
    none = machine.set_up("python9")
    assert (none.returncode, none.stderr) == (1, f"{needed} python9 is no Python that runs. {advice}")
    assert not machine.environment.exists()


def test_make_says_so(machine: Machine) -> None:
    old = machine.add_python("python3.10", "3.10.13")
    told = run_make("lint", f"PYTHON={old}", f"VENV={machine.environment}")
    assert told.returncode == 2
    assert "Customer Graph needs Python 3.11 or later" in told.stderr
    assert (told.stdout, machine.environment.exists()) == ("", False)


def test_an_environment_that_is_whole_stays(machine: Machine) -> None:
    python = machine.add_python("python3.11", "3.11.7")
    assert machine.set_up().returncode == 0
    for asked in ("", python):
        again = machine.set_up(asked)
        assert (again.returncode, again.stderr, machine.installations) == (0, "", 1)


def test_an_environment_that_is_older_than_the_lock_is_brought_up_to_date(machine: Machine) -> None:
    machine.add_python("python3.11", "3.11.7")
    assert machine.set_up().returncode == 0
    (machine.environment / "stays").touch()
    os.utime(machine.environment / ".ready", (0, 0))
    updated = machine.set_up()
    assert updated.stderr == f"Bringing {machine.environment} up to date  done, with Python 3.11.7.\n"
    assert (machine.installations, (machine.environment / "stays").exists()) == (2, True)


@pytest.mark.parametrize("harm", ["half-built", "moved", "without its Python", "of an earlier make"])
def test_an_environment_that_is_broken_is_built_anew(machine: Machine, harm: str) -> None:
    machine.add_python("python3.11", "3.11.7")
    assert machine.set_up().returncode == 0
    (machine.environment / "remains").touch()
    match harm:
        case "half-built":
            (machine.environment / ".ready").unlink()
        case "moved":
            machine.environment = machine.environment.rename(machine.folder / "elsewhere")
        case "without its Python":
            (machine.environment / "bin" / "python").unlink()
        case _:
            (machine.environment / ".ready").write_text("")
    assert machine.set_up().returncode == 0
    assert not (machine.environment / "remains").exists()
    assert machine.installations == 2


def test_another_python_gets_a_new_environment(machine: Machine) -> None:
    machine.add_python("python3.11", "3.11.7")
    assert machine.set_up().returncode == 0
    done = machine.set_up(machine.add_python("python3.13", "3.13.0"))
    assert done.stderr.endswith(" done, with Python 3.13.0.\n")
    assert machine.set_up().stderr == ""


def test_an_installation_that_fails_is_begun_anew(machine: Machine) -> None:
    machine.add_python("python3.11", "3.11.7")
    broken = machine.log.with_suffix(".broken")
    broken.touch()
    failed = machine.set_up()
    assert failed.returncode == 1
    told = f"{machine.environment} could not be set up; what is above says why. The next make begins anew.\n"
    assert failed.stderr.endswith(told)
    broken.unlink()
    assert machine.set_up().returncode == 0
    assert machine.installations == 2


def test_a_folder_that_is_no_environment_is_left_alone(machine: Machine) -> None:
    machine.add_python("python3.11", "3.11.7")
    machine.environment.mkdir()
    (machine.environment / "letters").touch()
    refused = machine.set_up()
    assert (refused.returncode, (machine.environment / "letters").exists()) == (1, True)
    assert "is no virtual environment, so it is left alone" in refused.stderr
