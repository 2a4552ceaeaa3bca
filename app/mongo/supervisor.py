"""The supervisor: a process between a program and its embedded mongod, so that mongod never outlives the program.

It starts mongod, rotates its log, and stops it when the program ends. It notices that on its standard input, a pipe
whose other end (the lifeline) only the program holds: the kernel closes it even where the program is killed. The locked
file of the data directory is inherited by mongod, so the lock is held until no process can touch the data any more.

This file is run by its path, isolated and with the standard library alone, since every start waits for it.
`SupervisedMongod` is the program's side of it.
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
class SupervisorConfig:
    """What the supervisor needs to know; it is passed as JSON, as its one argument."""

    command: list[str]
    home: str  # mongod's working directory
    log: str  # its log, relative to `home`; the previous one is kept beside it
    lock: int  # the inherited descriptor of the locked file
    discard: list[str]  # folders to remove once mongod has ended
    grace_seconds: float  # how long mongod may take to shut down; with 0 it is killed at once
    max_log_bytes: int  # a log that is larger is rotated
    log_check_seconds: float  # how often the size of the log is checked

    @property
    def logs(self) -> tuple[Path, Path]:
        """The path of the log, and that of the previous log."""
        return Path(self.home, self.log), Path(self.home, f"{self.log}.1")

    def to_json(self) -> str:
        return json.dumps(asdict(self))


# The lifelines of this process, by descriptor. A forked child closes them, or it would keep the servers alive.
_lifelines: set[int] = set()


class SupervisedMongod:
    """A mongod that runs under a supervisor, as long as this process holds the lifeline."""

    def __init__(self, config: SupervisorConfig) -> None:
        self._config = config
        log, old_log = config.logs
        if log.exists():
            log.replace(old_log)
        supervisor_end, self._lifeline = os.pipe()
        _lifelines.add(self._lifeline)
        try:
            # For what is written before mongod opens its log, such as an error of the dynamic loader.
            with log.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and file
                    [sys.executable, "-I", "-S", __file__, config.to_json()],
                    stdin=supervisor_end,
                    stdout=output,
                    stderr=output,
                    pass_fds=(config.lock,),
                    start_new_session=True,  # Ctrl-C must not reach it: it is stopped once open requests are answered
                )
        except BaseException:
            _close_lifeline(self._lifeline)
            raise
        finally:
            os.close(supervisor_end)

    @property
    def running(self) -> bool:
        """Whether mongod runs; its supervisor ends when it does."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Shut mongod down and wait for that. A second call, and one in a forked child, does nothing."""
        if not _close_lifeline(self._lifeline):
            return
        try:
            self._process.wait(self._config.grace_seconds + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()  # mongod dies with it
            self._process.wait()
        for folder in self._config.discard:  # the supervisor has done so, unless it was killed
            shutil.rmtree(folder, ignore_errors=True)


def _close_lifeline(lifeline: int) -> bool:
    """Close it; False where that was done before."""
    if lifeline not in _lifelines:
        return False
    _lifelines.remove(lifeline)
    os.close(lifeline)
    return True


def _close_all_lifelines() -> None:
    for lifeline in list(_lifelines):
        _close_lifeline(lifeline)


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_close_all_lifelines)


def supervise(config: SupervisorConfig) -> int:
    """Run mongod until it or the program ends, and return its exit code as a shell would."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # a terminal's signals are for the program
    signal.signal(signal.SIGTERM, _exit_on_signal)
    _raise_open_file_limit()
    mongod, ended = _start(config)
    try:
        while not select.select([sys.stdin, ended], [], [], config.log_check_seconds)[0]:
            _rotate_large_log(mongod, config)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.ftruncate(config.lock, 0)  # from here on no process attaches: it waits for the lock
        _stop(mongod, config.grace_seconds)
        for folder in config.discard:
            shutil.rmtree(folder, ignore_errors=True)
    code = mongod.returncode
    return code if code >= 0 else 128 - code


def _start(config: SupervisorConfig) -> tuple[subprocess.Popen[bytes], int]:
    """Start mongod: its process, and a descriptor that becomes readable when it ends, since it holds the other end."""
    ended, held = os.pipe()
    mongod = subprocess.Popen(  # noqa: S603  # the command is built by `mongod.command`, from no one's input
        config.command,
        cwd=config.home,
        stdin=subprocess.DEVNULL,
        pass_fds=(config.lock, held),
        preexec_fn=_kill_when_parent_dies(),  # safe: this process has one thread
    )
    os.close(held)
    return mongod, ended


def _raise_open_file_limit() -> None:
    """Raise the limit of open files, which mongod inherits: it opens one for each index, and aborts if it cannot."""
    import resource  # not on every platform that imports this module

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 64_000 if hard == resource.RLIM_INFINITY else min(hard, 64_000)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _kill_when_parent_dies() -> Callable[[], None] | None:
    """A function for the child to call before it becomes mongod: the kernel then kills it when this process dies.

    None where the platform is not Linux.
    """
    if sys.platform != "linux":
        return None
    prctl, supervisor, set_death_signal = ctypes.CDLL(None).prctl, os.getpid(), 1

    def bind() -> None:
        prctl(set_death_signal, signal.SIGKILL)
        if os.getppid() != supervisor:  # it died before the line above
            os._exit(1)

    return bind


def _rotate_large_log(mongod: subprocess.Popen[bytes], config: SupervisorConfig) -> None:
    """Rename the log once it is too large, and have mongod open a new one.

    It does so at SIGUSR1, but not twice within a few seconds: where the new one is missing it is asked again.
    """
    log, old_log = config.logs
    if log.exists():
        if log.stat().st_size <= config.max_log_bytes:
            return
        log.replace(old_log)
    mongod.send_signal(signal.SIGUSR1)


def _stop(mongod: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Terminate mongod, and kill it where that takes too long; acknowledged writes are in the journal already."""
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


def _exit_on_signal(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(supervise(SupervisorConfig(**json.loads(sys.argv[1]))))
