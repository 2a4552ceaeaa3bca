"""Which MongoDB a process uses, and that an embedded one which goes comes back at the same address."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pymongo
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from app.mongo.embedded import EmbeddedMongo
from app.mongo.server import embedded_mongodb

Doc = dict[str, object]


def pid_of(uri: str) -> int:
    """The process that answers there."""
    with MongoClient[Doc](uri) as client:
        return int(client.admin.command("serverStatus")["pid"])


def answers(uri: str) -> bool:
    """Whether a primary answers there, with what was stored."""
    try:
        with pymongo.timeout(1), MongoClient[Doc](uri) as client:
            return client.shop.orders.find_one({"_id": 1}) is not None
    except PyMongoError:
        return False


async def again(uri: str) -> bool:
    """Whether it answers within twenty seconds."""
    for _ in range(100):
        if await asyncio.to_thread(answers, uri):
            return True
        await asyncio.sleep(0.2)
    return False


def store_one(uri: str) -> None:
    """Something to find again."""
    with MongoClient[Doc](uri) as client:
        client.shop.get_collection("orders", write_concern=pymongo.WriteConcern("majority", j=True)).insert_one(
            {"_id": 1}
        )


async def test_a_mongod_that_is_killed_is_started_again_with_its_data(tmp_path: Path) -> None:
    with embedded_mongodb(tmp_path) as uri:
        store_one(uri)
        os.kill(pid_of(uri), signal.SIGKILL)
        assert await again(uri)


async def test_who_had_attached_goes_on_when_the_owner_stops(tmp_path: Path) -> None:
    owner = EmbeddedMongo.start(tmp_path)
    store_one(owner.uri)
    with embedded_mongodb(tmp_path) as uri:
        await asyncio.to_thread(owner.stop)
        assert await again(uri)


async def test_an_ephemeral_one_that_is_killed_stays_away(caplog: pytest.LogCaptureFixture) -> None:
    """Its data are gone: an empty database in its place would be worse than none."""
    with embedded_mongodb(None) as uri:
        store_one(uri)
        os.kill(pid_of(uri), signal.SIGKILL)
        await asyncio.sleep(2.5)
        assert not await asyncio.to_thread(answers, uri)
