"""Bounded reads: one `find` or `aggregate` command whose first batch holds the whole result.

The driver's cursors decode a batch document by document and are prepared to fetch more, which takes half of the time of
a read. These functions decode the first batch at once. What a cursor does besides is done here too: a read is retried
when the primary has changed, and a result that does not fit into one reply (16 MB) is read through a cursor after all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bson import Decimal128, decode
from bson.codec_options import CodecOptions, TypeEncoder, TypeRegistry
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ConnectionFailure, OperationFailure

from app.mongo.client import CODEC, Doc, Store

Session = AsyncClientSession | None
"""The session of the transaction that a read belongs to, if it belongs to one."""

BATCH_SIZE = 100_000
"""Documents in the first batch at most; with the server's default of 101 a read takes a second round trip."""

MAJORITY = {"level": "majority"}


class DecimalEncoder(TypeEncoder):
    """The encoding half of `DecimalCodec`: with a decoder in its options the driver copies them for each reply."""

    python_type = Decimal

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)


RAW: CodecOptions[RawBSONDocument] = CodecOptions(
    document_class=RawBSONDocument, type_registry=TypeRegistry([DecimalEncoder()])
)


async def find(
    store: Store,
    collection: str,
    query: Doc,
    projection: Mapping[str, int] | None = None,
    *,
    limit: int,
    sort: Sequence[tuple[str, int]] = (),
    session: Session = None,
) -> list[Doc]:
    """The first `limit` documents that match `query`, in the order of `sort`; with a session, in its snapshot."""
    command: Doc = {"find": collection, "filter": query, "limit": limit, "batchSize": limit + 1}
    if projection is not None:
        command["projection"] = projection
    if sort:
        command["sort"] = dict(sort)
    docs = await read_first_batch(store, command, session)
    if docs is None:
        cursor = store[collection].find(query, projection, sort=sort or None, limit=limit, session=session)
        return await cursor.to_list()
    return docs


async def aggregate(
    store: Store, collection: str | None, pipeline: Sequence[Doc], session: Session = None
) -> list[Doc]:
    """The result of a pipeline over a collection; with None, of one that begins with documents of its own."""
    command: Doc = {
        "aggregate": 1 if collection is None else collection,
        "pipeline": pipeline,
        "cursor": {"batchSize": BATCH_SIZE},
    }
    docs = await read_first_batch(store, command, session)
    if docs is None:
        source = store if collection is None else store[collection]
        return await (await source.aggregate(pipeline, session=session)).to_list()
    return docs


async def read_first_batch(store: Store, command: Doc, session: Session = None) -> list[Doc] | None:
    """The result of a command, from its first batch; None where that does not hold all of it.

    A transaction has a read concern of its own, and is retried as a whole.
    """
    if session is not None:
        cursor = await run_command(store, command, session)
        return cursor["firstBatch"] if not cursor["id"] else None
    command = {**command, "readConcern": MAJORITY}
    try:
        cursor = await run_command(store, command)
    except (ConnectionFailure, OperationFailure) as error:
        if not is_retryable(error):
            raise
        cursor = await run_command(store, command)
    if cursor["id"]:
        name = cursor["ns"].partition(".")[2]
        await store.command({"killCursors": name, "cursors": [cursor["id"]]})
        return None
    docs: list[Doc] = cursor["firstBatch"]
    return docs


async def run_command(store: Store, command: Doc, session: Session = None) -> Doc:
    """The `cursor` of the reply to a command, decoded with our codec, which the driver does not use for replies."""
    reply = await store.command(command, codec_options=RAW, session=session)
    return decode(reply["cursor"].raw, CODEC)


RETRYABLE_CODES = {6, 7, 63, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436}
"""The error codes that MongoDB's retryable reads specification lists: the primary stepped down or shuts down."""


def is_retryable(error: Exception) -> bool:
    """Whether the same read may succeed at once on another connection or primary; never after a deadline."""
    if getattr(error, "timeout", False):
        return False
    return isinstance(error, ConnectionFailure) or getattr(error, "code", None) in RETRYABLE_CODES
