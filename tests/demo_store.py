"""The demo's data in a database, loaded once for a module that asks about it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.demo.load import load_demo
from app.main import prepare
from app.mongo.client import Client, Store, database


@asynccontextmanager
async def demo_store(client: Client, name: str) -> AsyncIterator[Store]:
    """A database of its own; gone afterwards."""
    store = database(client, f"{name}_{os.getpid()}")
    await prepare(store)
    await load_demo(store)
    yield store
    await client.drop_database(store.name)
