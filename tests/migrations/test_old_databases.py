"""A database of before there were migrations is brought to what the program stores today, wherever it is cut short."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from app.main import prepare
from app.migrations.numbered import MIGRATIONS
from app.migrations.renamed_ids import ULID, rename
from app.mongo.client import Client, Doc, Store, connect, database
from app.mongo.migrations import COLLECTION, read_state
from tests.asking import ask
from tests.demo_store import demo_store
from tests.records import organization, save, subscriber

TO_EARLIER_IDS = [(re.compile(f"sub_({ULID})"), "sbn"), (re.compile(f"sbr_({ULID})"), "sub")]
LATER_FIELDS = {
    "organizations": ["searchTexts", "searchParts", "matchKeys", "appIds"],
    "subscribers": ["searchTexts", "searchParts", "emailDomain", "kind", "appIds", "nameKey"],
    "credentials": ["searchTexts", "searchParts", "appIds", "validUntil", "keyHashes"],
}
Dump = dict[str, dict[Any, Doc]]


class EndAfter(CommandListener):
    """Cancels a task when so many commands were begun."""

    def __init__(self) -> None:
        self.left = 0
        self.task: asyncio.Task[None] | None = None

    def started(self, event: CommandStartedEvent) -> None:
        if self.task is not None:
            self.left -= 1
            if self.left == 0:
                self.task.cancel()

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """What begins is counted."""

    def failed(self, event: CommandFailedEvent) -> None:
        """What begins is counted."""


@pytest.fixture(scope="module")
async def demo(client: Client) -> AsyncIterator[Store]:
    async with demo_store(client, "old") as store:
        yield store


async def dump(store: Store) -> Dump:
    """Everything that is stored, by collection and id, but the migrations."""
    names = await store.list_collection_names()
    return {name: {doc["_id"]: doc async for doc in store[name].find()} for name in sorted(names) if name != COLLECTION}


async def make_old(store: Store) -> None:
    """What is stored, as it was before the first migration."""
    for name, docs in (await dump(store)).items():
        for doc in docs.values():
            for field in LATER_FIELDS.get(name, ()):
                doc.pop(field, None)
            if doc.get("appMetadata") == []:
                doc["appMetadata"] = None
        await replace_all(store, name, [earlier_ids(doc) for doc in docs.values()])
    await store[COLLECTION].delete_many({})


async def replace_all(store: Store, name: str, docs: list[Any]) -> None:
    """These documents in place of all that a collection has."""
    await store[name].delete_many({})
    if docs:
        await store[name].insert_many(docs)


def earlier_ids(doc: object) -> object:
    """A document with the ids of subscriptions and subscribers as they were."""
    for pattern, prefix in TO_EARLIER_IDS:
        doc = rename(doc, pattern, prefix)
    return doc


async def test_an_old_database_is_stored_as_a_new_one_when_the_program_starts(demo: Store) -> None:
    new = await dump(demo)
    await make_old(demo)
    old = await dump(demo)
    assert {key[:4] for key in old["subscribers"]} == {"sub_"}
    assert old != new
    await prepare(demo)
    assert await dump(demo) == new
    applied = (await read_state(demo)).applied
    assert list(applied) == [each.number for each in MIGRATIONS]
    assert all(row["changed"] for row in applied.values())


async def test_what_was_migrated_once_is_left_alone(demo: Store) -> None:
    new = await dump(demo)
    await demo[COLLECTION].delete_many({})
    await prepare(demo)
    assert await dump(demo) == new
    assert [row["changed"] for row in (await read_state(demo)).applied.values()] == [0] * len(MIGRATIONS)


async def test_a_program_that_ends_while_it_migrates_leaves_what_the_next_one_completes(mongod_uri: str) -> None:
    """It is ended at each of its commands in turn."""
    ending = EndAfter()
    async with connect(mongod_uri, ending) as client:
        store = database(client, "cut_short")
        await client.drop_database(store.name)
        await prepare(store)
        org = organization("fin")
        await save(store, org, *(subscriber(f"{n:026}", org) for n in range(3)))
        await store["keys"].insert_one({"namespace": "x", "key": "y", "recordId": f"sbr_{1:026}", "field": "x"})
        new = await dump(store)
        ends = 0
        while True:
            await make_old(store)
            ends += 1
            if await is_migrated_within(store, ending, ends):
                break
            await store[COLLECTION].delete_many({"_id": "lock"})  # as it ends by itself, by the clock
            await prepare(store)
            assert await dump(store) == new, f"ended at command {ends}"
        assert await dump(store) == new
        assert ends > 2 * len(MIGRATIONS)
        await client.drop_database(store.name)


async def is_migrated_within(store: Store, ending: EndAfter, commands: int) -> bool:
    """Start the program on a database and end it after so many commands; whether it needed fewer."""
    task = asyncio.create_task(prepare(store))
    ending.left, ending.task = commands, task
    with contextlib.suppress(asyncio.CancelledError):
        await task
    ending.task = None
    return not task.cancelled()


async def test_names_are_found_again_with_what_is_stored_of_them(store: Store) -> None:
    org = organization("fin", name="Finoptic Labs")
    await save(store, org)
    await store["organizations"].update_one({"_id": org.id}, {"$set": {"searchTexts": ["of before"]}})
    await store[COLLECTION].delete_one({"_id": MIGRATIONS[-1].number})
    await prepare(store)
    found = await ask(store, '{ search(text: "finop") { nodes { id } } }')
    assert found.data["search"]["nodes"] == [{"id": org.id}]
