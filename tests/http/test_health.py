"""What a balancer is told."""

from __future__ import annotations

import asyncio

import httpx2
from starlette.testclient import TestClient

from tests.http.toy import toy_application
from tests.waiting import DEADLINE_SECONDS


def test_a_process_is_alive_whatever_its_database_does(toy: TestClient) -> None:
    response = toy.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


def test_a_server_is_ready_when_its_database_can_be_written_to(mongod_uri: str) -> None:
    with TestClient(toy_application(mongod_uri), base_url="http://localhost") as client:
        response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


async def test_a_server_without_its_database_is_not_ready_and_says_so_at_once() -> None:
    """Though the driver by itself would go on looking for it for ten minutes."""
    application = toy_application("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=600000&timeoutMS=600000")
    transport = httpx2.ASGITransport(application)
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        application.router.lifespan_context(application),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "reason": "No database with a writable primary answered within 0.8 seconds.",
    }


def test_a_query_without_a_database_needs_none(toy: TestClient) -> None:
    assert toy.get("/graphql?query={ping}").json() == {"data": {"ping": "pong"}}
