"""A private mongod of our own, for trying out and for tests: its life, its lock and how it is reached.

Below the directory that is given, `mongod/` (mode 0700) holds `data/`, the log, the socket and `owner`: a locked file
with the owner's process id and, once the server can be used, its connection string. Who finds it locked attaches. Which
mongod is run, and with which flags, stands in `mongod`; what ends it when this process dies stands in `supervisor`. It
is reached through one socket, for its user alone, never a port, and is never more than one node: that is MONGODB_URI's
business.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from app.errors import SetupError
from app.mongo import mongod
from app.mongo.supervisor import Charge, Supervised

if sys.platform != "win32":
    import fcntl

START_SECONDS = 60.0  # until it is a writable primary; the journal of a killed server is replayed in this time
ATTACH_SECONDS = 30.0  # until another's server answers, or is gone
GRACE_SECONDS = 10.0  # for a clean shutdown, which takes one second, the applier's idle wait
LOG_BYTES = 8_000_000  # of the log; one older is kept
LOG_LOOK_SECONDS = 30.0
_OWNER = "owner"
_UNFINISHED = "unfinished"  # in the data, until their first start is complete
_TEMPORARY = "customer-graph-"  # what our folders in the temporary directory are called
_LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 108 bytes, on macOS 104


class EmbeddedMongo:
    """A private mongod child: a single-node replica set, so transactions and change streams work.

    `uri` asks for a direct connection, since only the socket's path leads here. `owned` is False where another process
    started the server; it then ends when that process does.
    """

    def __init__(self, uri: str, supervised: Supervised | None = None) -> None:
        self.uri = uri
        self.owned = supervised is not None
        self._supervised = supervised

    @classmethod
    def start(cls, directory: Path | None) -> Self:
        """Start, or attach to the server of the process that has `directory` open. None keeps nothing after `stop`.

        Returns when the node is a writable primary, in about 0.3 seconds, and raises SetupError if that cannot be.
        """
        if sys.platform == "win32":
            raise SetupError("There is no embedded MongoDB on Windows. Set MONGODB_URI to a replica set.")
        try:
            return cls._start(_home(directory), keep=True) if directory else cls._start_ephemeral()
        except OSError as error:
            raise SetupError(
                f"The data directory {directory or tempfile.gettempdir()} cannot be used: {error}. Make it a directory "
                "that this user can write, with free space, or set CUSTOMER_GRAPH_DATA_DIRECTORY to another."
            ) from error

    @classmethod
    def _start_ephemeral(cls) -> Self:
        binary = mongod.find()  # first: between making the folder and the supervisor, nobody would remove it
        home = Path(tempfile.mkdtemp(prefix=_TEMPORARY))
        try:
            return cls._start(home, binary, keep=False)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise

    @classmethod
    def _start(cls, home: Path, binary: Path | None = None, *, keep: bool) -> Self:
        deadline = time.monotonic() + ATTACH_SECONDS
        while True:
            lock = _take(home)
            if lock is not None:
                return cls._own(home, lock, binary, keep=keep)
            pid, uri = _owner(home)
            if uri and _is_alive(pid) and mongod.is_primary(uri):
                return cls(uri)
            if time.monotonic() > deadline:
                raise SetupError(
                    f"The data directory {home.parent} is in use by process {pid or '(ending)'}, whose MongoDB has not "
                    f"answered for {ATTACH_SECONDS:g} seconds. End that process, or choose another directory."
                )
            time.sleep(0.05)

    @classmethod
    def _own(cls, home: Path, lock: int, binary: Path | None, *, keep: bool) -> Self:
        """Run the server under a supervisor, which inherits the lock: it is ours until nothing can touch the data."""
        try:
            command = mongod.command(binary or mongod.find())
            path, discard = _lay_out(home)
            if not keep:
                discard.append(str(home))
            _write_owner(lock)
            charge = Charge(
                command=command,
                home=str(home),
                log=mongod.LOG,
                lock=lock,
                discard=discard,
                grace_seconds=GRACE_SECONDS if keep else 0,
                log_bytes=LOG_BYTES,
                look_seconds=LOG_LOOK_SECONDS,
            )
            server = cls(mongod.uri(path), Supervised(charge))
            try:
                _await_primary(server, home, keep=keep)
                _finish_data(home / mongod.DATA)
                _write_owner(lock, server.uri)
            except BaseException:
                server.stop()
                raise
            return server
        finally:
            os.close(lock)

    @property
    def running(self) -> bool:
        """Whether the server is there. It is not started again when it dies: what it acknowledged is on the disk."""
        return self._supervised.running if self._supervised else mongod.listens(self.uri)

    def stop(self) -> None:
        """Shut down and wait for it, about a second; an ephemeral server is simply killed. Nothing when attached."""
        if self._supervised:
            self._supervised.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _await_primary(server: EmbeddedMongo, home: Path, *, keep: bool) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not mongod.is_primary(server.uri, initiate=True):
        if not server.running:
            raise _failure("could not start", home, keep)
        if time.monotonic() > deadline:
            raise _failure(f"was not ready after {START_SECONDS:g} seconds", home, keep)
        time.sleep(0.01)


def _failure(what: str, home: Path, keep: bool) -> SetupError:
    log = home / mongod.LOG
    message = f"The embedded MongoDB in {home} {what}. {mongod.last_words(log)} Put that right, or "
    if keep:
        return SetupError(f"{message}set CUSTOMER_GRAPH_DATA_DIRECTORY to another directory. The log is {log}.")
    return SetupError(f"{message}set MONGODB_URI to a replica set. Nothing was kept.")


def _home(directory: Path) -> Path:
    """Our folder below the operator's directory, made where it is not there yet."""
    directory = directory.absolute()
    if (directory / "WiredTiger").exists():
        raise SetupError(
            f"{directory} is the data of another mongod. Choose another directory, or run that mongod as a replica set "
            "and set MONGODB_URI."
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = directory / "mongod"
    home.mkdir(mode=0o700, exist_ok=True)
    home.chmod(0o700)
    if os.listdir(home) and not (home / _OWNER).exists():  # in this order: ours is the first file made there
        raise SetupError(f"{home} holds files that are not an embedded MongoDB's. Choose another directory.")
    return home


def _lay_out(home: Path) -> tuple[Path, list[str]]:
    """Make it ready for a server: the path of its socket that can be connected to, and the folders to remove after it.

    A path that is too long for a socket address is reached through a link in a folder of its own, of mode 0700.
    """
    _make_data(home / mongod.DATA)
    path = home / mongod.SOCKET
    path.unlink(missing_ok=True)  # of a server that was killed: we have its lock
    _remove_link(home)
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path, []
    short = len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_SOCKET_PATH // 2
    folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=None if short else "/tmp"))  # noqa: S108  # made 0700, unguessable
    link = folder / mongod.SOCKET
    link.symlink_to(path)
    return link, [str(folder)]


def _make_data(data: Path) -> None:
    """The data's folder. Of a first start that was killed nothing can be recovered, and nobody had stored anything."""
    discarded = data.with_name("discarded")
    if (data / _UNFINISHED).exists():
        shutil.rmtree(discarded, ignore_errors=True)
        data.replace(discarded)  # in one step, since half of it might have lost the mark
    shutil.rmtree(discarded, ignore_errors=True)
    data.mkdir(mode=0o700, exist_ok=True)
    if not os.listdir(data):
        (data / _UNFINISHED).touch()


def _finish_data(data: Path) -> None:
    """Before anybody stores anything: take the mark off the disk too, or a power failure might bring it back."""
    (data / _UNFINISHED).unlink(missing_ok=True)
    folder = os.open(data, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _remove_link(home: Path) -> None:
    """Remove what a server that was killed left behind, if it is still the link to this very folder."""
    _, uri = _owner(home)
    link = mongod.socket_path(uri) if uri else home
    if link.is_symlink() and link.readlink() == home / mongod.SOCKET:
        link.unlink()
        link.parent.rmdir()


def _take(home: Path) -> int | None:
    """The lock, or None while another process has it. It is released when the last copy of the descriptor is closed."""
    lock = os.open(home / _OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return lock


def _owner(home: Path) -> tuple[str, str]:
    """The process id and the connection string that the owner wrote down; each is empty until it is known."""
    pid, uri, *_ = [*(home / _OWNER).read_text().split("\n"), "", ""]
    return pid, uri


def _is_alive(pid: str) -> bool:
    """Whether there is such a process. The server of one that was killed is on its way out, though it still answers."""
    try:
        os.kill(int(pid), 0)  # no signal: it only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # there is one, another user's
    return True


def _write_owner(lock: int, uri: str = "") -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n{uri}\n".encode(), 0)
