"""Clients that go in the middle of a request, replies that they never get, and many of them at once, over HTTP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from app.mongo.client import Store
from tests.faults.customer import NOTHING, WHOLE, customer, gold, left_of
from tests.faults.relay import Fate, to_http
from tests.faults.serving import Process, leave, post, serving
from tests.races.racing import check_keys, check_tree

CREATE = """mutation M($input: CreateSubscriberInput!) {
    createSubscriber(input: $input) { subscriber { id email } userErrors { code } } }"""


@pytest.fixture(scope="module")
async def server(mongod_uri: str, worker_id: str) -> AsyncIterator[Process]:
    """The program, over the database that every test of this process has."""
    async with serving(mongod_uri, f"test_{worker_id}_{os.getpid()}") as process:
        yield process


@pytest.fixture(autouse=True)
async def plans(store: Store) -> None:
    """What can be subscribed to."""
    await gold(store)


@pytest.mark.parametrize("rounds", [5, pytest.param(25, marks=pytest.mark.slow)])
async def test_what_a_client_sent_that_is_gone_is_done_whole_or_not_at_all_and_once_when_it_returns(
    server: Process, store: Store, rounds: int
) -> None:
    for number in range(rounds):
        given = customer(f"gone {number}")
        await leave(server.url, given, number * 0.003)
        left = await left_of(store, given)
        assert left in (NOTHING, WHOLE), number
        first = await post(server.url, given)
        assert first["data"]["onboardCustomer"]["userErrors"] == []
        assert await left_of(store, given) == WHOLE
        assert await post(server.url, given) == first


@pytest.mark.parametrize("fate", [Fate.LOSE_REQUEST, Fate.LOSE_REPLY])
async def test_a_client_that_never_got_the_reply_gets_it_when_it_asks_again(
    server: Process, store: Store, fate: Fate
) -> None:
    async with to_http(server.url) as relay:
        for number in range(5):
            given = customer(f"{fate} {number}")
            relay.lose(1, fate)
            with pytest.raises((EOFError, ConnectionError)):
                await post(relay.url, given)
            assert await left_of(store, given) == (WHOLE if fate is Fate.LOSE_REPLY else NOTHING)
            answer = await post(relay.url, given)
            assert len(answer["data"]["onboardCustomer"]["created"]) == 5
            assert await left_of(store, given) == WHOLE


@pytest.mark.parametrize("rounds", [2, pytest.param(25, marks=pytest.mark.slow)])
async def test_a_race_over_http_between_two_processes(
    mongod_uri: str, server: Process, store: Store, rounds: int
) -> None:
    """Sixty requests at once, half of them to each: thirty for one e-mail address, thirty retries of one onboarding."""
    async with serving(mongod_uri, store.name) as other:
        urls = (server.url, other.url)
        for number in range(rounds):
            email, given = f"race{number}@example.com", customer(f"race {number}")
            answers = await asyncio.gather(
                *(post(urls[n % 2], {"email": email}, CREATE) for n in range(30)),
                *(post(urls[n % 2], given) for n in range(30)),
            )
            codes = [each["data"]["createSubscriber"]["userErrors"] for each in answers[:30]]
            assert sorted(code["code"] for each in codes for code in each) == ["TAKEN"] * 29
            assert answers[30:] == answers[30:31] * 30
            assert await store["subscribers"].count_documents({"email": email}) == 1
            assert await left_of(store, given) == WHOLE
    await check_tree(store)
    await check_keys(store)
