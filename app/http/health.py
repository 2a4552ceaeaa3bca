"""Whether the process lives (`/healthz`), and whether it can answer (`/readyz`). Both are for machines, in JSON."""

from __future__ import annotations

import asyncio

import pymongo
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.mongo.client import Store
from app.mongo.migrations import read_state

READY_SECONDS = 0.8
"""How long the database has to say that it can be written to: a probe that waits longer is of no use to a balancer."""


async def healthz(_request: Request) -> Response:
    """The process is alive. It says nothing of the database: a restart would not mend that."""
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    """200 where the database has a writable primary, and no newer program has changed it too much; 503 otherwise."""
    state = request.app.state
    reason = await why_not_ready(state.store, state.known_migration)
    if reason is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "not ready", "reason": reason}, status_code=503)


async def why_not_ready(store: Store, known_migration: int) -> str | None:
    """The reason why requests cannot be answered now, in our words and never the driver's; None where they can."""
    try:
        with pymongo.timeout(READY_SECONDS):
            async with asyncio.timeout(READY_SECONDS):
                hello = await store.client.admin.command("hello")
                if not hello.get("isWritablePrimary"):
                    return "The database that answers is no writable primary."
                return (await read_state(store)).refusal(known_migration)
    except (PyMongoError, TimeoutError):
        return f"No database with a writable primary answered within {READY_SECONDS:g} seconds."
