"""The primary steps down again and again while mutations run: each is done once, or not at all and says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

from app.main import prepare
from app.mongo.client import Client, Store, connect, database
from app.mongo.embedded import EmbeddedMongo
from app.mongo.write_locks import WriteLocks
from tests.asking import Way, ask
from tests.faults.customer import NOTHING, QUERY, WHOLE, customer, gold, left_of
from tests.races.racing import check_keys, check_tree
from tests.waiting import wait_until_true

WRITERS = 4
FOR_SECONDS = 1
PASSING = {"UNAVAILABLE", "TIMEOUT", "OUTCOME_UNKNOWN"}


@pytest.fixture
async def own() -> AsyncIterator[Store]:
    """A database on a server of this test's."""
    with EmbeddedMongo.start(None) as server:
        async with connect(server.uri) as client:
            store: Store = database(client, "stepping")
            await prepare(store)
            await gold(store)
            yield store


async def step_down(client: Client) -> None:
    """Have the primary step down; the only member becomes it again after that time."""
    with suppress(AutoReconnect, OperationFailure):  # it is still on its way back up
        await client.admin.command("replSetStepDown", FOR_SECONDS, secondaryCatchUpPeriodSecs=0, force=True)


@pytest.mark.parametrize("rounds", [2, pytest.param(25, marks=pytest.mark.slow)])
async def test_mutations_while_the_primary_steps_down_are_done_once_or_not_at_all(own: Store, rounds: int) -> None:
    way = Way(write_locks=WriteLocks())
    over, keyed, keyless = asyncio.Event(), list[dict[str, object]](), list[tuple[dict[str, object], bool | None]]()

    async def write_with_key(writer: int) -> None:
        """Each is sent until it is answered."""
        while not over.is_set():
            given = customer(f"{writer} {len(keyed)}")
            while (answer := await ask(own, QUERY, way=way, input=given, now=datetime.now(UTC))).messages:
                assert set(answer.codes.values()) <= PASSING, answer
            assert answer.data["onboardCustomer"]["userErrors"] == []
            keyed.append(given)

    async def write_without() -> None:
        """Each is sent once; what is told of it is kept: done, not done, or not known."""
        while not over.is_set():
            given = customer()
            answer = await ask(own, QUERY, way=way, input=given, now=datetime.now(UTC))
            assert set(answer.codes.values()) <= PASSING, answer
            done = None if "OUTCOME_UNKNOWN" in answer.codes.values() else not answer.messages
            keyless.append((given, done))

    writing = [asyncio.create_task(write_with_key(n)) for n in range(WRITERS)]
    writing += [asyncio.create_task(write_without()) for _ in range(WRITERS)]

    async def is_primary() -> bool:
        with suppress(AutoReconnect, OperationFailure):
            return bool((await own.client.admin.command("hello"))["isWritablePrimary"])
        return False

    async def has_written(number: int) -> bool:
        ended = [task for task in writing if task.done()]
        assert not ended, ended
        return len(keyed) >= number

    for n in range(rounds):
        await wait_until_true(partial(has_written, len(keyed) + WRITERS + n % 7))  # others are in the middle of it
        await step_down(own.client)
        await wait_until_true(is_primary)
    over.set()
    await asyncio.gather(*writing)
    assert keyed
    assert keyless
    for given in keyed:
        assert await left_of(own, given) == WHOLE, given
    for given, done in keyless:
        left = await left_of(own, given)
        assert left in ((NOTHING, WHOLE) if done is None else (WHOLE,) if done else (NOTHING,)), (given, done)
    await check_tree(own)
    await check_keys(own)
