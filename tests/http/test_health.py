"""What a balancer is told."""

from __future__ import annotations

import time

from starlette.testclient import TestClient

from app.http.health import READY_SECONDS
from tests.http.toy import toy_application


def test_a_process_is_alive_whatever_its_database_does(toy: TestClient) -> None:
    response = toy.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


def test_a_server_is_ready_when_its_database_can_be_written_to(mongod_uri: str) -> None:
    with TestClient(toy_application(mongod_uri), base_url="http://localhost") as client:
        response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


def test_a_server_without_its_database_is_not_ready_and_says_so_at_once(toy: TestClient) -> None:
    started = time.monotonic()
    response = toy.get("/readyz")
    assert time.monotonic() - started < READY_SECONDS + 5
    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "reason": "No database with a writable primary answered within 0.8 seconds.",
    }


def test_a_query_without_a_database_needs_none(toy: TestClient) -> None:
    assert toy.get("/graphql?query={ping}").json() == {"data": {"ping": "pong"}}
