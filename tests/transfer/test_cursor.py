"""The cursor of an import: a run that was killed goes on where it stopped, and one that ended leaves no trace."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import signal
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from app.cli.importing import ImportOptions, import_files, prepare_run
from app.mongo.client import Store
from app.schema import IMPORTERS
from app.transfer import import_cursor as cursors
from app.transfer import runner
from app.transfer.outcome import Result
from app.transfer.rows import find_source
from app.transfer.runner import ImportRun
from tests.commands import Commands
from tests.transfer.running import NOW, Files, codes, results
from tests.transfer.test_running import Narrow, start
from tests.waiting import wait_until_true

PEOPLE = 10


def write_credentials(path: Path, count: int, wrong: Sequence[int] = ()) -> Path:
    """A CSV file of credentials; those of these numbers have no name."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["credential_id", "name", "subscriber_email", "tags"])
        for n in range(count):
            rows.writerow([f"hak-{n:07}", "" if n in wrong else f"Key {n}", f"p{n % PEOPLE}@x.com", "mobile eu"])
    return path


@pytest.fixture(autouse=True)
async def people(files: Files) -> None:
    """Whose credentials they are."""
    await files.rows("subscribers", *({"email": f"p{n}@x.com"} for n in range(PEOPLE)))


async def broken_off(run: ImportRun, after: int) -> list[Any]:
    """The first outcomes of a run that ends without coming to its end."""
    found = []
    async with aclosing(run.outcomes()) as outcomes:  # type: ignore[type-var]  # it is a generator
        async for outcome in outcomes:
            found.append(outcome)
            if len(found) == after:
                break
    return found


async def run_again(store: Store, kind: str, path: Path, **options: Any) -> tuple[ImportRun, list[Any]]:
    """A run as the command line makes it, and the outcomes of the rows that it looked at."""
    run = await prepare_run(store, kind, find_source(path), ImportOptions(**options))
    return run, [each async for each in run.outcomes()]


async def rows_of(store: Store, name: str = "importCursors") -> int:
    """How many documents there are."""
    return await store[name].count_documents({})


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred rows are a transaction."""
    monkeypatch.setattr(runner, "MAX_CHUNK_RECORDS", 100)


async def test_a_run_that_was_broken_off_goes_on_where_it_was(files: Files, store: Store) -> None:
    path = write_credentials(files.folder / "keys.csv", 1_000, wrong=[3, 250, 700])
    run, _ = await prepare_run(store, "credentials", find_source(path), ImportOptions()), None
    await broken_off(run, 350)
    assert await rows_of(store, "credentials") == 398  # four chunks, two rows of which were refused
    (row,) = await store["importCursors"].find({}).to_list()
    assert (row["reading"], row["done"], row["line"]) == (0, 400, 401)
    again, outcomes = await run_again(store, "credentials", path)
    assert [each.line for each in outcomes] == list(range(402, 1_002))
    assert results(outcomes) == {"CREATED": 599, "REFUSED": 1}
    summary = again.summary
    assert (summary.counts[Result.CREATED], summary.counts[Result.REFUSED], summary.rows) == (997, 3, 1_000)
    assert (summary.rows_before, summary.after_line) == (400, 401)
    assert [each.line for each in summary.first_refused] == [5, 252, 702]
    assert codes(summary.first_refused[0]) == {("REQUIRED", "name")}
    assert (await rows_of(store, "credentials"), await rows_of(store)) == (997, 0)


async def test_what_came_to_its_end_is_checked_anew(files: Files, store: Store) -> None:
    path = write_credentials(files.folder / "keys.csv", 250)
    for expected in ("CREATED", "UNCHANGED"):
        _, outcomes = await run_again(store, "credentials", path)
        assert results(outcomes) == {expected: 250}
        assert await rows_of(store) == 0


async def test_rows_before_the_cursor_are_not_looked_up_again(files: Files, store: Store, commands: Commands) -> None:
    path = write_credentials(files.folder / "keys.csv", 1_000)
    await broken_off(await prepare_run(store, "credentials", find_source(path), ImportOptions()), 850)
    with commands.counting() as counted:
        await run_again(store, "credentials", path)
    assert [name for name, _ in counted.seen].count("commitTransaction") == 1


async def test_a_key_that_stood_before_the_cursor_is_still_known(files: Files, store: Store) -> None:
    path = write_credentials(files.folder / "keys.csv", 300)
    with path.open("a") as file:
        file.write("hak-0000005,Key 5,p5@x.com,mobile eu\nhak-0000006,Other,p6@x.com,mobile eu\n")
    await broken_off(await prepare_run(store, "credentials", find_source(path), ImportOptions()), 150)
    _, outcomes = await run_again(store, "credentials", path)
    assert outcomes[-2].result is Result.UNCHANGED
    assert codes(outcomes[-1]) == {("DUPLICATE_IN_FILE", "credential_id")}


async def test_it_begins_at_the_first_row_where_that_is_asked_for(files: Files, store: Store) -> None:
    path = write_credentials(files.folder / "keys.csv", 300)
    await broken_off(await prepare_run(store, "credentials", find_source(path), ImportOptions()), 150)
    _, outcomes = await run_again(store, "credentials", path, from_start=True)
    assert results(outcomes) == {"UNCHANGED": 200, "CREATED": 100}
    assert await rows_of(store) == 0


async def test_a_dry_run_neither_reads_nor_writes_it(files: Files, store: Store) -> None:
    path = write_credentials(files.folder / "keys.csv", 300)
    await broken_off(await prepare_run(store, "credentials", find_source(path), ImportOptions()), 150)
    before = await store["importCursors"].find({}).to_list()
    _, outcomes = await run_again(store, "credentials", path, dry_run=True)
    assert results(outcomes) == {"UNCHANGED": 200, "CREATED": 100}
    assert await store["importCursors"].find({}).to_list() == before


async def test_it_is_of_these_rows_wherever_they_lie(files: Files, store: Store) -> None:
    one = write_credentials(files.folder / "one.csv", 300)
    same, other = write_credentials(files.folder / "same.csv", 300), write_credentials(files.folder / "other.csv", 301)
    assert cursors.make_cursor_id("credentials", find_source(one)) == cursors.make_cursor_id(
        "credentials", find_source(same)
    )
    assert cursors.make_cursor_id("credentials", find_source(one)) != cursors.make_cursor_id(
        "subscribers", find_source(one)
    )
    await broken_off(await prepare_run(store, "credentials", find_source(one), ImportOptions()), 150)
    assert (await prepare_run(store, "credentials", find_source(same), ImportOptions())).position.done == 200
    assert (await prepare_run(store, "credentials", find_source(other), ImportOptions())).position.done == 0


async def test_a_file_that_is_read_several_times_goes_on_in_its_reading(files: Files, store: Store) -> None:
    """Children before parents: the second reading stores the children."""
    children = ({"external_id": f"c{n}", "name": "C", "parent_external_id": "top"} for n in range(500))
    free = ({"external_id": f"f{n}", "name": "F"} for n in range(120))
    path = files.ndjson(*children, *free, {"external_id": "top", "name": "T"})
    await broken_off(await prepare_run(store, "organizations", find_source(path), ImportOptions()), 121 + 150)
    (row,) = await store["importCursors"].find({}).to_list()
    assert (row["reading"], row["done"], row["line"]) == (1, 200, 200)
    run, outcomes = await run_again(store, "organizations", path)
    assert results(outcomes) == {"CREATED": 300}
    assert (run.summary.rows, await rows_of(store, "organizations")) == (621, 622)


async def test_it_moves_on_by_halves_where_a_chunk_is_too_large(files: Files, store: Store) -> None:
    path = files.ndjson(*({"external_id": f"o{n}", "name": "O" if n % 7 else ""} for n in range(90)))
    run = await prepare_run(store, "organizations", find_source(path), ImportOptions())
    run.importer = Narrow(OperationFailure("large", 388), 3)
    outcomes = [each async for each in run.outcomes()]
    assert [each.line for each in outcomes] == list(range(1, 91))
    assert (run.position.done, run.summary.rows, run.summary.counts[Result.REFUSED]) == (90, 90, 13)


async def test_rows_that_cannot_be_read_are_counted_once(files: Files, store: Store) -> None:
    lines = ["{", *(f'{{"email": "q{n}@x.com"}}' for n in range(150)), *("{" for _ in range(250))]
    path = files.ndjson(*lines)
    await broken_off(await prepare_run(store, "subscribers", find_source(path), ImportOptions()), 350)
    run, _ = await run_again(store, "subscribers", path)
    assert (run.summary.rows, run.summary.counts[Result.REFUSED]) == (401, 251)


async def test_two_runs_of_one_file_at_once_store_each_row_once(files: Files, store: Store) -> None:
    path = write_credentials(files.folder / "keys.csv", 500)
    one, other = await asyncio.gather(*(run_again(store, "credentials", path) for _ in range(2)))
    assert results([*one[1], *other[1]])["CREATED"] == 500
    assert await rows_of(store, "credentials") == 500


async def test_an_import_that_goes_on_says_so_and_adds_to_its_report(
    files: Files, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    path, report = write_credentials(files.folder / "keys.csv", 300, wrong=[1]), files.folder / "report.ndjson"
    report.write_text('{"row": 2}\n')
    await broken_off(await prepare_run(store, "credentials", find_source(path), ImportOptions()), 150)
    [done] = await import_files(store, "credentials", [find_source(path)], ImportOptions(report=report))
    assert (done.name, done.summary.counts[Result.REFUSED]) == ("keys.csv", 1)
    shown = " ".join(capsys.readouterr().out.split())
    assert "It resumed after line 201: 200 rows were done by an earlier run and are included." in shown
    assert "line 3 (hak-0000001): name: The column is required: give a value. (REQUIRED)" in shown
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert (lines[0], lines[1]["outcome"], lines[1]["row"]) == ({"row": 2}, "WENT_ON", 201)
    assert lines[1]["before"] == {"changed": 0, "created": 199, "unchanged": 0, "refused": 1}
    assert [each["row"] for each in lines[2:]] == list(range(202, 302))


async def test_what_a_refused_row_says_is_kept_short(files: Files, store: Store) -> None:
    long = {f"{'x' * 5_000}{n}": 1 for n in range(50)}
    path = files.ndjson({"email": "a@x.com", **long}, *({"email": f"q{n}@x.com"} for n in range(150)))
    await broken_off(await prepare_run(store, "subscribers", find_source(path), ImportOptions()), 50)
    (row,) = await store["importCursors"].find({}).to_list()
    assert len(str(row)) < 10_000


async def test_it_is_forgotten_after_a_week(store: Store) -> None:
    indexes = await store["importCursors"].index_information()
    (seconds,) = [each["expireAfterSeconds"] for each in indexes.values() if "expireAfterSeconds" in each]
    assert timedelta(seconds=seconds) == timedelta(days=7)


async def test_what_a_killed_run_left_open_stands_in_nobodys_way(
    files: Files, store: Store, commands: Commands
) -> None:
    """It died within a transaction that holds the cursor and a subscriber; the next run ends that before it writes."""
    path = write_credentials(files.folder / "keys.csv", 300)
    await broken_off(await prepare_run(store, "credentials", find_source(path), ImportOptions()), 150)
    async with store.client.start_session() as session:
        await session.start_transaction()
        await store["importCursors"].update_one({}, {"$set": {"session": dict(session.session_id)}})
        await store["importCursors"].update_one({}, {"$set": {"line": 1}}, session=session)
        with commands.counting() as counted:
            _, outcomes = await run_again(store, "credentials", path)
        assert results(outcomes) == {"CREATED": 100}
        first, *_ = [name for name, _ in counted.seen if name in ("killSessions", "update", "insert", "delete")]
        assert first == "killSessions", "a write before that waits a minute for the transaction to expire"


async def killed_half_way(store: Store, uri: str, path: Path, count: int) -> int:
    """Kill a real import when about half of its rows are stored; how many it did."""
    process = start(uri, store.name, "credentials", str(path))

    async def half_are_stored() -> bool:
        assert process.poll() is None, process.communicate()
        return await store["credentials"].estimated_document_count() >= count // 2

    await wait_until_true(half_are_stored)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.communicate)
    (row,) = await store["importCursors"].find({}).to_list()
    assert row["done"] == await rows_of(store, "credentials") < count
    return int(row["done"])


async def test_the_session_that_is_written_down_first_is_that_of_the_first_transaction(
    files: Files, store: Store, commands: Commands
) -> None:
    """So that one who dies in it is cleared away, too."""
    path = write_credentials(files.folder / "keys.csv", 150)
    run = await prepare_run(store, "credentials", find_source(path), ImportOptions())
    async with aclosing(run.outcomes()) as outcomes:  # type: ignore[type-var]  # it is a generator
        await cursors.begin_run(store, str(run.cursor), cursors.ImportState(run.position, run.summary), NOW)
        first = await store["importCursors"].find_one({})
        await anext(outcomes)
        then = await store["importCursors"].find_one({})
    assert first is not None
    assert then is not None
    assert (first["done"], then["done"]) == (0, 100)
    assert first["session"] == then["session"]


async def test_a_run_that_did_nothing_yet_is_not_gone_on_with(files: Files, store: Store) -> None:
    path = write_credentials(files.folder / "keys.csv", 150)
    run = await prepare_run(store, "credentials", find_source(path), ImportOptions())
    await cursors.begin_run(store, str(run.cursor), cursors.ImportState(run.position, run.summary), NOW)
    again, outcomes = await run_again(store, "credentials", path)
    assert (results(outcomes), again.summary.after_line) == ({"CREATED": 150}, None)


@pytest.mark.parametrize("count", [pytest.param(100_000, marks=pytest.mark.slow), 8_000])
async def test_a_process_that_was_killed_is_finished_by_running_it_again(
    files: Files, store: Store, mongod_uri: str, count: int
) -> None:
    path = write_credentials(files.folder / "keys.csv", count)
    done = await killed_half_way(store, mongod_uri, path, count)
    again = start(mongod_uri, store.name, "credentials", str(path))
    out, errors = await asyncio.to_thread(again.communicate)
    assert again.returncode == 0, errors
    said = " ".join(out.decode().split())
    assert f"It resumed after line {done + 1:,}: {done:,} rows were done by an earlier run" in said
    assert re.search(rf"created │ {count:,} ", said)
    keys = {doc["credentialId"] async for doc in store["credentials"].find({}, {"credentialId": 1})}
    assert keys == {f"hak-{n:07}" for n in range(count)}
    assert await rows_of(store, "credentials") == count
    assert await store["keys"].count_documents({"namespace": "credentialKey"}) == count
    assert await store["auditEntries"].count_documents({"operation": "import credentials"}) == count
    assert await rows_of(store) == 0


async def test_every_kind_can_be_imported_with_one(files: Files, store: Store) -> None:
    for kind in IMPORTERS:
        path = files.bytes(b"", "ndjson")
        run, outcomes = await run_again(store, kind, path)
        assert (run.position.done, outcomes) == (0, [])
