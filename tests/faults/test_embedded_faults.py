"""The embedded mongod when processes are killed: it is gone with its owner, and what it acknowledged is there again."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from app.mongo import embedded
from app.mongo.embedded import EmbeddedMongo
from tests.waiting import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part, and /proc, are Linux's")

PROJECT = Path(__file__).parents[2]

START = """
import os, signal, sys, time
from pathlib import Path
from pymongo import MongoClient
from app.mongo.embedded import EmbeddedMongo
print("ready", flush=True)
server = EmbeddedMongo.start(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
"""
SERVE = START + "print('started', flush=True); signal.pause()"
FORK = START + "child = os.fork()\nif child: print(child, flush=True)\nsignal.pause()"
WRITE = (
    START
    + """
orders = MongoClient(server.uri, w="majority", journal=True, timeoutMS=1000).shop.orders
for number in range(1_000_000):
    try:
        orders.insert_one({"_id": number})
    except Exception:
        break
    print(number, flush=True)
deadline = time.monotonic() + 60
while server.running and time.monotonic() < deadline:
    time.sleep(0.02)
print("running" if server.running else "gone", flush=True)
"""
)


@contextmanager
def program(script: str, directory: Path | None = None, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of its own, killed at the end if it has not been before."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *([directory] if directory else [])],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        bufsize=0,  # what is read ahead would not be seen by `select`
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    assert select.select([process.stdout], [], [], DEADLINE_SECONDS)[0], "the program is silent"
    return process.stdout.readline().decode().strip()


def rest(process: subprocess.Popen[bytes]) -> list[str]:
    """What else it said. Nobody but the program holds its output open, so it ends with the program."""
    return process.communicate(timeout=DEADLINE_SECONDS)[0].decode().split()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lineage(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """The process ids of its supervisor and of mongod."""
    wait_until(lambda: bool(children(process.pid)))
    supervisor = children(process.pid)[0]
    wait_until(lambda: bool(children(supervisor)))
    return supervisor, children(supervisor)[0]


def inhabitants(directory: Path) -> list[str]:
    """The processes that work in the directory or name it: the supervisor does, and mongod does."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "cmdline").read_text().replace("\0", " ")
            where = os.readlink(folder / "cwd")
        except OSError:
            continue  # it has just ended, or is a zombie, which has no working directory
        if str(directory) in said or where.startswith(str(directory)):
            found.append(f"{folder.name} {said}")
    return found


def stored(directory: Path) -> set[int]:
    """What a new start on the directory finds; it owns the server, so nobody else had it any more."""
    with EmbeddedMongo.start(directory) as server, MongoClient[dict[str, Any]](server.uri) as client:
        assert server.owned
        return {order["_id"] for order in client.shop.orders.find()}


def write_until(directory: Path, victim: Callable[[subprocess.Popen[bytes]], int]) -> tuple[list[int], list[str]]:
    """Kill in mid-flight: the numbers that were acknowledged before, and what else the writing program said."""
    with program(WRITE, directory) as process:
        assert line(process) == "ready"
        acknowledged = [int(line(process)) for _ in range(50)]
        os.kill(victim(process), signal.SIGKILL)
        said = rest(process)
    return acknowledged + [int(each) for each in said if each.isdigit()], [each for each in said if each.isalpha()]


def test_when_its_program_is_killed_mongod_goes_and_what_it_acknowledged_is_there(tmp_path: Path) -> None:
    acknowledged, _ = write_until(tmp_path, lambda process: process.pid)
    wait_until(lambda: not inhabitants(tmp_path))
    assert set(acknowledged) <= stored(tmp_path)


def test_a_start_right_after_the_program_was_killed_waits_for_the_old_server_to_go(tmp_path: Path) -> None:
    acknowledged, _ = write_until(tmp_path, lambda process: process.pid)
    assert set(acknowledged) <= stored(tmp_path)


def test_when_mongod_is_killed_its_program_is_told_and_what_it_acknowledged_is_there(tmp_path: Path) -> None:
    acknowledged, said = write_until(tmp_path, lambda process: lineage(process)[1])
    assert said == ["gone"]
    assert set(acknowledged) <= stored(tmp_path)


def test_when_the_supervisor_is_killed_mongod_goes_and_what_it_acknowledged_is_there(tmp_path: Path) -> None:
    acknowledged, said = write_until(tmp_path, lambda process: lineage(process)[0])
    assert said == ["gone"]
    wait_until(lambda: not inhabitants(tmp_path))
    assert set(acknowledged) <= stored(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("milliseconds", [0, 5, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 250])
def test_when_its_program_is_killed_during_the_start_nothing_stays(tmp_path: Path, milliseconds: int) -> None:
    """At any moment: which step of the start a delay hits depends on the machine, and what is asserted does not."""
    with program(SERVE, tmp_path) as process:
        assert line(process) == "ready"
        time.sleep(milliseconds / 1000)
        process.kill()
        process.wait()
    wait_until(lambda: not inhabitants(tmp_path))
    assert stored(tmp_path) == set()


def test_data_whose_first_start_was_never_completed_are_made_anew(tmp_path: Path) -> None:
    """The storage engine cannot recover files that it was just creating, and nobody had stored anything in them."""
    EmbeddedMongo.start(tmp_path).stop()
    data = tmp_path / "mongod" / "data"
    (data / "WiredTiger.turtle").unlink()
    (data / "unfinished").touch()
    (data.parent / "discarded" / "before").mkdir(parents=True)
    assert stored(tmp_path) == set()
    assert not (data / "unfinished").exists()


@pytest.mark.parametrize("first", ["the program", "the supervisor"])
def test_an_ephemeral_one_leaves_nothing_behind_when_it_is_killed(first: str) -> None:
    """Whichever of the two is killed first, the other one cleans up."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        with program(SERVE.replace("signal.pause()", "sys.stdin.read(); server.stop()"), TMPDIR=folder) as process:
            assert [line(process), line(process)] == ["ready", "started"]
            assert os.listdir(folder)
            os.kill(process.pid if first == "the program" else lineage(process)[0], signal.SIGKILL)
            if first == "the supervisor":
                process.wait(DEADLINE_SECONDS)
        wait_until(lambda: not os.listdir(folder))
        wait_until(lambda: not inhabitants(Path(folder)))


def test_a_forked_child_does_not_keep_it_alive(tmp_path: Path) -> None:
    with program(FORK, tmp_path) as process:
        assert line(process) == "ready"
        child = int(line(process))
        try:
            process.kill()
            process.wait()
            wait_until(lambda: not any("mongod --" in each for each in inhabitants(tmp_path)))
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_mongod_that_does_not_react_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "GRACE_SECONDS", 0.5)
    server = EmbeddedMongo.start(tmp_path)
    with MongoClient[dict[str, Any]](server.uri) as client:
        pid = client.admin.command("serverStatus")["pid"]
    os.kill(pid, signal.SIGSTOP)
    server.stop()
    assert not inhabitants(tmp_path)


def test_a_supervisor_that_is_asked_to_end_shuts_mongod_down(tmp_path: Path) -> None:
    with program(SERVE, tmp_path) as process:
        assert [line(process), line(process)] == ["ready", "started"]
        supervisor, _ = lineage(process)
        os.kill(supervisor, signal.SIGTERM)
        wait_until(lambda: not (tmp_path / "mongod" / "mongodb-27017.sock").exists())
        wait_until(lambda: "Now exiting" in (tmp_path / "mongod" / "mongod.log").read_text())


def test_a_program_that_ends_without_stopping_it_leaves_nothing_running(tmp_path: Path) -> None:
    with program(START, tmp_path) as process:
        assert process.wait(DEADLINE_SECONDS) == 0
    wait_until(lambda: not inhabitants(tmp_path))
