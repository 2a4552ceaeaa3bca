"""The figures as a picture: for each query a bar a server, requests per second as a share of the fastest."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from benchmarks.measure import CONNECTIONS
from benchmarks.queries import Query
from benchmarks.report import FLOOR, OURS, Results, at_a_time
from benchmarks.servers import Kind

LABEL, BAR, FIGURES, MARGIN = 110, 420, 170, 24  # widths
LINE, HEAD, TITLE = 19, 30, 62  # heights
COLOURS = {OURS: "#1f6feb", FLOOR: "#8c959f"}
OTHERS = "#d0d7de"
FONT = "font-family='-apple-system, Segoe UI, Helvetica, Arial, sans-serif'"


def write(results: Results, directory: Path) -> None:
    """`chart.svg`."""
    kinds = [kind for kind in results.kinds if not kind.only]
    block = HEAD + LINE * len(kinds)
    width, height = MARGIN * 2 + LABEL + BAR + FIGURES, TITLE + block * len(results.queries) + MARGIN
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' {FONT} font-size='12' fill='#1f2328'>",
        f"<rect width='{width}' height='{height}' rx='6' fill='#ffffff'/>",
        *title(results),
        *(line for n, query in enumerate(results.queries) for line in group(results, kinds, query, TITLE + n * block)),
        "</svg>",
    ]
    (directory / "chart.svg").write_text("\n".join(lines) + "\n")


def title(results: Results) -> Iterator[str]:
    """What it is, and on what it was measured."""
    connections = max(CONNECTIONS)
    yield text(MARGIN, 28, f"Requests per second, {at_a_time(connections).lower()}", "font-size='15' font-weight='600'")
    about = f"{results.about['machine']}, {results.about['date']}. One process a server, one mongod, the same answers."
    yield text(MARGIN, 46, about, "fill='#59636e'")


def group(results: Results, kinds: list[Kind], query: Query, top: int) -> Iterator[str]:
    """The bars of one query."""
    rates = {kind.name: rate(results, query, kind) for kind in kinds}
    yield text(MARGIN, top + 20, f"{query.name}: {query.says}", "font-weight='600'")
    for n, (name, value) in enumerate(rates.items()):
        yield from bar(name, value, value / max(rates.values()), rates[FLOOR], top + HEAD + n * LINE)


def rate(results: Results, query: Query, kind: Kind) -> float:
    """Requests per second; none where it was too slow to be measured."""
    found = results.of(query.name, max(CONNECTIONS), kind.name)
    return found.requests_per_second if found else 0.0


def bar(name: str, value: float, share: float, floor: float, top: int) -> Iterator[str]:
    """One server: its name, its bar, its figures."""
    left, length = MARGIN + LABEL, max(1.0, share * BAR)
    weight = "font-weight='600'" if name == OURS else ""
    yield text(left - 8, top + 12, name, f"text-anchor='end' {weight}")
    colour = COLOURS.get(name, OTHERS)
    yield f"<rect x='{left}' y='{top + 1}' width='{length:.1f}' height='{LINE - 5}' rx='2' fill='{colour}'/>"
    yield text(left + length + 8, top + 12, figures(name, value, floor), weight)


def figures(name: str, value: float, floor: float) -> str:
    """What stands beside a bar."""
    if not value:
        return "no answer in time"
    return f"{value:,.0f}/s" + ("" if name == FLOOR else f" ({value / floor:.2f} of the floor)")


def text(x: float, y: float, words: str, more: str = "") -> str:
    """Words at a place."""
    return f"<text x='{x:.1f}' y='{y}' {more}>{escape(words)}</text>"
