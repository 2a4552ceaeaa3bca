"""The server as it starts and stops."""

from __future__ import annotations

import httpx2
import pytest
from pymongo.errors import InvalidOperation
from starlette.applications import Starlette

from app.http.application import create_application
from app.http.authentication import authenticate_local_admin
from app.mongo.client import Client, connect
from app.mongo.trace import Tracer
from app.settings import Settings
from tests.http.toy import store_at, toy_schema

NOWHERE = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"


async def explain_and_fail(application: Starlette) -> None:
    """Have one request explained, and end serving by an error."""
    async with application.router.lifespan_context(application):
        transport = httpx2.ASGITransport(application)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.post("/graphql", json={"query": "{ ping }"}, headers={"x-explain": "plan"})
        raise RuntimeError("while serving")


async def test_the_client_of_explained_requests_is_closed_when_serving_ends_by_an_error() -> None:
    made: list[Client] = []

    def connect_traced() -> Client:
        made.append(connect(NOWHERE, Tracer()))
        return made[-1]

    application = create_application(
        toy_schema(), Settings(), store_at(NOWHERE), connect_traced, authenticate_local_admin
    )
    with pytest.raises(RuntimeError, match="while serving"):
        await explain_and_fail(application)
    (explaining,) = made
    with pytest.raises(InvalidOperation):
        await explaining.admin.command("ping")
