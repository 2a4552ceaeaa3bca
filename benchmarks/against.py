"""This checkout against another one: `python -m benchmarks.against PATH`, both servers over one mongod, in turn.

The other checkout has a virtual environment of its own in `.venv`. Each query is sent to both in alternating rounds; a
figure is the median of this one's requests per second over the median of the other's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.mongo.embedded import EmbeddedMongo
from benchmarks.data import Size
from benchmarks.load import Load
from benchmarks.loading import load
from benchmarks.queries import Query, queries
from benchmarks.servers import DATABASE, OURS, Kind, await_port, free_port

ROOT = Path(__file__).parent.parent
CONNECTIONS = 32


@contextmanager
def serving(checkout: Path, python: str, uri: str) -> Iterator[str]:
    """The server of a checkout, until the block ends; its address."""
    port = free_port()
    settings = {"MONGODB_URI": uri, "CUSTOMER_GRAPH_DATABASE": DATABASE}
    command = [python, *OURS[1:], str(port)]
    process = subprocess.Popen(command, cwd=checkout, env=os.environ | settings, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        await_port(port, process, Kind(str(checkout), "a checkout", OURS))
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        process.terminate()
        process.wait()


def compare(sender: Load, query: Query, urls: tuple[str, str], rounds: int, seconds: int) -> tuple[list[float], ...]:
    """Requests per second of each server in each round; the first of a round changes from round to round."""
    figures: tuple[list[float], list[float]] = ([], [])
    for n in range(rounds):
        for which in (0, 1) if n % 2 else (1, 0):
            sent = sender.send(urls[which], query, CONNECTIONS, seconds)
            figures[which].append(sent.requests / sent.seconds)
    return figures


def main() -> None:
    """Measure, and print a line for each query: the ratio of the medians, and the spread of each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("other", type=Path, help="the other checkout")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)
    given = parser.parse_args()
    other = given.other.resolve()
    with EmbeddedMongo.start(None) as mongo, Load() as sender:
        load(mongo.uri, DATABASE, Size())
        with (
            serving(ROOT, sys.executable, mongo.uri) as ours,
            serving(other, str(other / ".venv" / "bin" / "python"), mongo.uri) as theirs,
        ):
            for query in queries(Size()):
                this, that = compare(sender, query, (ours, theirs), given.rounds, given.seconds)
                ratio = statistics.median(this) / statistics.median(that)
                spread = f"this {min(this):,.0f} to {max(this):,.0f}, the other {min(that):,.0f} to {max(that):,.0f}"
                print(f"{query.name:<12} {ratio:.2f}   {spread} requests a second", flush=True)


if __name__ == "__main__":
    main()
