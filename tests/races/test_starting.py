"""Many processes that start at one instant on an empty database: of what always exists there is one."""

from __future__ import annotations

import asyncio

from app.entities.billing_profile import DEFAULT_ID
from app.entities.identifiers import UNCLASSIFIED_ID
from app.main import prepare
from app.mongo.client import connect, database
from app.mongo.embedded import EmbeddedMongo

PROCESSES = 8
FEW = 3  # rounds, and processes


async def test_of_what_always_exists_there_is_one(rounds: int) -> None:
    """In the first round there is not even a collection; that takes long, so later ones find them, but empty.

    On a server of its own: making collections and indexes holds up whoever else is on it.
    """
    with EmbeddedMongo.start(None) as server:
        clients = [connect(server.uri) for _ in range(PROCESSES if rounds > FEW else FEW)]
        stores = [database(client, "race") for client in clients]
        for _ in range(rounds):
            await asyncio.gather(*(prepare(each) for each in stores))
            assert [doc["_id"] async for doc in stores[0]["organizations"].find()] == [UNCLASSIFIED_ID]
            assert [doc["_id"] async for doc in stores[0]["billingProfiles"].find()] == [DEFAULT_ID]
            assert [doc["key"] async for doc in stores[0]["keys"].find()] == [UNCLASSIFIED_ID]
            for name in ("organizations", "billingProfiles", "keys"):
                await stores[0][name].delete_many({})
        for client in clients:
            await client.close()
