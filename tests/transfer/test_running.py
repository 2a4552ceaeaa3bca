"""Imports as they run: dry, beside each other, killed and run again; and how much they ask of the database."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, BulkWriteError, NetworkTimeout, OperationFailure, PyMongoError

from app.access.viewer import LOCAL_ADMIN
from app.mongo.client import Store, connect, database
from app.organizations.importing import OrganizationImporter
from app.schema import IMPORTERS
from app.transfer.columns import ParsedRow
from app.transfer.importer import Importer
from app.transfer.rows import find_source
from app.transfer.runner import MAX_CHUNK_BYTES, MAX_CHUNK_RECORDS, ImportRun, ImportStopped, split_into_chunks
from app.writing import retrying
from tests.commands import Commands
from tests.transfer.running import NOW, Files, by_line, codes, results
from tests.waiting import DEADLINE_SECONDS, wait_until_true

DATA = Path(__file__).parent.parent / "data" / "organizations.csv"
ROOT = Path(__file__).parent.parent.parent


def organizations(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Trees of ten, the children before the parents."""
    rows: list[dict[str, Any]] = []
    for n in range(start, start + count):
        parent = {} if n % 10 == 9 else {"parent_external_id": f"o{n // 10 * 10 + 9}"}
        rows.append({"external_id": f"o{n}", "name": f"O {n}", "associated_domains": [f"o{n}.com"], **parent})
    return rows


async def counts(store: Store) -> dict[str, int]:
    """Documents by collection, without what always exists."""
    names = sorted(name for name in await store.list_collection_names() if not name.startswith("system."))
    return {name: await store[name].count_documents({}) for name in names}


async def test_a_dry_run_says_what_would_be_and_writes_nothing(files: Files, store: Store) -> None:
    before = await counts(store)
    rows = [*organizations(1_500), {"external_id": "o3", "name": "other"}, {"external_id": "bad", "name": ""}]
    rows += [organizations(1)[0], {"external_id": "new", "name": "N", "aliases": ["o9"]}]
    outcomes = await files.rows("organizations", *rows, dry_run=True)
    assert results(outcomes) == {"CREATED": 1_500, "UNCHANGED": 1, "REFUSED": 3}
    assert codes(by_line(outcomes)[1_504]) == {("TAKEN", "aliases")}
    assert all(outcome.record_id is None for outcome in outcomes)
    assert await counts(store) == before
    again = await files.rows("organizations", *rows)
    assert [(each.line, each.result, codes(each)) for each in again] == [
        (each.line, each.result, codes(each)) for each in outcomes
    ]


async def test_two_imports_of_the_same_rows_at_once_store_each_once(files: Files, store: Store) -> None:
    path = files.ndjson(*organizations(1_300))
    one, other = await asyncio.gather(files.run("organizations", path), files.run("organizations", path))
    assert results([*one, *other]) == {"CREATED": 1_300, "UNCHANGED": 1_300}
    assert {each.record_id for each in one} == {each.record_id for each in other}
    assert await store["organizations"].count_documents({}) == 1_301
    assert await store["keys"].count_documents({"field": "externalId"}) == 1_300


async def test_two_imports_below_one_parent_at_once_both_succeed(files: Files, store: Store) -> None:
    await files.made("organizations", external_id="top", name="Top")
    paths = [
        files.ndjson(*({"external_id": f"{half}{n}", "name": "N", "parent_external_id": "top"} for n in range(1_500)))
        for half in "ab"
    ]
    outcomes = await asyncio.gather(*(files.run("organizations", path) for path in paths))
    assert results([*outcomes[0], *outcomes[1]]) == {"CREATED": 3_000}


async def test_two_imports_that_fight_over_keys_store_each_key_once(files: Files, store: Store) -> None:
    halves = [[{"email": f"{half}{n}@x.com", "subscriber_id": f"{n}"} for n in range(500)] for half in "ab"]
    outcomes = await asyncio.gather(*(files.rows("subscribers", *half) for half in halves))
    assert results([*outcomes[0], *outcomes[1]]) == {"CREATED": 500, "REFUSED": 500}
    assert await store["subscribers"].count_documents({}) == 500


class Interrupted(OrganizationImporter):
    """An import whose first attempts at a chunk meet somebody who takes a key, after the chunk has read."""

    def __init__(self, store: Store, times: int) -> None:
        self.store, self.times = store, times

    async def prefetch(self, parsed_rows: Any, chunk: Any) -> None:
        await super().prefetch(parsed_rows, chunk)
        if self.times:
            self.times -= 1
            key = f"o{self.times}"
            await self.store["keys"].insert_one(
                {"namespace": "customer", "key": key, "recordId": f"att_{key}", "field": "key"}
            )


async def test_a_chunk_that_lost_a_key_is_read_and_tried_again(files: Files, store: Store) -> None:
    path = files.ndjson(*({"external_id": f"o{n}", "name": "N"} for n in range(10)))
    importer: Importer = Interrupted(store, 3)
    outcomes = [each async for each in ImportRun(importer, find_source(path), store, NOW, LOCAL_ADMIN).outcomes()]
    assert results(outcomes) == {"CREATED": 7, "REFUSED": 3}
    assert all(codes(each) == {("TAKEN", "external_id")} for each in outcomes[:3])


class Failing(OrganizationImporter):
    """An import whose database is away."""

    def __init__(self, error: PyMongoError) -> None:
        self.error, self.tries = error, 0

    async def prefetch(self, parsed_rows: Any, chunk: Any) -> None:
        self.tries += 1
        raise self.error


async def test_trying_again_is_bounded_and_then_says_where_it_stopped(
    files: Files, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "FIRST_DELAY_SECONDS", 0.001)
    path = files.ndjson({"external_id": "a", "name": "A"})
    importer = Failing(AutoReconnect("away"))
    with pytest.raises(ImportStopped, match="line 1"):
        [each async for each in ImportRun(importer, find_source(path), store, NOW, LOCAL_ADMIN).outcomes()]
    assert importer.tries == retrying.MAX_ATTEMPTS
    importer = Failing(PyMongoError("never mind"))
    with pytest.raises(ImportStopped):
        [each async for each in ImportRun(importer, find_source(path), store, NOW, LOCAL_ADMIN).outcomes()]
    assert importer.tries == 1


class Slow(Failing):
    """An import whose database does not answer: each try takes twelve seconds of a clock that only it moves."""

    now = 0.0

    async def prefetch(self, parsed_rows: Any, chunk: Any) -> None:
        self.now += 12
        await super().prefetch(parsed_rows, chunk)

    def clock(self) -> float:
        return self.now


@pytest.mark.parametrize("error", [AutoReconnect("away"), NetworkTimeout("slow")])
async def test_a_database_that_does_not_answer_is_given_up_in_time(
    files: Files, store: Store, monkeypatch: pytest.MonkeyPatch, error: PyMongoError
) -> None:
    importer = Slow(error)
    monkeypatch.setattr(retrying, "monotonic", importer.clock)
    monkeypatch.setattr(retrying, "OUTAGE_SECONDS", 30.0)
    path = files.ndjson({"external_id": "a", "name": "A"})
    with pytest.raises(ImportStopped):
        [each async for each in ImportRun(importer, find_source(path), store, NOW, LOCAL_ADMIN).outcomes()]
    assert (importer.tries, importer.now) == (3, 36), "the third begins within thirty seconds, and is the last"


async def test_a_database_that_is_not_there_is_given_up_in_time(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the driver by itself would go on looking for it for ten minutes."""
    monkeypatch.setattr(retrying, "OUTAGE_SECONDS", 0.5)
    path = files.ndjson({"external_id": "a", "name": "A"})
    patient = "mongodb://127.0.0.1:1/?directConnection=true&serverSelectionTimeoutMS=600000&timeoutMS=600000"
    async with asyncio.timeout(DEADLINE_SECONDS), connect(patient) as nobody:
        run = ImportRun(OrganizationImporter(), find_source(path), database(nobody, "none"), NOW, LOCAL_ADMIN)
        with pytest.raises(ImportStopped):
            [each async for each in run.outcomes()]


class Narrow(OrganizationImporter):
    """An import into a database whose transactions hold no more than so many records."""

    def __init__(self, error: PyMongoError, most: int) -> None:
        self.error, self.most = error, most

    async def prefetch(self, parsed_rows: Any, chunk: Any) -> None:
        if len(parsed_rows) > self.most:
            raise self.error
        await super().prefetch(parsed_rows, chunk)


@pytest.mark.parametrize(
    "error", [OperationFailure("large", 388), BulkWriteError({"writeErrors": [{"code": 388, "errmsg": "large"}]})]
)
async def test_a_transaction_that_is_too_large_is_halved(files: Files, store: Store, error: PyMongoError) -> None:
    path = files.ndjson(*organizations(30))
    outcomes = [
        each async for each in ImportRun(Narrow(error, 3), find_source(path), store, NOW, LOCAL_ADMIN).outcomes()
    ]
    assert results(outcomes) == {"CREATED": 30}
    assert [each.line for each in outcomes[:3]] == [10, 20, 30]  # parents are read first
    path = files.ndjson({"external_id": "large", "name": "L"})
    (outcome,) = [
        each async for each in ImportRun(Narrow(error, 0), find_source(path), store, NOW, LOCAL_ADMIN).outcomes()
    ]
    assert codes(outcome) == {("TOO_LARGE", "")}


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
def test_chunks_are_bounded_by_the_text_of_their_rows(files: Files, kind: str) -> None:
    rows = [{"email": f"e{n}@x.com", "first_name": "x" * 30_000} for n in range(300)]
    csv = files.csv("email,first_name", *(",".join(row.values()) for row in rows))
    path = csv if kind == "csv" else files.ndjson(*rows)
    columns = IMPORTERS["subscribers"]().columns
    read = [ParsedRow(each.line, each.values, size=each.size) for each in find_source(path).read_rows(columns)]
    assert sum(each.size for each in read) == path.stat().st_size - (len("email,first_name\n") if kind == "csv" else 0)
    found = list(split_into_chunks(iter(read)))
    assert [len(each) for each in found] == [133, 133, 34]
    assert all(sum(each.size for each in chunk if isinstance(each, ParsedRow)) <= MAX_CHUNK_BYTES for chunk in found)


def test_a_row_larger_than_a_chunk_is_one_by_itself() -> None:
    parsed_rows = [ParsedRow(line, {}, size=size) for line, size in enumerate((1, MAX_CHUNK_BYTES + 1, 1))]
    assert [len(each) for each in split_into_chunks(iter(parsed_rows))] == [1, 1, 1]


async def test_large_records_are_stored(files: Files, store: Store) -> None:
    large = {f"n{n}": "x" * 1_000 for n in range(30)}
    rows = ({"external_id": f"o{n}", "name": "O", "custom_metadata": large} for n in range(400))
    assert results(await files.rows("organizations", *rows)) == {"CREATED": 400}


async def test_the_order_of_rows_does_not_matter(files: Files, store: Store) -> None:
    rows = organizations(60)
    trees = []
    for order in (rows, rows[::-1], rows[::2] + rows[1::2]):
        assert results(await files.rows("organizations", *order)) == {"CREATED": 60}
        docs = await store["organizations"].find({"externalId": {"$ne": None}}).to_list()
        name = {doc["_id"]: doc["externalId"] for doc in docs}
        trees.append({name[doc["_id"]]: [name[each] for each in doc["ancestorIds"]] for doc in docs})
        await store["organizations"].delete_many({"externalId": {"$ne": None}})
        await store["keys"].delete_many({"field": {"$ne": "id"}})
    assert trees[0] == trees[1] == trees[2]


async def commands_of(commands: Commands, files: Files, kind: str, rows: list[dict[str, Any]]) -> Counter[str]:
    """The commands of an import that creates all of its rows."""
    path = files.ndjson(*rows)
    with commands.counting() as counted:
        assert results(await files.run(kind, path)) == {"CREATED": len(rows)}
    return Counter(name for name, _ in counted.seen)


async def test_a_chunk_takes_a_handful_of_commands(files: Files, store: Store, commands: Commands) -> None:
    tops = [{"external_id": f"top{n}", "name": "T"} for n in range(MAX_CHUNK_RECORDS)]
    children = [
        {"external_id": f"c{n}", "name": "C", "parent_external_id": f"top{n}"} for n in range(MAX_CHUNK_RECORDS)
    ]
    assert await commands_of(commands, files, "organizations", tops) == {"find": 1, "insert": 3, "commitTransaction": 1}
    assert await commands_of(commands, files, "organizations", children) == {
        "find": 2, "insert": 3, "update": 1, "commitTransaction": 1,
    }  # fmt: skip
    people = [{"email": f"p{n}@x{n}.com", "organization_external_id": f"c{n}"} for n in range(MAX_CHUNK_RECORDS // 2)]
    people += [{"email": f"p{n}@x{n}.com"} for n in range(MAX_CHUNK_RECORDS // 2, MAX_CHUNK_RECORDS)]
    assert await commands_of(commands, files, "subscribers", people) == {
        "find": 3, "insert": 3, "update": 1, "commitTransaction": 1,
    }  # fmt: skip
    keys = [
        {"credential_id": f"k{n}", "name": "K", "subscriber_email": f"p{n}@x{n}.com"} for n in range(MAX_CHUNK_RECORDS)
    ]
    assert await commands_of(commands, files, "credentials", keys) == {
        "find": 3, "insert": 3, "update": 2, "commitTransaction": 1,
    }  # fmt: skip


async def test_a_chunk_of_invoices_takes_a_handful_of_commands(files: Files, store: Store, commands: Commands) -> None:
    people = [{"email": f"p{n}@x.com", "organization_external_id": f"o{n}"} for n in range(200)]
    await files.rows("organizations", *({"external_id": f"o{n}", "name": "O"} for n in range(200)))
    await files.rows("subscribers", *people)
    await files.rows(
        "credentials", *({"credential_id": f"k{n}", "name": "K", "subscriber_email": f"p{n}@x.com"} for n in range(200))
    )
    at = "2026-01-01T00:00:00Z"
    rows = [
        {
            "number": f"N{n}",
            "organization_external_id": f"o{n}",
            "issued_at": at,
            "lines": [
                {"line_description": "x", "quantity": 1, "unit_price": 1, "subscriber_email": f"p{n}@x.com"}
                | {"credential_id": f"k{n}"}
            ],
            "payments": [{"paid_at": at, "paid_amount": 1}],
            "credit_notes": [{"credited_at": at, "credited_amount": 1, "credit_note_number": f"C{n}"}],
        }
        for n in range(200)
    ]
    found = await commands_of(commands, files, "invoices", rows)
    assert found == {"find": 5, "insert": 6, "update": 3, "commitTransaction": 1}
    with commands.counting() as counted:
        assert results(await files.rows("invoices", *rows)) == {"UNCHANGED": 200}
    assert counted.reads == 10


def start(uri: str, database: str, *arguments: str) -> subprocess.Popen[bytes]:
    """The program itself."""
    environment = os.environ | {"MONGODB_URI": uri, "CUSTOMER_GRAPH_DATABASE": database}
    command = [sys.executable, "-m", "app", "import", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


@pytest.mark.slow
async def test_an_import_that_was_killed_is_finished_by_running_it_again(store: Store, mongod_uri: str) -> None:
    killed = start(mongod_uri, store.name, "organizations", str(DATA))

    async def thousands_are_stored() -> bool:
        return await store["organizations"].count_documents({}) >= 3_000

    await wait_until_true(thousands_are_stored)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    there = await store["organizations"].count_documents({}) - 1
    assert 3_000 <= there < 23_617
    outcomes = [
        each async for each in ImportRun(OrganizationImporter(), find_source(DATA), store, NOW, LOCAL_ADMIN).outcomes()
    ]
    found = results(outcomes)
    assert found["CREATED"] + found["UNCHANGED"] == 23_617
    assert found["UNCHANGED"] >= there - 1_000  # a chunk may have been committed after it was counted
    assert await store["organizations"].count_documents({}) == 23_618
    assert await store["keys"].count_documents({"field": "externalId"}) == 23_617


@pytest.mark.slow
async def test_all_real_organizations_twice_within_bounds(store: Store, mongod_uri: str, tmp_path: Path) -> None:
    """The measured process is the program as it is called; the figures are printed."""
    measured = ["/usr/bin/time", "-v"] if shutil.which("/usr/bin/time") else []
    environment = os.environ | {"MONGODB_URI": mongod_uri, "CUSTOMER_GRAPH_DATABASE": store.name}
    for round_, word in enumerate(("created", "unchanged")):
        report = tmp_path / f"{round_}.ndjson"
        command = [sys.executable, "-m", "app", "import", "organizations", str(DATA), "--report", str(report)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        done = await asyncio.to_thread(
            subprocess.run, [*measured, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        peak = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024
        print(done.stdout, f"peak of children so far: {peak} MB")
        print(*(line for line in done.stderr.splitlines() if "Maximum resident" in line or "Elapsed" in line), sep="\n")
        assert f"{word}" in done.stdout
        lines = report.read_bytes().splitlines()
        assert len(lines) == 23_617
        assert all(f'"outcome":"{word.upper()}"'.encode() in line for line in lines)
    assert await store["organizations"].count_documents({}) == 23_618
    deepest = await store["organizations"].find({}, {"ancestorIds": 1}).to_list()
    assert max(len(doc["ancestorIds"]) for doc in deepest) == 4
