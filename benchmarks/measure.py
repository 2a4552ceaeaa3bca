"""Measuring: every server in turn, round after round, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median

from benchmarks.load import Load
from benchmarks.queries import Query
from benchmarks.servers import Running

CONNECTIONS = (1, 32)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Pace:
    """How long each measurement takes, how often it is made, and for how long a server is warmed up before."""

    seconds: int
    rounds: int
    warm_up_seconds: int


FULL = Pace(seconds=3, rounds=3, warm_up_seconds=2)
QUICK = Pace(seconds=2, rounds=1, warm_up_seconds=1)


@dataclass(frozen=True)
class Figures:
    """One measurement, or the median of several. CPU is of all cores, and per request; mongod's own work is in it."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    server_cpu_ms: float
    mongod_cpu_ms: float


@dataclass(frozen=True)
class Case:
    """What was measured."""

    query: str
    connections: int
    server: str


@dataclass(frozen=True)
class Bench:
    """Everything that a measurement needs."""

    servers: list[Running]
    queries: list[Query]
    load: Load
    mongod: int

    def cases(self) -> Iterator[tuple[Query, int, Running]]:
        """The servers side by side in each query, and the queries one after another."""
        for query in self.queries:
            for connections in CONNECTIONS:
                for server in self.servers:
                    if not server.kind.only or query.name in server.kind.only:
                        yield query, connections, server


def cpu_seconds(pid: int) -> float:
    """What a process has used of the CPU so far, in user and in system mode."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS


def measure(bench: Bench, query: Query, connections: int, server: Running, seconds: int) -> Figures | None:
    """One measurement; None where not one answer came in time."""
    before = cpu_seconds(server.pid), cpu_seconds(bench.mongod)
    sent = bench.load.send(server.url, query, connections, seconds)
    used = cpu_seconds(server.pid) - before[0], cpu_seconds(bench.mongod) - before[1]
    if not sent.requests:
        return None
    # What was begun and not answered in time has cost CPU too: it is as if it were answered.
    per_request = [each * 1000 / (sent.requests + connections / 2) for each in used]
    return Figures(sent.requests / sent.seconds, sent.p50_ms, sent.p99_ms, *per_request)


def measure_all(bench: Bench, pace: Pace, tell: Callable[[str], None]) -> dict[Case, Figures]:
    """The median of all rounds, for each case."""
    found: dict[Case, list[Figures]] = defaultdict(list)
    for query, connections, server in bench.cases():
        if connections == max(CONNECTIONS):
            bench.load.send(server.url, query, connections, pace.warm_up_seconds)
    for number in range(pace.rounds):
        tell(f"round {number + 1} of {pace.rounds}")
        for query, connections, server in bench.cases():
            figures = measure(bench, query, connections, server, pace.seconds)
            if figures is not None:
                found[Case(query.name, connections, server.kind.name)].append(figures)
    return {case: middle(each) for case, each in found.items()}


def middle(measured: list[Figures]) -> Figures:
    """The median of each figure."""
    names = [field.name for field in fields(Figures)]
    return Figures(*(median(asdict(each)[name] for each in measured) for name in names))
