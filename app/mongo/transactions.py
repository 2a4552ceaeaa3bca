"""One transaction, bounded in time: all of it or nothing, retried where the server says that it may be."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DocumentTooLarge, OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from app.mongo.abandoned import end_abandoned
from app.mongo.client import Store

T = TypeVar("T")
SECONDS = 30.0
LOOK_SECONDS = 1.0  # of being refused, until it is looked whether whoever is in the way is gone
DOCUMENT_TOO_LARGE = 10334
"""The server's code for a document of more than 16 MB."""


async def in_transaction(
    store: Store, work: Callable[[AsyncClientSession], Awaitable[T]], seconds: float = SECONDS
) -> T:
    """What `work` returns, once it is committed: majority, journaled, read from one snapshot.

    `work` may run more than once, so it keeps nothing between runs. The bound is ours, since the driver's own retrying
    of transactions is not bounded by `timeoutMS`. A document that the driver finds too large is an OperationFailure, as
    it is where the server finds it.
    """
    look_at = time.monotonic() + LOOK_SECONDS

    async def again(session: AsyncClientSession) -> T:
        nonlocal look_at
        if time.monotonic() > look_at:
            look_at = time.monotonic() + LOOK_SECONDS
            await end_abandoned(store)
        return await work(session)

    try:
        with pymongo.timeout(seconds):
            async with store.client.start_session() as session:
                return await session.with_transaction(
                    again, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority", j=True)
                )
    except DocumentTooLarge as error:
        raise OperationFailure(str(error), DOCUMENT_TOO_LARGE) from error
