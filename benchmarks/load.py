"""Sending requests, from a process of its own: by `wrk` where it is installed, else by `generator`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import orjson

from benchmarks.queries import Query
from benchmarks.servers import ROOT


@dataclass(frozen=True)
class Sent:
    """What a load generator says: how many requests were answered, in what time, and how late."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failures: int


class Load:
    """Load from files of request bodies, in a directory that goes when this does."""

    def __init__(self) -> None:
        self.directory = TemporaryDirectory()
        self.wrk = shutil.which("wrk")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.directory.cleanup()

    @property
    def says(self) -> str:
        """Which generator it is."""
        return "wrk, one thread" if self.wrk else "benchmarks/generator.py"

    def file(self, name: str, bodies: list[bytes]) -> Path:
        """Bodies, one a line."""
        path = Path(self.directory.name, name)
        path.write_bytes(b"\n".join(bodies))
        return path

    def send(self, url: str, query: Query, connections: int, seconds: int) -> Sent:
        """A query's requests in turn, `connections` at a time. Raises where one was not answered with 200."""
        path = Path(self.directory.name, query.name)
        if not path.exists():
            self.file(query.name, query.bodies())
        if self.wrk is None:
            return run_generator(url, path, connections, f"--seconds={seconds}")
        options = ("-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=10s", "-s", str(ROOT / "wrk.lua"))
        return sent([self.wrk, *options, url, "--", str(path)], url)


def run_generator(url: str, path: Path, connections: int, limit: str) -> Sent:
    """Our own generator, over a file of bodies."""
    return sent([sys.executable, "-m", "benchmarks.generator", url, str(path), str(connections), limit], url)


def sent(command: list[str], url: str) -> Sent:
    """What a generator prints at its end."""
    printed = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603  # wrk, or our own
    found = Sent(**orjson.loads(printed.splitlines()[-1]))
    if found.failures:
        raise SystemExit(f"{found.failures} requests to {url} failed, {found.requests} were answered.")
    return found
