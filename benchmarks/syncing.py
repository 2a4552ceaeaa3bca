"""What it costs to send a whole system of customers again: `python -m benchmarks.syncing`.

25,000 organizations, nearly all of a real file, are imported, imported again with `--update` as they are, and once more
with one of them renamed. 10,000 are created by `importOrganizations`, a thousand in a mutation, and 1,000 by
`upsertOrganization`, each waited for; and sent again. The rows a second of each, in one run on one mongod.
"""

from __future__ import annotations

import asyncio
import csv
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.access.viewer import LOCAL_ADMIN
from app.main import open_store
from app.mongo.client import Store
from app.mongo.embedded import EmbeddedMongo
from app.organizations.importing import OrganizationImporter
from app.transfer.outcome import Result
from app.transfer.rows import find_source
from app.transfer.runner import ImportRun
from benchmarks.__main__ import RESULTS, tell
from benchmarks.asking import Asking, real_rows
from benchmarks.planting import Row
from benchmarks.report import header, row

ORGANIZATIONS, MUTATED, ROWS, UPSERTS, ROUNDS = 25_000, 10_000, 1_000, 1_000, 3
RENAMED = 12_345
CREATED, UNCHANGED, ONE_CHANGED = "import", "import --update, all unchanged", "import --update, one changed"
UPSERT_CREATED, UPSERT_UNCHANGED = "upsertOrganization, created", "upsertOrganization, unchanged"
MANY_CREATED, MANY_UNCHANGED = "importOrganizations, created", "importOrganizations(update: true), unchanged"
IMPORT = """mutation ($input: ImportOrganizationsInput!) {
  importOrganizations(input: $input) { created unchanged userErrors { message } } }"""
UPSERT = """mutation ($input: UpsertOrganizationInput!) {
  upsertOrganization(input: $input) { result userErrors { message } } }"""
Rates = Mapping[str, float]


def sample_rows() -> list[Row]:
    """The real organizations, and below the first of them as many departments as make 25,000."""
    rows = real_rows()
    departments = (
        dict.fromkeys(each, "")
        | {
            "external_id": f"{each['external_id']}-purchasing",
            "name": f"{each['name']}, Purchasing",
            "parent_external_id": each["external_id"],
        }
        for each in rows[: ORGANIZATIONS - len(rows)]
    )
    return [*rows, *departments]


def with_one_renamed(rows: Sequence[Row]) -> list[Row]:
    """The rows, one of them with another name."""
    return [{**each, "name": f"{each['name']} Renamed"} if n == RENAMED else each for n, each in enumerate(rows)]


def write_rows(path: Path, rows: Sequence[Row]) -> Path:
    """A file of rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


async def import_rows(store: Store, path: Path, expected: Mapping[Result, int], *, updates: bool) -> float:
    """Import a file as the command line does; rows a second. SystemExit if the outcomes are not as expected."""
    now = datetime.now(UTC).replace(microsecond=0)
    run = ImportRun(
        OrganizationImporter(), find_source(path), store, now, LOCAL_ADMIN, updates=updates, cursor=f"{path} {updates}"
    )
    began = time.perf_counter()
    async for _ in run.outcomes():
        pass
    seconds = time.perf_counter() - began
    if {result: count for result, count in run.summary.counts.items() if count} != expected:
        raise SystemExit(f"{path.name} was imported otherwise than expected: {run.summary.counts}")
    return ORGANIZATIONS / seconds


async def upsert_rows(store: Store, rows: Sequence[Row], expected: str) -> float:
    """Upsert organizations one after the other; how many a second. SystemExit where one comes out otherwise."""
    asking, began = Asking(store), time.perf_counter()
    for each in rows:
        given = {"externalId": f"upserted-{each['external_id']}", "name": each["name"]}
        found = await asking.ask(UPSERT, input=given)
        if found["result"] != expected:
            raise SystemExit(f"{given} came out otherwise than {expected}: {found}")
    return len(rows) / (time.perf_counter() - began)


async def send_rows(store: Store, rows: Sequence[Row], expected: str) -> float:
    """Import organizations by mutations of a thousand rows; rows a second. SystemExit where one comes out otherwise."""
    asking, began = Asking(store), time.perf_counter()
    for start in range(0, len(rows), ROWS):
        given = [
            {"externalId": f"sent-{each['external_id']}", "name": each["name"]} for each in rows[start : start + ROWS]
        ]
        found = await asking.ask(IMPORT, input={"rows": given, "update": True})
        if found[expected] != len(given):
            raise SystemExit(f"{expected} is otherwise than {len(given)}: {found}")
    return len(rows) / (time.perf_counter() - began)


async def measure_round(uri: str, number: int, rows: Sequence[Row], same: Path, renamed: Path) -> Rates:
    """Each run once, in a database of its own."""
    unchanged = {Result.UNCHANGED: ORGANIZATIONS}
    one_changed = {Result.UNCHANGED: ORGANIZATIONS - 1, Result.CHANGED: 1}
    async with open_store(uri, f"syncing_{number}") as store:
        rates = {
            CREATED: await import_rows(store, same, {Result.CREATED: ORGANIZATIONS}, updates=False),
            UNCHANGED: await import_rows(store, same, unchanged, updates=True),
            ONE_CHANGED: await import_rows(store, renamed, one_changed, updates=True),
            MANY_CREATED: await send_rows(store, rows[:MUTATED], "created"),
            MANY_UNCHANGED: await send_rows(store, rows[:MUTATED], "unchanged"),
            UPSERT_CREATED: await upsert_rows(store, rows[:UPSERTS], "CREATED"),
            UPSERT_UNCHANGED: await upsert_rows(store, rows[:UPSERTS], "UNCHANGED"),
        }
        await store.client.drop_database(store.name)
    for name, rate in rates.items():
        tell(f"round {number}: {name}: {rate:,.0f} a second")
    return rates


def write_page(rounds: Sequence[Rates]) -> str:
    """`results/syncing.md`."""
    rates = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    base = {
        UNCHANGED: CREATED,
        ONE_CHANGED: CREATED,
        MANY_UNCHANGED: MANY_CREATED,
        UPSERT_UNCHANGED: UPSERT_CREATED,
    }
    lines = [
        "# Syncing",
        "",
        "Written by `python -m benchmarks.syncing`; [what it means](../README.md#syncing).",
        f"{datetime.now(UTC):%Y-%m-%d}, {ORGANIZATIONS:,} organizations, median of {ROUNDS} rounds. Trust the ratios.",
        "",
        *header(["run", "rows a second", "to creating them"]),
    ]
    for name, rate in rates.items():
        ratio = statistics.median(each[name] / each[base[name]] for each in rounds) if name in base else 1.0
        lines.append(row([name, f"{rate:,.0f}", f"{ratio:.1f}"]))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, tell and write `results/syncing.md`."""
    rows = sample_rows()
    with tempfile.TemporaryDirectory() as folder, EmbeddedMongo.start(None) as mongo:
        same = write_rows(Path(folder) / "same.csv", rows)
        renamed = write_rows(Path(folder) / "renamed.csv", with_one_renamed(rows))
        rounds = [asyncio.run(measure_round(mongo.uri, each, rows, same, renamed)) for each in range(1, ROUNDS + 1)]
    page = write_page(rounds)
    (RESULTS / "syncing.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
