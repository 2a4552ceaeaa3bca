"""Which MongoDB a process uses, and that an embedded one which goes comes back at the same address."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import pymongo
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from structlog.testing import capture_logs

from app.errors import SetupError
from app.mongo.embedded import EmbeddedMongo
from app.mongo.server import WATCHER, embedded_mongodb, require_replica_set
from tests.waiting import DEADLINE_SECONDS, wait_until

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
        await asyncio.to_thread(wait_until, lambda: answers(uri))


async def test_who_had_attached_goes_on_when_the_owner_stops(tmp_path: Path) -> None:
    owner = EmbeddedMongo.start(tmp_path)
    store_one(owner.uri)
    with embedded_mongodb(tmp_path) as uri:
        await asyncio.to_thread(owner.stop)
        await asyncio.to_thread(wait_until, lambda: answers(uri))


async def test_an_ephemeral_one_that_is_killed_stays_away() -> None:
    """Its data are gone: an empty database in its place would be worse than none."""
    with capture_logs() as logs, embedded_mongodb(None) as uri:
        store_one(uri)
        [watcher] = [each for each in threading.enumerate() if each.name == WATCHER]
        os.kill(pid_of(uri), signal.SIGKILL)
        await asyncio.to_thread(watcher.join, DEADLINE_SECONDS)
        assert not watcher.is_alive(), "nothing watches that could start it again"
        assert [each["event"] for each in logs] == ["the embedded MongoDB is gone"]
        assert not await asyncio.to_thread(answers, uri)


@pytest.mark.parametrize(
    "uri", ["mongodb://u:se/cret@h:1/", "mongodb://u:se@cret@h:1/", "u:secret@h", "mongodb://u:12/secret@h:1/"]
)
async def test_an_address_that_cannot_be_read_shows_no_password(uri: str) -> None:
    with pytest.raises(SetupError, match="percent-encoded") as raised:
        await require_replica_set(uri)
    assert "cret" not in str(raised.value)
