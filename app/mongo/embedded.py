"""The embedded MongoDB: a private mongod of this program, for trying it out and for tests. Set MONGODB_URI for more.

Its home is the folder `mongod/` (mode 0700) below the data directory. That holds `data/`, the log, the socket, and
`owner`: a file that the owner keeps locked, with its process id and, once the server can be used, its connection
string. A process that finds the file locked attaches to that server. There is one node, which listens on that socket
and on no port, so only its user can connect.

`mongod` says which binary is run and with which arguments, `supervisor` what stops it when this process dies.
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
from app.mongo.supervisor import SupervisedMongod, SupervisorConfig

if sys.platform != "win32":
    import fcntl

START_SECONDS = 60.0  # until it is a writable primary; that includes recovery from the journal after a kill
ATTACH_SECONDS = 30.0  # until another process's server answers, or has ended
GRACE_SECONDS = 10.0  # for a clean shutdown, which takes one second
MAX_LOG_BYTES = 8_000_000  # the log is rotated when it is larger; the previous one is kept
LOG_CHECK_SECONDS = 30.0
_OWNER = "owner"
_UNFINISHED = "unfinished"  # a file in the data folder until its first start is complete
_TEMPORARY_PREFIX = "customer-graph-"  # of our folders in the temporary directory
_MAX_SOCKET_PATH_BYTES = 100  # sockaddr_un holds 108 bytes, on macOS 104


class EmbeddedMongo:
    """A running embedded mongod: a replica set of one node, so transactions and change streams work.

    `uri` is its connection string. `owned` is False where another process started the server; it then stops when that
    process does.
    """

    def __init__(self, uri: str, supervised: SupervisedMongod | None = None) -> None:
        self.uri = uri
        self.owned = supervised is not None
        self._supervised = supervised

    @classmethod
    def start(cls, directory: Path | None) -> Self:
        """Start a server on `directory`, or attach to the one that another process runs there.

        Without a directory its data are removed by `stop`. Returns once it is a writable primary, after about 0.3
        seconds, and raises SetupError if that fails.
        """
        if sys.platform == "win32":
            raise SetupError("There is no embedded MongoDB on Windows. Set MONGODB_URI to a replica set.")
        try:
            return cls._start_or_attach(_prepare_home(directory), keep=True) if directory else cls._start_ephemeral()
        except OSError as error:
            raise SetupError(
                f"The data directory {directory or tempfile.gettempdir()} cannot be used: {error}. Make it a directory "
                "that this user can write, with free space, or set CUSTOMER_GRAPH_DATA_DIRECTORY to another."
            ) from error

    @classmethod
    def _start_ephemeral(cls) -> Self:
        binary = mongod.find_binary()  # before the folder is made: nothing would remove that yet
        home = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX))
        try:
            return cls._start_or_attach(home, binary, keep=False)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise

    @classmethod
    def _start_or_attach(cls, home: Path, binary: Path | None = None, *, keep: bool) -> Self:
        deadline = time.monotonic() + ATTACH_SECONDS
        while True:
            lock = _try_lock(home)
            if lock is not None:
                return cls._start_server(home, lock, binary, keep=keep)
            pid, uri = _read_owner(home)
            if uri and _is_alive(pid) and mongod.is_primary(uri):
                return cls(uri)
            if time.monotonic() > deadline:
                raise SetupError(
                    f"The data directory {home.parent} is in use by process {pid or '(ending)'}, whose MongoDB has not "
                    f"answered for {ATTACH_SECONDS:g} seconds. End that process, or choose another directory."
                )
            time.sleep(0.05)

    @classmethod
    def _start_server(cls, home: Path, lock: int, binary: Path | None, *, keep: bool) -> Self:
        """Start a server under a supervisor. That inherits the lock, which is held until nothing can touch the data."""
        try:
            command = mongod.command_line(binary or mongod.find_binary())
            path, discard = _prepare_files(home)
            if not keep:
                discard.append(str(home))
            _write_owner(lock)
            config = SupervisorConfig(
                command=command,
                home=str(home),
                log=mongod.LOG,
                lock=lock,
                discard=discard,
                grace_seconds=GRACE_SECONDS if keep else 0,
                max_log_bytes=MAX_LOG_BYTES,
                log_check_seconds=LOG_CHECK_SECONDS,
            )
            server = cls(mongod.socket_uri(path), SupervisedMongod(config))
            try:
                _await_primary(server, home, keep=keep)
                _mark_data_complete(home / mongod.DATA)
                _write_owner(lock, server.uri)
            except BaseException:
                server.stop()
                raise
            return server
        finally:
            os.close(lock)

    @property
    def running(self) -> bool:
        """Whether the server runs. One that dies is not restarted here: what it acknowledged is on the disk."""
        return self._supervised.running if self._supervised else mongod.accepts_connections(self.uri)

    def stop(self) -> None:
        """Shut down and wait, about a second; a server that keeps no data is killed. Attached, nothing happens."""
        if self._supervised:
            self._supervised.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _await_primary(server: EmbeddedMongo, home: Path, *, keep: bool) -> None:
    """Wait until the server is a writable primary; raises SetupError where it ends before, or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not mongod.is_primary(server.uri, initiate=True):
        if not server.running:
            raise _start_error("could not start", home, keep)
        if time.monotonic() > deadline:
            raise _start_error(f"was not ready after {START_SECONDS:g} seconds", home, keep)
        time.sleep(0.01)


def _start_error(what: str, home: Path, keep: bool) -> SetupError:
    """What happened to the server, why according to its log, and what to do about it."""
    log = home / mongod.LOG
    message = f"The embedded MongoDB in {home} {what}. {mongod.failure_reason(log)} Put that right, or "
    if keep:
        return SetupError(f"{message}set CUSTOMER_GRAPH_DATA_DIRECTORY to another directory. The log is {log}.")
    return SetupError(f"{message}set MONGODB_URI to a replica set. Nothing was kept.")


def _prepare_home(directory: Path) -> Path:
    """The home below the data directory, both created if missing; raises SetupError where it holds others' files."""
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
    if os.listdir(home) and not (home / _OWNER).exists():  # in this order: it is the first file that we create there
        raise SetupError(f"{home} holds files that are not an embedded MongoDB's. Choose another directory.")
    return home


def _prepare_files(home: Path) -> tuple[Path, list[str]]:
    """Prepare a home for its server to start: returns the path to connect to, and the folders to remove afterwards.

    Where the socket's own path is too long for a socket address, the path is that of a link to it, in a new temporary
    folder of mode 0700; so the address is another one at each start.
    """
    _prepare_data(home / mongod.DATA)
    path = home / mongod.SOCKET
    path.unlink(missing_ok=True)  # left by a server that was killed; its lock is ours now
    _remove_stale_link(home)
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH_BYTES:
        return path, []
    short = len(os.fsencode(tempfile.gettempdir())) <= _MAX_SOCKET_PATH_BYTES // 2
    folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX, dir=None if short else "/tmp"))  # noqa: S108  # made 0700, unguessable
    link = folder / mongod.SOCKET
    link.symlink_to(path)
    return link, [str(folder)]


def _prepare_data(data: Path) -> None:
    """Create the data folder, in place of one whose first start was interrupted: nothing was stored in that yet."""
    discarded = data.with_name("discarded")
    if (data / _UNFINISHED).exists():
        shutil.rmtree(discarded, ignore_errors=True)
        data.replace(discarded)  # in one step: the mark might be the first file to be removed
    shutil.rmtree(discarded, ignore_errors=True)
    data.mkdir(mode=0o700, exist_ok=True)
    if not os.listdir(data):
        (data / _UNFINISHED).touch()


def _mark_data_complete(data: Path) -> None:
    """Remove the mark of an unfinished start, durably: after a power failure it would have the data discarded."""
    (data / _UNFINISHED).unlink(missing_ok=True)
    folder = os.open(data, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _remove_stale_link(home: Path) -> None:
    """Remove the link to this home's socket that a server left when it was killed."""
    _, uri = _read_owner(home)
    link = mongod.socket_path(uri) if uri else home
    if link.is_symlink() and link.readlink() == home / mongod.SOCKET:
        link.unlink()
        link.parent.rmdir()


def _try_lock(home: Path) -> int | None:
    """The descriptor of the locked `owner` file, or None while another process holds the lock.

    The lock is released when the last copy of the descriptor is closed.
    """
    lock = os.open(home / _OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return lock


def _read_owner(home: Path) -> tuple[str, str]:
    """The process id and the connection string in the `owner` file; each is empty until it is known."""
    pid, uri, *_ = [*(home / _OWNER).read_text().split("\n"), "", ""]
    return pid, uri


def _is_alive(pid: str) -> bool:
    """Whether that process exists. The server of an owner that was killed may still answer, but is about to stop."""
    try:
        os.kill(int(pid), 0)  # signal 0 sends nothing, and fails where there is no such process
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it exists, and is another user's
    return True


def _write_owner(lock: int, uri: str = "") -> None:
    """Write this process's id, and the connection string once it is known, into the `owner` file."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n{uri}\n".encode(), 0)
