"""A document that would be dear to run is refused before it is, and its neighbours do not notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.http.asking import ask, codes, limits, message
from tests.http.bombs import BOMBS, chain, cycle
from tests.http.toy import toy_application
from tests.work import counting_calls


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_name(toy: TestClient, name: str) -> None:
    document, limit = BOMBS[name]
    response = ask(toy, document, operationName="A" if "query A" in document else None)
    assert response.status_code == 400
    assert set(codes(response)) == {"QUERY_TOO_COMPLEX"}
    assert limit in {error["extensions"]["limit"] for error in response.json()["errors"]}
    assert len(response.content) < 4_000


def test_all_limits_that_are_exceeded_are_told_at_once(toy: TestClient) -> None:
    response = ask(toy, "{" + "".join(f"a{i}: ping @skip(if: false) " for i in range(60)) + "}")
    assert limits(response) == {"aliases": 60, "rootFields": 60, "directives": 60}
    assert message(response) == "The query has 60 aliases; at most 50 are allowed."


def test_a_number_beyond_all_bounds_is_told_as_such(toy: TestClient) -> None:
    response = ask(toy, BOMBS["2^200 nested spreads"][0])
    assert limits(response)["aliases"] == 1_000_000_000
    assert "1000000000 or more aliases" in response.text


@pytest.mark.parametrize("length", [1, 2, 40, 90])
def test_fragments_in_a_circle_are_told_in_the_words_of_the_specification(toy: TestClient, length: int) -> None:
    response = ask(toy, cycle(length))
    assert set(codes(response)) == {"GRAPHQL_VALIDATION_FAILED"}
    assert "within itself" in message(response)


def test_a_chain_of_fragments_that_asks_for_little_is_answered(toy: TestClient) -> None:
    assert ask(toy, chain(150)).json() == {"data": {"me": {"name": "Ada"}}}


def test_a_chain_that_validation_cannot_follow_is_refused(toy: TestClient) -> None:
    response = ask(toy, chain(500))
    assert (response.status_code, codes(response)) == (400, ["QUERY_TOO_COMPLEX"])


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """A client in the loop of the server."""
    application = toy_application()
    async with (
        application.router.lifespan_context(application),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(application), base_url="http://localhost") as made,
    ):
        yield made


async def test_a_neighbour_is_answered_while_bombs_arrive(client: httpx2.AsyncClient) -> None:
    bombs = [asyncio.create_task(client.post("/graphql", json={"query": text})) for text, _ in BOMBS.values()]
    neighbour = asyncio.create_task(client.post("/graphql", json={"query": "{ ping slow(seconds: 0.01) }"}))
    answers = await asyncio.gather(*bombs)
    assert all("data" not in answer.json() for answer in answers)
    assert (await neighbour).json()["data"] == {"ping": "pong", "slow": "done"}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
async def test_no_bomb_holds_the_event_loop_for_long(client: httpx2.AsyncClient, name: str) -> None:
    with counting_calls() as counted:
        await client.post("/graphql", json={"query": BOMBS[name][0]})
    assert counted.number < 1_500_000, "the function calls that take a quarter of a second"
