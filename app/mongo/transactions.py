"""One multi-document transaction, bounded in time and retried where MongoDB says that it may be."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DocumentTooLarge, OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from app.mongo.abandoned import end_abandoned_transactions
from app.mongo.client import Store

T = TypeVar("T")
TRANSACTION_SECONDS = 30.0
CONFLICT_SECONDS = 1.0  # of write conflicts, until the writer looks for an abandoned transaction
DOCUMENT_TOO_LARGE = 10334
"""The server's code for a document of more than 16 MB."""


async def in_transaction(
    store: Store, work: Callable[[AsyncClientSession], Awaitable[T]], seconds: float = TRANSACTION_SECONDS
) -> T:
    """Run `work` in a transaction and return its result once the transaction is committed.

    It reads from one snapshot; its commit is acknowledged by a majority and journaled. `work` may be called more than
    once, so it keeps nothing between calls. All attempts together take at most `seconds`: the driver's own retries of a
    transaction are not bounded by `timeoutMS`. A document that is too large raises OperationFailure, whether the driver
    finds it or the server.
    """
    check_at = time.monotonic() + CONFLICT_SECONDS

    async def attempt(session: AsyncClientSession) -> T:
        nonlocal check_at
        if time.monotonic() > check_at:
            check_at = time.monotonic() + CONFLICT_SECONDS
            await end_abandoned_transactions(store)
        return await work(session)

    try:
        with pymongo.timeout(seconds):
            async with store.client.start_session() as session:
                return await session.with_transaction(
                    attempt, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority", j=True)
                )
    except DocumentTooLarge as error:
        raise OperationFailure(str(error), DOCUMENT_TOO_LARGE) from error
