"""A mutation that others are in the way of: it waits its turn, is tried again, and gives up in time and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.mongo.client import Store
from app.mongo.write_locks import WriteLock, WriteLocks
from app.subscribers.mutations import SubscriberMutations
from tests.asking import Way
from tests.records import organization, save
from tests.waiting import DEADLINE_SECONDS
from tests.writing.doing import done, send

GIVEN = {"email": "ann@example.com", "organization": {"id": "org_busy"}}
SHOWN = "subscriber { id }"


@pytest.fixture
def write_locks() -> Iterator[WriteLocks]:
    """The locks of a process, of which none is left in the end."""
    locks = WriteLocks()
    yield locks
    assert locks.queues == {}


@pytest.fixture
def way(write_locks: WriteLocks) -> Way:
    """As a process answers that has these locks."""
    return Way(write_locks=write_locks)


@contextmanager
def hurried() -> Iterator[None]:
    """Little time to make a subscriber, in the block."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SubscriberMutations.create_subscriber, "seconds", 0.5)
        yield


async def test_whoever_waits_too_long_for_its_turn_is_told_and_nothing_is_stored(
    store: Store, write_locks: WriteLocks, way: Way
) -> None:
    await save(store, organization("busy"))
    with hurried(), WriteLock(write_locks) as before:
        before.acquire(["org_busy"])
        assert (await send(store, "createSubscriber", GIVEN, SHOWN, way=way)).codes == {"createSubscriber": "TIMEOUT"}
        assert await store["subscribers"].count_documents({}) == 0
    await done(store, "createSubscriber", SHOWN, **GIVEN)


async def test_whoever_has_its_turn_in_time_is_done(store: Store, write_locks: WriteLocks, way: Way) -> None:
    await save(store, organization("busy"))
    with WriteLock(write_locks) as before:
        before.acquire(["org_busy"])
        waiting = asyncio.create_task(send(store, "createSubscriber", GIVEN, SHOWN, way=way))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not write_locks.queues["org_busy"]:  # noqa: ASYNC110  # until it stands in the queue
                await asyncio.sleep(0)
    assert (await waiting).data["createSubscriber"]["subscriber"]["id"]


async def test_a_writer_of_another_process_that_stays_in_the_way_is_told_as_a_timeout(store: Store, way: Way) -> None:
    await save(store, organization("busy"))
    async with store.client.start_session() as session:
        await session.start_transaction()
        await store["organizations"].update_one({"_id": "org_busy"}, {"$inc": {"guard": 1}}, session=session)
        with hurried():
            answer = await send(store, "createSubscriber", GIVEN, SHOWN, way=way)
        await session.abort_transaction()
    assert answer.codes == {"createSubscriber": "TIMEOUT"}
    assert await store["subscribers"].count_documents({}) == 0
    await done(store, "createSubscriber", SHOWN, **GIVEN)
