"""Migrations are applied once, in order, by one program at a time; programs of two versions share a database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from pymongo import MongoClient
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from app.errors import SetupError
from app.main import prepare
from app.migrations.numbered import MIGRATIONS, NEWEST
from app.mongo.client import Client, Store, connect, database
from app.mongo.migrations import (
    BATCH,
    COLLECTION,
    LOCK_ID,
    Migration,
    change_documents,
    migrate,
    read_state,
    take_lock,
)
from tests.commands import Commands
from tests.http.toy import toy_application
from tests.waiting import wait_until_true


def note(name: str, order: list[str]) -> Callable[[Store], Awaitable[int]]:
    """A migration's function that notes that it ran."""

    async def apply(store: Store) -> int:
        order.append(name)
        await store["things"].update_one({"_id": name}, {"$inc": {"times": 1}}, upsert=True)
        return 1

    return apply


@pytest.fixture
async def empty(client: Client, worker_id: str) -> Store:
    """A database without anything."""
    made = database(client, f"migrating_{worker_id}")
    await client.drop_database(made.name)
    return made


async def test_migrations_are_applied_in_their_order_and_once(empty: Store) -> None:
    order: list[str] = []
    first, second, third = (Migration(n, f"number {n}", note(str(n), order)) for n in (1, 2, 3))
    await migrate(empty, [first, second])
    await migrate(empty, [first, second, third])
    assert order == ["1", "2", "3"]
    rows = (await read_state(empty)).applied
    assert [(row["title"], row["changed"]) for row in rows.values()] == [(f"number {n}", 1) for n in (1, 2, 3)]
    assert await empty[COLLECTION].find_one({"_id": LOCK_ID}) is None


async def test_of_programs_that_start_at_once_one_migrates_and_the_others_wait(empty: Store) -> None:
    order: list[str] = []
    migrations = [Migration(n, "waits for nobody", note(str(n), order)) for n in range(1, 6)]
    await asyncio.gather(*(migrate(empty, migrations) for _ in range(8)))
    assert order == ["1", "2", "3", "4", "5"]


async def test_a_program_waits_for_the_one_that_migrates_and_then_serves(empty: Store) -> None:
    started, may_end = asyncio.Event(), asyncio.Event()

    async def apply(store: Store) -> int:
        started.set()
        await may_end.wait()
        return 0

    async def is_waiting() -> bool:
        return bool(logs)

    one = asyncio.create_task(migrate(empty, [Migration(1, "slow", apply)]))
    await started.wait()
    with capture_logs() as logs:
        other = asyncio.create_task(migrate(empty, [Migration(1, "slow", apply)]))
        await wait_until_true(is_waiting)
        assert not other.done()
        may_end.set()
        await asyncio.gather(one, other)
    assert [entry["event"] for entry in logs if "another" in entry["event"]] == [
        "another program migrates the database: waiting for it"
    ]


async def test_the_lock_of_a_program_that_was_killed_ends_by_the_clock_of_the_database(empty: Store) -> None:
    assert await take_lock(empty, "killed")
    assert not await take_lock(empty, "next")
    await empty[COLLECTION].update_one(
        {"_id": LOCK_ID},
        [{"$set": {"until": {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": 1}}}}],
    )
    assert await take_lock(empty, "next")
    assert not await take_lock(empty, "killed")


async def test_a_migration_that_fails_is_not_recorded_and_is_begun_again(empty: Store) -> None:
    order: list[str] = []

    async def fail(store: Store) -> int:
        raise OSError("the disk is full")

    first = Migration(1, "first", note("1", order))
    with pytest.raises(OSError, match="the disk is full"):
        await migrate(empty, [first, Migration(2, "second", fail)])
    assert list((await read_state(empty)).applied) == [1]
    await migrate(empty, [first, Migration(2, "second", note("2", order))])
    assert order == ["1", "2"]


async def test_a_document_that_others_change_meanwhile_is_looked_at_again(empty: Store, mongod_uri: str) -> None:
    await empty["things"].insert_many([{"_id": n, "version": 1, "name": f"n{n}"} for n in range(BATCH + 10)])
    others = [rename_thing(mongod_uri, empty.name, 3)]

    def upper(doc: dict[str, object]) -> dict[str, object]:
        if others:
            others.pop()()
        name = str(doc["name"])
        return {"upper": name.upper()} if doc.get("upper") != name.upper() else {}

    await change_documents(empty, "things", {}, upper, ["name", "upper"])
    assert await empty["things"].count_documents({"upper": {"$exists": False}}) == 0
    changed = await empty["things"].find_one({"_id": 3})
    assert changed is not None
    assert changed["upper"] == "OTHER"


def rename_thing(uri: str, name: str, number: int) -> Callable[[], None]:
    """What another program does to a document, over a connection of its own, between our read and our write."""

    def change() -> None:
        with MongoClient[dict[str, object]](uri) as client:
            client[name]["things"].update_one({"_id": number}, {"$set": {"name": "other"}, "$inc": {"version": 1}})

    return change


async def expand(store: Store, needs: int = 0) -> None:
    """What a newer program does to a database when it starts: one migration more than this program knows."""

    async def nothing(store: Store) -> int:
        return 0

    await migrate(store, [*MIGRATIONS, Migration(NEWEST + 1, "names are split", nothing, needs=needs)])


async def test_an_older_program_works_beside_a_newer_one_and_leaves_its_indexes_alone(store: Store) -> None:
    await expand(store)
    await store["plans"].create_index("name", name="of the newer program")
    dropped = next(
        name for name in await store["plans"].index_information() if name not in ("_id_", "of the newer program")
    )
    await store["plans"].drop_index(dropped)
    try:
        await prepare(store)
        assert dropped not in await store["plans"].index_information()
    finally:
        await store["plans"].drop_index("of the newer program")
        await store[COLLECTION].delete_one({"_id": NEWEST + 1})
        await prepare(store)
    assert dropped in await store["plans"].index_information()


async def test_a_program_that_is_too_old_for_its_database_refuses_and_says_why(store: Store) -> None:
    await expand(store, needs=NEWEST + 1)
    try:
        with pytest.raises(SetupError) as refused:
            await prepare(store)
    finally:
        await store[COLLECTION].delete_one({"_id": NEWEST + 1})
    assert str(refused.value) == (
        f"A newer program has changed the database (migration {NEWEST + 1}: names are split), and this one cannot work "
        "with it. Start the newer version."
    )


async def test_a_server_that_a_newer_one_has_overtaken_is_not_ready_any_more(mongod_uri: str) -> None:
    with TestClient(toy_application(mongod_uri), base_url="http://localhost") as server:
        assert server.get("/readyz").status_code == 200
        async with connect(mongod_uri) as client:
            await expand(database(client, "toy"), needs=NEWEST + 1)
        response = server.get("/readyz")
        async with connect(mongod_uri) as client:
            await client.drop_database("toy")
    assert response.status_code == 503
    assert "A newer program has changed the database" in response.json()["reason"]


async def test_a_start_with_nothing_to_migrate_reads_what_was_applied_and_takes_no_lock(
    store: Store, commands: Commands
) -> None:
    with commands.counting() as sent:
        await prepare(store)
    touched = [command for _, command in sent.seen if COLLECTION in command.values()]
    assert [next(iter(command)) for command in touched] == ["find"]


def test_numbers_rise_by_one_and_no_migration_needs_a_later_one() -> None:
    assert [each.number for each in MIGRATIONS] == list(range(1, NEWEST + 1))
    assert all(each.needs <= each.number for each in MIGRATIONS)
