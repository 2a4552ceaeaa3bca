"""The servers that are measured, each one process over the same mongod, and what each stands for."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent
PEERS = ROOT / "peers"
PUBLISHED_BEFORE = "2026-11-15"
"""Packages that came out later are not installed: the versions of those that the named ones need stay the same, too."""

DATABASE = "benchmark"
START_SECONDS = 30.0


@dataclass(frozen=True)
class Kind:
    """A server: how it is started (its port comes last), and which queries it answers (none named: all)."""

    name: str
    says: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()

    @property
    def is_of_node(self) -> bool:
        return self.command[0] == "node"


OURS = (sys.executable, "-m", "app", "serve", "--port")
FLOOR = (sys.executable, "-m", "benchmarks.floor")
PLAIN = (sys.executable, "-m", "benchmarks.plain")
KINDS = (
    Kind("floor", "a handler written by hand for these queries, without GraphQL", FLOOR),
    Kind("plans", "this server", OURS),
    Kind("graphql-core", "this server without plans, by data loaders", OURS, {"CUSTOMER_GRAPH_PLANNING": "false"}),
    Kind("strawberry", "the same schema and loaders behind Strawberry's own view", PLAIN),
    Kind("mercurius", "Mercurius, compiling just in time, with loaders", ("node", str(PEERS / "mercurius.mjs"))),
    Kind("apollo", "Apollo Server with dataloader", ("node", str(PEERS / "apollo.mjs"))),
    Kind(
        "mercurius, scanning",
        "Mercurius, reading children by this project's bounded scan",
        ("node", str(PEERS / "mercurius.mjs")),
        {"PEER_SCAN": "true"},
        only=("whale",),
    ),
)


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    kind: Kind
    url: str
    pid: int


def kinds() -> list[Kind]:
    """All of them; without those of Node where it, or npm, is not installed."""
    has_node = all(map(shutil.which, ("node", "npm")))
    return [kind for kind in KINDS if has_node or not kind.is_of_node]


def install_peers() -> None:
    """Have the packages that the peers import; nothing of theirs is run, and no lock file is written."""
    if (PEERS / "node_modules").exists():
        return
    options = (f"--before={PUBLISHED_BEFORE}", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")
    command = [str(shutil.which("npm")), "install", "--silent", *options]
    subprocess.run(command, cwd=PEERS, check=True)  # noqa: S603  # on PATH


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def running(kind: Kind, uri: str, database: str = DATABASE) -> Iterator[Running]:
    """A server of that kind, until the block ends."""
    port = free_port()
    own = {"MONGODB_URI": uri, "CUSTOMER_GRAPH_DATABASE": database, "NODE_ENV": "production", **kind.environment}
    command = [*kind.command, str(port)]
    process = subprocess.Popen(command, cwd=ROOT.parent, env=os.environ | own, stdout=subprocess.DEVNULL)  # noqa: S603  # one of KINDS
    try:
        await_port(port, process, kind)
        yield Running(kind, f"http://127.0.0.1:{port}/graphql", process.pid)
    finally:
        process.terminate()
        process.wait()


def await_port(port: int, process: subprocess.Popen[bytes], kind: Kind) -> None:
    """Return when it takes connections."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"The server {kind.name} did not start.")


@contextmanager
def all_running(uri: str) -> Iterator[list[Running]]:
    """All servers at once, so that they can be measured in turn."""
    found = kinds()
    if any(kind.is_of_node for kind in found):
        install_peers()
    with ExitStack() as stack:
        yield [stack.enter_context(running(kind, uri)) for kind in found]
