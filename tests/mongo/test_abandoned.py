"""Transactions that a client left behind: they are ended, and those of the living are not."""

from __future__ import annotations

import pytest
from pymongo.errors import OperationFailure

from app.mongo.abandoned import end_abandoned_transactions
from app.mongo.client import Store, connect, database
from tests.faults.relay import to_mongodb

ONE = {"_id": "one"}


async def test_what_a_client_that_is_gone_had_locked_can_be_written(store: Store, mongod_uri: str) -> None:
    await store["things"].insert_one(ONE)
    async with to_mongodb(mongod_uri) as relay, connect(relay.mongodb_uri) as client:
        theirs = database(client, store.name)
        async with client.start_session() as session:
            await session.start_transaction()
            await theirs["things"].update_one(ONE, {"$set": {"by": "them"}}, session=session)
            relay.closed = True
            for task in list(relay.tasks):
                task.cancel()
            async with store.client.start_session() as own:
                await own.start_transaction()
                with pytest.raises(OperationFailure, match="WriteConflict"):
                    await store["things"].update_one(ONE, {"$set": {"by": "us"}}, session=own)
                await own.abort_transaction()
            await end_abandoned_transactions(store)
            await store["things"].update_one(ONE, {"$set": {"by": "us"}})
            relay.heal()
            with pytest.raises(OperationFailure, match="aborted"):
                await session.commit_transaction()
    assert await store["things"].find_one(ONE) == {**ONE, "by": "us"}


async def test_an_idle_transaction_of_the_living_goes_on(store: Store) -> None:
    await store["things"].insert_one(ONE)
    async with store.client.start_session() as session, await session.start_transaction():
        await store["things"].update_one(ONE, {"$set": {"by": "them"}}, session=session)
        await end_abandoned_transactions(store)
        await store["things"].update_one(ONE, {"$set": {"also": "them"}}, session=session)
    assert await store["things"].find_one(ONE) == {**ONE, "by": "them", "also": "them"}
