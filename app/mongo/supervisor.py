"""The process between a program and its embedded mongod: whatever becomes of the program, mongod does not outlive it.

It starts mongod, keeps its log small, and ends it when the program goes: its standard input is a pipe that only the
program holds open, so a program that is killed lets go of it too. The lock on the data directory is passed on to
mongod, hence it is held until nobody can touch the data any more. Run by path, isolated and with the standard library
alone: each start waits for it. `Supervised` is the program's side. How a server is found, configured and reached stands
in `embedded` and `mongod`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a supervisor is told, as JSON in its one argument."""

    command: list[str]
    home: str  # mongod's working directory
    log: str  # its log, from there; one older is kept beside it
    lock: int  # the inherited descriptor of the locked file
    discard: list[str]  # folders to remove in the end
    grace_seconds: float  # how long mongod may take to shut down; 0 kills it at once
    log_bytes: int  # a larger log becomes the old one
    look_seconds: float  # how often the log's size is looked at

    @property
    def logs(self) -> tuple[Path, Path]:
        """The log, and the older one."""
        return Path(self.home, self.log), Path(self.home, f"{self.log}.1")

    def to_json(self) -> str:
        return json.dumps(asdict(self))


# The ends of the pipes whose closing ends a server. A forked child lets go of them, or it would keep the server alive.
_lifelines: set[int] = set()


class Supervised:
    """A running supervisor, and our end of the pipe that it watches."""

    def __init__(self, charge: Charge) -> None:
        self._charge = charge
        log, old_log = charge.logs
        if log.exists():
            log.replace(old_log)
        theirs, self._lifeline = os.pipe()
        _lifelines.add(self._lifeline)
        try:
            # What it and mongod say before mongod opens its own log: the dynamic loader's complaints, for one.
            with log.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and file
                    [sys.executable, "-I", "-S", __file__, charge.to_json()],
                    stdin=theirs,
                    stdout=output,
                    stderr=output,
                    pass_fds=(charge.lock,),
                    start_new_session=True,  # Ctrl-C is for us: we end it when the open requests are answered
                )
        except BaseException:
            _let_go(self._lifeline)
            raise
        finally:
            os.close(theirs)

    @property
    def running(self) -> bool:
        """Whether mongod is there: its supervisor ends when it does."""
        return self._process.poll() is None

    def end(self) -> None:
        """Have mongod shut down, and wait. Nothing a second time, or in a forked child, whose server it is not."""
        if not _let_go(self._lifeline):
            return
        try:
            self._process.wait(self._charge.grace_seconds + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()  # mongod dies with it
            self._process.wait()
        for folder in self._charge.discard:  # done already, unless the supervisor was killed
            shutil.rmtree(folder, ignore_errors=True)


def _let_go(lifeline: int) -> bool:
    if lifeline not in _lifelines:
        return False
    _lifelines.remove(lifeline)
    os.close(lifeline)
    return True


def _let_go_of_all() -> None:
    for lifeline in list(_lifelines):
        _let_go(lifeline)


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_let_go_of_all)


def supervise(charge: Charge) -> int:
    """Run mongod until it ends or the program does; answers with mongod's exit code, as a shell would."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # a terminal's signals are for the program, which then closes the pipe
    signal.signal(signal.SIGTERM, _leave)
    _allow_many_files()
    mongod, ended = _start(charge)
    try:
        while not select.select([sys.stdin, ended], [], [], charge.look_seconds)[0]:
            _keep_log_small(mongod, charge)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.ftruncate(charge.lock, 0)  # from here on nobody attaches: who comes now waits for the lock
        _end(mongod, charge.grace_seconds)
        for folder in charge.discard:
            shutil.rmtree(folder, ignore_errors=True)
    code = mongod.returncode
    return code if code >= 0 else 128 - code


def _start(charge: Charge) -> tuple[subprocess.Popen[bytes], int]:
    """The child, and a descriptor that becomes readable when it has ended: mongod alone holds its other end."""
    ended, held = os.pipe()
    mongod = subprocess.Popen(  # noqa: S603  # the command is built by `mongod.command`, from no one's input
        charge.command,
        cwd=charge.home,
        stdin=subprocess.DEVNULL,
        pass_fds=(charge.lock, held),
        preexec_fn=_die_with_parent(),  # safe: this process has one thread
    )
    os.close(held)
    return mongod, ended


def _allow_many_files() -> None:
    """Raise this process's and its child's limit: mongod holds a file open for each index, and aborts without one."""
    import resource  # not on every platform that imports this module

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 64_000 if hard == resource.RLIM_INFINITY else min(hard, 64_000)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _die_with_parent() -> Callable[[], None] | None:
    """What the child does before it becomes mongod, so that the kernel kills it when this process dies (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl, supervisor, set_death_signal = ctypes.CDLL(None).prctl, os.getpid(), 1

    def bind() -> None:
        prctl(set_death_signal, signal.SIGKILL)
        if os.getppid() != supervisor:  # it died before the line above
            os._exit(1)

    return bind


def _keep_log_small(mongod: subprocess.Popen[bytes], charge: Charge) -> None:
    """Keep the log and one older: at SIGUSR1 mongod opens its log anew, but not twice within a few seconds."""
    log, old_log = charge.logs
    if log.exists():
        if log.stat().st_size <= charge.log_bytes:
            return
        log.replace(old_log)
    mongod.send_signal(signal.SIGUSR1)


def _end(mongod: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Ask, wait, then kill. What was acknowledged survives either way: it is in the journal."""
    if grace_seconds:
        mongod.terminate()
        try:
            mongod.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            pass
        else:
            return
    mongod.kill()
    mongod.wait()


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(supervise(Charge(**json.loads(sys.argv[1]))))
