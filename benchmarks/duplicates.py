"""How good `duplicateCandidates` is, and what it costs: `python -m benchmarks.duplicates`.

23,617 real organizations and 500 duplicates planted among them are imported, and every pair is asked for through the
schema. Recall is how many of the planted ones are proposed; precision is what the sample says that was read by hand.
`--draw` draws the sample anew, for them to read; `--seed` plants others, to develop the rules on.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.access.viewer import LOCAL_ADMIN
from app.main import open_store
from app.mongo.client import Store
from app.mongo.embedded import EmbeddedMongo
from app.schema import IMPORTERS
from app.transfer.outcome import Result
from app.transfer.rows import find_source
from app.transfer.runner import ImportRun
from benchmarks import sample
from benchmarks.__main__ import tell
from benchmarks.asking import Asking, real_rows
from benchmarks.growth import profiled
from benchmarks.planting import SORTS, Planted, Row, plant
from benchmarks.report import header, row
from benchmarks.sample import Pair

RESULTS = Path(__file__).parent / "results"
SEED, LEAST, DEFAULT, ONES = 2026, 0.5, 0.75, 200
STEPS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9)
BARE = ("country", "state", "city", "associated_domains", "website")
ALL = """query ($least: Float!, $after: Cursor) { duplicateCandidates(minimumScore: $least, first: 100, after: $after) {
  nodes { score organization { externalId } other { externalId } } pageInfo { hasNextPage endCursor } } }"""
ONE = """query ($of: String!) { duplicateCandidates(of: {externalId: $of}) {
  nodes { score reasons organization { externalId name } other { externalId name } } } }"""


@dataclass(frozen=True)
class Cost:
    """What a request took."""

    seconds: float
    commands: int
    documents: int
    keys: int


@dataclass(frozen=True)
class Measured:
    """All pairs, and what finding them cost: of all organizations, page by page, and of some alone."""

    pairs: list[Pair]
    pages: list[Cost]
    ones: list[Cost]
    plain_pages: float


async def load(store: Store, rows: Sequence[Row]) -> None:
    """Import them, as a customer's file is."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    with tempfile.NamedTemporaryFile(suffix=".csv", mode="w", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())
        file.flush()
        run = ImportRun(
            IMPORTERS["organizations"](),
            find_source(Path(file.name)),
            store,
            datetime.now(UTC),
            LOCAL_ADMIN,
            seed="real",
        )
        outcomes = Counter([outcome.result async for outcome in run.outcomes()])
    if outcomes[Result.REFUSED]:
        raise SystemExit(f"{outcomes[Result.REFUSED]} rows were refused.")


async def measured(uri: str, name: str, rows: Sequence[Row], ones: Sequence[str]) -> Measured:
    """Everything, over a database of its own."""
    async with open_store(uri, name) as store:
        await load(store, rows)
        size = await store.command("collStats", "organizations")
        index = size["indexSizes"]["by matchKeys"] / 2**20
        tell(f"{len(rows):,} organizations imported; the index of keys has {index:.1f} MB")
        asking = Asking(store)
        await asking.ask(ONE, of=rows[0]["external_id"])
        began = time.monotonic()
        await every_page(asking)
        plain = time.monotonic() - began
        pairs, pages = await every_page(asking, profile=True)
        costs = [(await profiling(asking, ONE, of=each))[1] for each in ones]
        await store.client.drop_database(name)
    return Measured(pairs, pages, costs, plain)


async def every_page(asking: Asking, *, profile: bool = False) -> tuple[list[Pair], list[Cost]]:
    """All pairs, and what each page cost."""
    pairs, costs, after = [], [], None
    while True:
        if profile:
            found, cost = await profiling(asking, ALL, least=LEAST, after=after)
            costs.append(cost)
        else:
            found = await asking.ask(ALL, least=LEAST, after=after)
        for node in found["nodes"]:
            one, other = sorted((node["organization"]["externalId"], node["other"]["externalId"]))
            pairs.append(Pair(one, other, node["score"]))
        if not found["pageInfo"]["hasNextPage"]:
            return pairs, costs
        after = found["pageInfo"]["endCursor"]


async def profiling(asking: Asking, query: str, **variables: Any) -> tuple[Any, Cost]:
    """An answer and what it cost; the seconds are those under the profiler."""
    store = asking.store
    await store.command("profile", 0)
    await store.drop_collection("system.profile")
    await store.command("create", "system.profile", capped=True, size=2**26)
    await store.command("profile", 2)
    began = time.monotonic()
    answer = await asking.ask(query, **variables)
    seconds = time.monotonic() - began
    await store.command("profile", 0)
    cost = await profiled(store)
    return answer, Cost(seconds, cost.commands, cost.documents_examined, cost.keys_examined)


def recalled(planted: Sequence[Planted], pairs: Sequence[Pair], minimum: float) -> Counter[str]:
    """How many of each sort are proposed together with what they are copies of."""
    proposed = {pair.key for pair in pairs if pair.score >= minimum}
    keys = ((each.sort, tuple(sorted((each.row["external_id"], each.original)))) for each in planted)
    return Counter(sort for sort, key in keys if key in proposed)


def by_sort(planted: Sequence[Planted], found: Measured, bare: Measured) -> Iterator[str]:
    """Recall of each sort, and over all of them."""
    yield from header(["planted", "number", "found", "found with names alone"])
    full, names = recalled(planted, found.pairs, DEFAULT), recalled(planted, bare.pairs, DEFAULT)
    each = Counter(one.sort for one in planted)
    for sort in SORTS:
        yield row([sort, f"{each[sort]}", f"{full[sort]}", f"{names[sort]}"])
    shares = (f"{sum(counts.values())} ({sum(counts.values()) / len(planted):.1%})" for counts in (full, names))
    yield row(["**all**", f"{len(planted)}", *shares])


def by_score(planted: Sequence[Planted], pairs: Sequence[Pair], copies: Mapping[str, str]) -> Iterator[str]:
    """What each minimum score lets through."""
    yield from header(["minimum score", "recall", "proposed", "of them real with real", "the same, as read by hand"])
    for minimum in STEPS:
        over = [pair for pair in pairs if pair.score >= minimum]
        real = [pair for pair in over if pair.one not in copies and pair.other not in copies]
        recall = sum(recalled(planted, pairs, minimum).values()) / len(planted)
        read, same = sample.precision(real)
        shown = f"{same} of {read}" if read == len(real) else "not all read"
        yield row([f"{minimum:.2f}", f"{recall:.1%}", f"{len(over)}", f"{len(real)}", shown])


def costs(found: Measured) -> Iterator[str]:
    """What it takes."""
    yield from header(["asked for", "requests", "commands", "documents examined", "index keys examined", "seconds"])
    for what, each in (("of one organization, the median", found.ones), ("all pairs, a page: the median", found.pages)):
        middle = [statistics.median(getattr(c, name) for c in each) for name in ("commands", "documents", "keys")]
        seconds = statistics.median(cost.seconds for cost in each)
        yield row([what, "1", *(f"{value:,.0f}" for value in middle), f"{seconds:.3f}"])
        most = [max(getattr(c, name) for c in each) for name in ("commands", "documents", "keys")]
        slowest = max(cost.seconds for cost in each)
        yield row(
            [f"{what.partition(':')[0].partition(',')[0]}: the most", "1", *(f"{v:,}" for v in most), f"{slowest:.3f}"]
        )
    total = [sum(getattr(cost, name) for cost in found.pages) for name in ("commands", "documents", "keys")]
    yield row(["all pairs, all pages", f"{len(found.pages)}", *(f"{v:,}" for v in total), f"{found.plain_pages:.1f}"])


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.duplicates", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help="of what is planted")
    parser.add_argument("--draw", action="store_true", help="write the sample; pairs that were read keep their labels")
    asked = parser.parse_args()
    rows = real_rows()
    planted = plant(rows, asked.seed)
    everything = [*rows, *(each.row for each in planted)]
    copies = {each.row["external_id"]: each.original for each in planted}
    ones = random.Random(asked.seed).sample([each["external_id"] for each in everything], ONES)  # noqa: S311
    bare_rows = [each | dict.fromkeys(BARE, "") for each in everything]
    with EmbeddedMongo.start(None) as mongo:
        found = asyncio.run(measured(mongo.uri, "duplicates", everything, ones))
        bare = asyncio.run(measured(mongo.uri, "duplicates_bare", bare_rows, ones[:1]))
    chosen = sample.drawn(found.pairs, DEFAULT, copies)
    if asked.draw:
        missing = sample.write(chosen, {each["external_id"]: each for each in everything})
        tell(f"{len(chosen)} pairs written to {sample.FILE}; {missing} of them are not labelled yet")
    lines = list(page(planted, found, bare, copies, chosen))
    print("\n".join(lines))
    if asked.seed == SEED:
        (RESULTS / "duplicates.md").write_text("\n".join(lines) + "\n")


def page(
    planted: Sequence[Planted],
    found: Measured,
    bare: Measured,
    copies: Mapping[str, str],
    chosen: Sequence[tuple[str, Pair]],
) -> Iterator[str]:
    """`duplicates.md`, line by line."""
    read, same = sample.precision(pair for of, pair in chosen if of == "mix")
    sure, surely = sample.precision(pair for of, pair in chosen if of == "real" and pair.score >= DEFAULT)
    proposed = sum(pair.score >= DEFAULT for pair in bare.pairs)
    true = sum(recalled(planted, bare.pairs, DEFAULT).values())
    yield from ("# How good `duplicateCandidates` is", "")
    yield from ("Written by `python -m benchmarks.duplicates`; [what it means](../README.md#duplicates).", "")
    yield f"- **Precision** at the default score of {DEFAULT}: {same} of a sample of {read} are the same customer."
    yield f"- Of pairs of two real organizations, {sure} are proposed at that score, and {surely} of them are the same."
    yield f"- With names alone {proposed} pairs are proposed, {true} of them planted."
    yield from ("", "## Recall", "", *by_sort(planted, found, bare))
    yield from ("", "## What a minimum score lets through", "", *by_score(planted, found.pairs, copies))
    yield from ("", "## What it costs", "", *costs(found))
    yield from ("", "Seconds of single requests are with the database's profiler on, those of all pages without.")


if __name__ == "__main__":
    main()
