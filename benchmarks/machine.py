"""What the figures were measured on: the machine, the day, and the version of everything that takes part."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import orjson
from pymongo import MongoClient

from app.mongo.client import Doc
from benchmarks.servers import PEERS, Kind

PACKAGES = ("pymongo", "strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "httptools", "orjson")


def described(mongod: str, kinds: list[Kind], load: str) -> dict[str, str]:
    """Name → value, in the order in which to show them."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {processor()}, {memory_gib()} GiB, {platform.system()}",
        "mongod": f"{mongod}, on the same machine",
        "load": load,
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        **(of_node() if any(kind.is_of_node for kind in kinds) else {}),
    }


def processor() -> str:
    """The model of the processor."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def memory_gib() -> int:
    """How much memory there is, rounded."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def of_node() -> dict[str, str]:
    """The versions of Node and of the packages that the peers name."""
    command = [str(shutil.which("node")), "--version"]
    node = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603  # on PATH
    packages: dict[str, str] = orjson.loads((PEERS / "package.json").read_bytes())["dependencies"]
    return {"Node": node.removeprefix("v"), **packages}


def mongod_of(uri: str) -> tuple[int, str]:
    """The process id and the version of a mongod on this machine."""
    with MongoClient[Doc](uri) as client:
        status = client.admin.command("serverStatus")
    return int(status["pid"]), str(status["version"])
