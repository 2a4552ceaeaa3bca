"""Migrations: numbered changes to what is stored, each applied once, by one program at a time, and recorded.

Programs of two adjacent versions work on one database while one replaces the other. So a change comes in two steps. The
version that *expands* adds the new form, fills it in and keeps the old one; the version after it *contracts*: it fills
in again what the programs of before have written meanwhile, and drops the old form. A migration says from which one on
a program can work with what it leaves behind (`needs`), and a program that is older refuses to start.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pymongo
import structlog
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError

from app.errors import SetupError
from app.mongo.client import Doc, Store

COLLECTION = "migrations"
LOCK_ID = "lock"
LOCK_SECONDS = 30
RENEWALS = 3
"""How often the lock is renewed within the time for which it is held."""
WAIT_SECONDS = 0.25
BATCH = 500
BATCHES_LOGGED = 40
"""After so many batches a line is logged: a sign of life where there is much to read."""
BATCH_SECONDS = 60.0
"""How long a batch may take; the client's own deadline is meant for requests."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Migration:
    """One change to what is stored. `apply` returns how many documents it changed; applied again, it changes nothing.

    `needs` is the number of the newest migration that a program has to know in order to work with the database after
    this one: 0 where every older program can.
    """

    number: int
    title: str
    apply: Callable[[Store], Awaitable[int]]
    needs: int = 0


@dataclass(frozen=True, slots=True)
class MigrationState:
    """What a database says of its migrations: the record of each that was applied, by number."""

    applied: Mapping[int, Doc]

    def pending(self, migrations: Sequence[Migration]) -> list[Migration]:
        """The migrations that were not applied yet, in their order."""
        return [each for each in migrations if each.number not in self.applied]

    def history(self, migrations: Sequence[Migration]) -> list[tuple[int, str, datetime | None]]:
        """Every migration that was or is to be applied, by number: its title, and when it was applied."""
        rows = [(number, row["title"], row["appliedAt"]) for number, row in self.applied.items()]
        return sorted([*rows, *((each.number, each.title, None) for each in self.pending(migrations))])

    def is_newer_than(self, known: int) -> bool:
        """Whether a program has been here that knows more migrations than those up to `known`."""
        return max(self.applied, default=0) > known

    def refusal(self, known: int) -> str | None:
        """Why a program that knows the migrations up to `known` cannot work with the database; None where it can."""
        needing = [row for row in self.applied.values() if row["needs"] > known]
        if not needing:
            return None
        newest = max(needing, key=lambda row: int(row["_id"]))
        return (
            f"A newer program has changed the database (migration {newest['_id']}: {newest['title']}), and this one "
            "cannot work with it. Start the newer version."
        )


async def read_state(store: Store) -> MigrationState:
    """Which migrations were applied to a database, in one read."""
    rows = await store[COLLECTION].find({"_id": {"$type": "number"}}).to_list()
    return MigrationState({int(row["_id"]): row for row in rows})


async def migrate(store: Store, migrations: Sequence[Migration]) -> None:
    """Apply the migrations that were not applied yet, in their order.

    Of several programs one applies them, and the others wait for it. One that is killed leaves the lock, which ends by
    itself, and what it had begun is begun again. Raises SetupError if the database belongs to a newer program.
    """
    known = max((each.number for each in migrations), default=0)
    async with migration_lock(store):
        for migration in (await checked_state(store, known)).pending(migrations):
            await apply_migration(store, migration)


async def checked_state(store: Store, known: int) -> MigrationState:
    """The state of a database; SetupError where a program that knows the migrations up to `known` cannot use it."""
    state = await read_state(store)
    if reason := state.refusal(known):
        raise SetupError(reason)
    return state


async def apply_migration(store: Store, migration: Migration) -> None:
    """Apply a migration and record it; it is logged where it changed something."""
    start = time.monotonic()
    changed = await migration.apply(store)
    seconds = round(time.monotonic() - start, 3)
    row = {
        "title": migration.title,
        "needs": migration.needs,
        "changed": changed,
        "seconds": seconds,
        "appliedAt": datetime.now(UTC),
    }
    await store[COLLECTION].update_one({"_id": migration.number}, {"$setOnInsert": row}, upsert=True)
    if changed:
        log.info("migration applied", number=migration.number, title=migration.title, changed=changed, seconds=seconds)


@asynccontextmanager
async def migration_lock(store: Store) -> AsyncIterator[None]:
    """Hold the lock of the database's migrations, waiting for whoever holds it. It is renewed until it is left."""
    owner = secrets.token_hex(8)
    if not await take_lock(store, owner):
        log.info("another program migrates the database: waiting for it")
        while not await take_lock(store, owner):  # noqa: ASYNC110  # its holder is another process
            await asyncio.sleep(WAIT_SECONDS)
    renewing = asyncio.create_task(renew_lock(store, owner))
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing
        await store[COLLECTION].delete_one({"_id": LOCK_ID, "owner": owner})


async def take_lock(store: Store, owner: str) -> bool:
    """Take the lock, or hold it for longer, unless another owner holds it; by the database's clock."""
    later = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": LOCK_SECONDS}}
    is_ours = {"$or": [{"$eq": ["$owner", owner]}, {"$lte": ["$until", "$$NOW"]}]}  # a lock that is not there is null
    taken = {
        "owner": {"$cond": [is_ours, owner, "$owner"]},
        "until": {"$cond": [is_ours, later, "$until"]},
    }
    try:
        lock: Any = await store[COLLECTION].find_one_and_update(
            {"_id": LOCK_ID}, [{"$set": taken}], upsert=True, return_document=ReturnDocument.AFTER
        )
    except DuplicateKeyError:
        return False  # another program made it at the same time
    return bool(lock["owner"] == owner)


async def renew_lock(store: Store, owner: str) -> None:
    """Hold the lock for longer, over and over. Whoever loses it does no harm: migrations can be repeated."""
    while True:
        await asyncio.sleep(LOCK_SECONDS / RENEWALS)
        await take_lock(store, owner)


Change = Callable[[Doc], Doc]
"""Of a document, the stored fields that are to be other than they are; empty where it is as it should be."""


async def change_documents(
    store: Store, collection: str, query: Doc, change: Change, shown: Sequence[str] | None = None
) -> int:
    """Set fields of the documents that match `query`, a batch at a time in the order of their ids; how many changed.

    `shown` are the fields that `change` needs, all if none are named. A document that somebody else writes meanwhile is
    looked at again.
    """
    total = 0
    while True:
        changed, missed = await change_once(store, collection, query, change, shown)
        total += changed
        if not missed:
            return total


async def change_once(
    store: Store, collection: str, query: Doc, change: Change, shown: Sequence[str] | None
) -> tuple[int, int]:
    """As `change_documents`, once through: how many documents changed, and how many somebody else wrote meanwhile."""
    projection = dict.fromkeys((*shown, "version"), 1) if shown is not None else None
    changed = missed = 0
    async for docs in batches(store, collection, query, projection):
        updates = [
            UpdateOne({"_id": doc["_id"], "version": doc.get("version")}, {"$set": fields})
            for doc in docs
            if (fields := change(doc))
        ]
        if updates:
            with pymongo.timeout(BATCH_SECONDS):
                done = await store[collection].bulk_write(updates, ordered=False)
            changed += done.modified_count
            missed += len(updates) - done.matched_count
    return changed, missed


async def batches(store: Store, collection: str, query: Doc, projection: Doc | None) -> AsyncIterator[list[Doc]]:
    """The documents that match, by rising id, so many that a batch is bounded in memory."""
    after: Doc = {}
    for count in itertools.count(1):
        with pymongo.timeout(BATCH_SECONDS):
            wanted = {"$and": [query, after]} if after else query
            docs = await store[collection].find(wanted, projection).sort("_id", 1).limit(BATCH).to_list()
        if not docs:
            return
        yield docs
        if count % BATCHES_LOGGED == 0:
            log.info("migrating", collection=collection, documents=count * BATCH)
        after = {"_id": {"$gt": docs[-1]["_id"]}}
