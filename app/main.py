"""The program put together: a database made ready, a schema, and the application that serves both."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pymongo
from starlette.applications import Starlette

from app.access.secrets import KEY_BYTES, Cipher, load_or_create_key, parse_key, read_key_file
from app.graph.indexes import required_indexes
from app.http.application import create_application
from app.http.authentication import authenticate_local_admin
from app.migrations.numbered import MIGRATIONS, NEWEST
from app.mongo.client import Store, connect, database
from app.mongo.indexes import ensure_indexes
from app.mongo.migrations import checked_state, migrate
from app.mongo.trace import Tracer
from app.organizations.unclassified import ensure_defaults
from app.schema import COLLECTIONS, ROOTS, build_schema
from app.settings import Settings

CLOSE_SECONDS = 1.0


async def prepare(store: Store) -> None:
    """Bring a database, new or old, to what the program needs: indexes, what always exists, and the migrations.

    Beside a newer program it leaves the indexes alone, which that one has made. Raises SetupError if it cannot work
    with what a newer program has made of the database.
    """
    state = await checked_state(store, NEWEST)
    if not state.is_newer_than(NEWEST):
        ours = {each.name: list(each.indexes) for each in COLLECTIONS if each.indexes}
        await ensure_indexes(store, {**required_indexes(ROOTS), **ours})
    await ensure_defaults(store)
    if state.pending(MIGRATIONS):
        await migrate(store, MIGRATIONS)


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
        build_schema(),
        settings,
        lambda: open_store(uri, settings.database),
        lambda: connect(uri, Tracer()),
        authenticate_local_admin,
        cipher_of(settings),
        known_migration=NEWEST,
    )


def cipher_of(settings: Settings) -> Cipher | None:
    """What encrypts secrets: under the key that is set, else one of our own beside our own MongoDB's data.

    With a MongoDB of the operator's and no key there is none: secrets are refused then.
    """
    if settings.secret_key is not None:
        return Cipher.from_key(parse_key(settings.secret_key.get_secret_value()))
    if settings.secret_key_file is not None:
        return Cipher.from_key(read_key_file(settings.secret_key_file))
    if settings.mongodb_uri is not None:
        return None
    return Cipher.from_key(os.urandom(KEY_BYTES) if settings.ephemeral else load_or_create_key(settings.data_directory))
