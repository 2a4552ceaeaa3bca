"""What the tests share: one real mongod for the run, a database for each worker, and the commands counted.

The controller process starts the mongod and hands its address to the workers. When it cannot start, the tests fail.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
import structlog

from app.main import prepare
from app.mongo.client import Client, Store, connect, database
from app.mongo.embedded import EmbeddedMongo
from app.mongo.migrations import COLLECTION as MIGRATIONS
from tests.commands import Commands

MONGO = pytest.StashKey[EmbeddedMongo]()


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one that pytest-xdist started."""
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    if not is_worker(config) and "MONGODB_URI" not in os.environ and not config.option.collectonly:
        config.stash[MONGO] = EmbeddedMongo.start(None)


def pytest_unconfigure(config: pytest.Config) -> None:
    if MONGO in config.stash:
        config.stash[MONGO].stop()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Before a worker starts (pytest-xdist's hook): hand it the address."""
    node.workerinput["mongod_uri"] = uri_of(node.config)


def uri_of(config: pytest.Config) -> str:
    """Where the mongod of this run answers."""
    if is_worker(config):
        return str(cast(Any, config).workerinput["mongod_uri"])
    return config.stash[MONGO].uri if MONGO in config.stash else os.environ["MONGODB_URI"]


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """What a test made of the logs ends with it: the streams that it had them written to are closed by then."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def mongod_uri(request: pytest.FixtureRequest) -> str:
    """The address of a real replica set."""
    return uri_of(request.config)


@pytest.fixture(scope="session")
def commands() -> Commands:
    """What reached MongoDB."""
    return Commands()


@pytest.fixture(scope="session")
async def client(mongod_uri: str, commands: Commands) -> AsyncIterator[Client]:
    """The one client of a worker; its commands are counted."""
    # Tests that do not wait hold up the event loop, and with it the driver's heartbeats: it is not to lose heart.
    patient = f"{mongod_uri}{'&' if '?' in mongod_uri else '?'}connectTimeoutMS=60000&heartbeatFrequencyMS=10000"
    async with connect(patient, commands) as made:
        yield made


@pytest.fixture
async def store(client: Client, worker_id: str) -> AsyncIterator[Store]:
    """An empty database, made ready as the server does it."""
    made = database(client, f"test_{worker_id}_{os.getpid()}")
    await prepare(made)
    yield made
    for name in await made.list_collection_names(filter={"name": {"$not": {"$regex": r"^system\."}}}):
        if name != MIGRATIONS:  # as after a start: there is nothing to migrate
            await made[name].delete_many({})


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The worker's name; the whole run's where there is but one process."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "master"))
