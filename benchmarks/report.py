"""The figures in words: `results.md` for people, `results.json` for programs. The chart is `chart`'s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from benchmarks.measure import CONNECTIONS, Case, Figures
from benchmarks.queries import Query
from benchmarks.servers import Kind

FLOOR, OURS = "floor", "plans"


@dataclass(frozen=True)
class Results:
    """All that was found out."""

    about: dict[str, str]
    queries: list[Query]
    kinds: list[Kind]
    answer_bytes: dict[str, int]
    figures: Mapping[Case, Figures]

    def of(self, query: str, connections: int, server: str) -> Figures | None:
        """The figures of one case; None where it was not measured."""
        return self.figures.get(Case(query, connections, server))

    def ratio(self, query: str, connections: int, one: str, other: str) -> float | None:
        """How many requests one server answers in the time of one of the other's."""
        a, b = self.of(query, connections, one), self.of(query, connections, other)
        return a.requests_per_second / b.requests_per_second if a and b else None

    def ratios(self, connections: int, one: str, other: str) -> list[float | None]:
        """The ratio in each query."""
        return [self.ratio(query.name, connections, one, other) for query in self.queries]


def write(results: Results, directory: Path) -> None:
    """Both files."""
    directory.mkdir(exist_ok=True)
    (directory / "results.md").write_text("\n".join(page(results)) + "\n")
    (directory / "results.json").write_bytes(orjson.dumps(plain(results), option=orjson.OPT_INDENT_2) + b"\n")


def plain(results: Results) -> dict[str, object]:
    """Everything as JSON."""
    rows = [{**asdict(case), **asdict(figures)} for case, figures in results.figures.items()]
    return {"about": results.about, "answer_bytes": results.answer_bytes, "figures": rows}


def page(results: Results) -> Iterator[str]:
    """`results.md`, line by line."""
    yield from ("# Results", "", "Written by `make bench`; [what it means](../README.md). Trust the ratios.", "")
    yield from (f"- **{kind.name}**: {kind.says}" for kind in results.kinds)
    yield ""
    yield from (f"- *{each.name}*: {each.says} ({size(results, each)})" for each in results.queries)
    for connections in reversed(CONNECTIONS):
        yield from ("", f"## {at_a_time(connections)}", "")
        yield from ratios(results, connections)
        yield ""
        yield from details(results, connections)
    yield from ("", "## Measured on", "")
    yield from (f"- {name}: {value}" for name, value in results.about.items())


def size(results: Results, query: Query) -> str:
    """How large the answer is."""
    return f"{results.answer_bytes[query.name] / 1000:.1f} kB of JSON"


def at_a_time(connections: int) -> str:
    """How many requests are under way."""
    return "One request at a time" if connections == 1 else f"{connections} requests at a time"


def ratios(results: Results, connections: int) -> Iterator[str]:
    """What this server answers in the time that another needs for one."""
    yield from header(["Requests per second, relative", *(query.name for query in results.queries)])
    others = [kind.name for kind in results.kinds if kind.name not in (FLOOR, OURS) and not kind.only]
    for one, other in [(OURS, other) for other in (FLOOR, *others)] + [(each, FLOOR) for each in others]:
        found = results.ratios(connections, one, other)
        yield row([f"{one} : {other}", *(f"{each:.2f}" if each else "–" for each in found)], bold=one == OURS)


def details(results: Results, connections: int) -> Iterator[str]:
    """Every figure."""
    names = ("requests/s", "p50 ms", "p99 ms", "CPU ms, server", "CPU ms, mongod")
    yield from header(["query", "server", *names])
    for query in results.queries:
        for kind in results.kinds:
            figures = results.of(query.name, connections, kind.name)
            if figures is not None:
                shown = [f"{value:.{digits(value)}f}" for value in asdict(figures).values()]
                yield row([query.name, kind.name, *shown], bold=kind.name == OURS)


def digits(value: float) -> int:
    """Three figures that count."""
    return 0 if value >= 100 else 1 if value >= 10 else 2


def header(cells: list[str]) -> Iterator[str]:
    """The head of a table."""
    yield row(cells)
    yield "|" + " --- |" * len(cells)


def row(cells: list[str], *, bold: bool = False) -> str:
    """A line of a table."""
    return "| " + " | ".join(f"**{cell}**" if bold else cell for cell in cells) + " |"
