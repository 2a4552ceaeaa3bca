"""The program put together: a database made ready, a schema, and the application that serves both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pymongo
from starlette.applications import Starlette

from app.access.secrets import Cipher, parse_key
from app.graph.indexes import required_indexes
from app.http.application import create_application
from app.mongo import keys
from app.mongo.client import Store, connect, database
from app.mongo.indexes import ensure_indexes
from app.mongo.trace import Tracer
from app.onboarding import cursor
from app.organizations.unclassified import ensure_defaults
from app.schema import ROOTS, build_schema
from app.settings import Settings
from app.writing import idempotency

CLOSE_SECONDS = 1.0


async def prepare(store: Store) -> None:
    """Bring a database, new or old, to what the program needs: indexes, and what always exists."""
    await ensure_indexes(
        store, {**required_indexes(ROOTS), **{each.COLLECTION: each.INDEXES for each in (keys, idempotency, cursor)}}
    )
    await ensure_defaults(store)


def cipher_of(settings: Settings) -> Cipher | None:
    """What encrypts secrets; None where no key is configured."""
    key = getattr(settings, "secret_key", None)
    return Cipher.of(parse_key(key)) if key else None


@asynccontextmanager
async def open_store(uri: str, name: str) -> AsyncIterator[Store]:
    """A database made ready, over the one client of the process."""
    client = connect(uri)
    try:
        store = database(client, name)
        await prepare(store)
        yield store
    finally:
        with pymongo.timeout(CLOSE_SECONDS):  # it says good-bye to the server, which may be gone
            await client.close()


def application(settings: Settings, uri: str) -> Starlette:
    """The ASGI application over the MongoDB at `uri`."""
    return create_application(
        build_schema(), settings, lambda: open_store(uri, settings.database), lambda: connect(uri, Tracer())
    )
