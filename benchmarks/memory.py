"""Does memory grow with the documents that clients send? `python -m benchmarks.memory`.

Literals written into a document make a new document of every request, and each is parsed, validated and compiled. What
is kept of them must be bounded: the server's resident memory after 100,000 distinct documents is about what it was
after the first 1,000.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from pathlib import Path

import orjson

from app.mongo.embedded import EmbeddedMongo
from benchmarks.__main__ import prepare, tell
from benchmarks.data import Size, organization_id
from benchmarks.load import Load, run_generator
from benchmarks.loading import load
from benchmarks.servers import DATABASE, KINDS, running

FIRST, ALL, STEPS = 1_000, 100_000, 4
CONNECTIONS = 8
SIZE = Size(organizations=100, whale=10)


def body(number: int) -> bytes:
    """A request whose document nobody has sent before."""
    node_id = organization_id(number % SIZE.organizations)
    selected = "id name subscribers(first: 3) { nodes { id email } }"
    return orjson.dumps({"query": f'{{ a{number}: organization(by: {{id: "{node_id}"}}) {{ {selected} }} }}'})


def resident_mib(pid: int) -> float:
    """The resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def marks(total: int) -> list[int]:
    """After how many documents to look: the first thousand, and then at even distances."""
    return [FIRST, *(FIRST + (total - FIRST) * step // STEPS for step in range(1, STEPS + 1))]


def measured(uri: str, total: int) -> dict[int, float]:
    """Documents sent → resident memory in MiB."""
    [ours] = [kind for kind in KINDS if kind.name == "plans"]
    found: dict[int, float] = {}
    sent = 0
    with running(ours, uri) as server, Load() as load_:
        for mark in marks(total):
            path = load_.file("documents", [body(number) for number in range(sent, mark)])
            run_generator(server.url, path, CONNECTIONS, f"--count={mark - sent}")
            sent, found[mark] = mark, resident_mib(server.pid)
            tell(f"{mark:,} documents: {found[mark]:.0f} MiB")
    return found


def main() -> None:
    """Measure and tell; the exit code is 1 where memory has grown by more than a quarter."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--documents", type=int, default=ALL, help=f"how many; {ALL:,} take a few minutes")
    total: int = parser.parse_args().documents
    with EmbeddedMongo.start(None) as mongo:
        load(mongo.uri, DATABASE, SIZE)
        asyncio.run(prepare(mongo.uri))
        found = measured(mongo.uri, total)
    grown = found[total] / found[FIRST]
    print(f"{found[FIRST]:.0f} MiB after {FIRST:,} documents, {found[total]:.0f} MiB after {total:,}: × {grown:.2f}")
    raise SystemExit(grown > 1.25)


if __name__ == "__main__":
    main()
