"""The program, or its database, killed at every step of an onboarding: all of it is there or nothing, then once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.main import prepare
from app.mongo.client import Client, Store, connect, database
from app.mongo.server import embedded_mongodb
from tests.asking import ask
from tests.faults.customer import NOTHING, QUERY, WHOLE, customer, gold, left_of
from tests.faults.relay import Fate, Relay, to_mongodb
from tests.faults.serving import post, serving

COMMIT = "commitTransaction"
LAST, ALL = 1, 100
STEPS = [LAST, pytest.param(ALL, marks=pytest.mark.slow)]


async def onboard(store: Store, given: dict[str, Any]) -> Any:
    """The payload of an onboarding that is done, tried again for as long as somebody who is gone is in the way."""
    for _ in range(10):
        answer = await ask(store, QUERY, input=given, now=datetime.now(UTC))
        if not answer.messages:
            assert answer.data["onboardCustomer"]["userErrors"] == []
            return answer.data["onboardCustomer"]
        assert set(answer.codes.values()) <= {"UNAVAILABLE", "TIMEOUT", "OUTCOME_UNKNOWN"}
    raise AssertionError("it cannot be done")


@pytest.mark.parametrize("many", STEPS)
@pytest.mark.parametrize("fate", [Fate.LOSE_REQUEST, Fate.LOSE_REPLY])
async def test_the_program_killed_at_a_step_leaves_all_or_nothing(
    mongod_uri: str, store: Store, fate: Fate, many: int
) -> None:
    """Before a command arrives, and after it is done; the last commands first."""
    await gold(store)
    steps = await steps_of(mongod_uri, store)
    for number in range(steps, max(0, steps - many), -1):
        given = customer(f"{fate} {number}")
        async with to_mongodb(mongod_uri) as relay, serving(relay.mongodb_uri, store.name) as server:
            relay.lose(number, fate, then_closed=True)
            asked = asyncio.create_task(post(server.url, given))
            await relay.lost.wait()
            await server.kill()
            with pytest.raises((EOFError, ConnectionError)):
                await asked
        left = await left_of(store, given)
        assert left == (WHOLE if fate is Fate.LOSE_REPLY and number == steps else NOTHING), number
        payload = await onboard(store, given)
        assert await left_of(store, given) == WHOLE
        assert await onboard(store, given) == payload


async def steps_of(mongod_uri: str, store: Store) -> int:
    """How many commands there are to an onboarding with an idempotency key."""
    async with to_mongodb(mongod_uri) as relay, connect(relay.mongodb_uri) as client:
        await onboard(database(client, store.name), customer("counted"))
        assert relay.seen[-1] == COMMIT
        return len(relay.seen)


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[tuple[Relay, Store, Store]]:
    """An embedded MongoDB that is started again when it is gone: a relay to it, and both ways to a database there."""
    with embedded_mongodb(tmp_path) as uri:
        async with to_mongodb(uri) as relay, connect(uri) as direct, connect(relay.mongodb_uri) as client:
            store: Store = database(direct, "killed")
            await prepare(store)
            await gold(store)
            yield relay, database(client, "killed"), store


async def kill_mongod(client: Client) -> None:
    """End the server of this test at once, by its id."""
    os.kill((await client.admin.command("serverStatus"))["pid"], signal.SIGKILL)


@pytest.mark.parametrize("many", STEPS)
@pytest.mark.parametrize("fate", [Fate.LOSE_REQUEST, Fate.LOSE_REPLY])
async def test_the_database_killed_at_a_step_leaves_all_or_nothing(
    kept: tuple[Relay, Store, Store], fate: Fate, many: int
) -> None:
    relay, behind, store = kept
    await onboard(behind, customer("counted"))
    steps = len(relay.seen)
    for number in range(steps, max(0, steps - many), -1):
        relay.heal()
        given = customer(f"{fate} {number}")
        relay.lose(number, fate, then_closed=True)
        asked = asyncio.create_task(ask(behind, QUERY, input=given, now=datetime.now(UTC)))
        await relay.lost.wait()
        await kill_mongod(store.client)
        relay.heal()
        answer = await asked
        left = await left_of(store, given)
        assert left in (NOTHING, WHOLE), number
        if not answer.messages:
            assert left == WHOLE
        payload = await onboard(behind, given)
        assert await left_of(store, given) == WHOLE
        assert answer.messages or answer.data["onboardCustomer"] == payload
