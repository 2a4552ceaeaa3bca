"""Each race is run by several clients with connections of their own, a few rounds; 25 where slow tests are run.

Once the database alone decides, as among several processes, and once the writers queue, as within one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from app.mongo.client import Client, Store, connect, database
from app.mongo.write_locks import WriteLocks
from tests.asking import Way
from tests.races.racing import Racer

CLIENTS = 4


@pytest.fixture(params=[2, pytest.param(25, marks=pytest.mark.slow)], ids=["few", "many"])
def rounds(request: pytest.FixtureRequest) -> int:
    """How often a race is run."""
    return int(request.param)


@pytest.fixture(params=[False, True], ids=["several processes", "one process"])
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    """Whether writers queue before they meet in the database."""
    locks = WriteLocks() if request.param else None
    yield Way(write_locks=locks)
    if locks is not None:
        assert locks.queues == {}, "a lock was not released"


@pytest.fixture(scope="session")
async def others(mongod_uri: str) -> AsyncIterator[list[Client]]:
    """Further clients, each with connections of its own."""
    patient = f"{mongod_uri}{'&' if '?' in mongod_uri else '?'}connectTimeoutMS=60000&heartbeatFrequencyMS=10000"
    made = [connect(patient) for _ in range(CLIENTS)]
    yield made
    for each in made:
        await each.close()


@pytest.fixture
def racers(store: Store, others: list[Client], way: Way) -> list[Racer]:
    """One database, as each of the clients has it."""
    return [Racer(database(client, store.name), way) for client in others]
