"""Bounded reads, each one command whose whole answer comes in the first reply.

The driver's cursors decode a reply document by document and stand ready to fetch more; where the size is known in
advance, that is half of the time. What a cursor does besides is done here: a read is tried again when the primary has
changed, and one that does not fit into a reply (16 MB) goes through a cursor after all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bson import Decimal128, decode
from bson.codec_options import CodecOptions, TypeEncoder, TypeRegistry
from bson.raw_bson import RawBSONDocument
from pymongo.errors import ConnectionFailure, OperationFailure

from app.mongo.client import CODEC, Doc, Store

ALL_AT_ONCE = 100_000
"""Documents a reply; the server's default of 101 costs a second round trip."""

MAJORITY = {"level": "majority"}


class DecimalEncoder(TypeEncoder):
    """Half of the codec. With a decoder among its options, the driver makes other options for each reply."""

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
    shown: Mapping[str, int] | None = None,
    *,
    limit: int,
    sort: Sequence[tuple[str, int]] = (),
) -> list[Doc]:
    """At most `limit` documents."""
    command: Doc = {"find": collection, "filter": query, "limit": limit, "batchSize": limit + 1}
    if shown is not None:
        command["projection"] = shown
    if sort:
        command["sort"] = dict(sort)
    docs = await answer(store, command)
    if docs is None:
        return await store[collection].find(query, shown, sort=sort or None, limit=limit).to_list()
    return docs


async def aggregate(store: Store, collection: str | None, pipeline: Sequence[Doc]) -> list[Doc]:
    """What a pipeline makes of a collection, or, with None, of documents of its own."""
    command: Doc = {
        "aggregate": 1 if collection is None else collection,
        "pipeline": pipeline,
        "cursor": {"batchSize": ALL_AT_ONCE},
    }
    docs = await answer(store, command)
    if docs is None:
        made = store.aggregate(pipeline) if collection is None else store[collection].aggregate(pipeline)
        return await (await made).to_list()
    return docs


async def answer(store: Store, command: Doc) -> list[Doc] | None:
    """The documents of the one reply; None where they do not fit into it."""
    asked = {**command, "readConcern": MAJORITY}
    try:
        cursor = await ask(store, asked)
    except (ConnectionFailure, OperationFailure) as error:
        if not is_retryable(error):
            raise
        cursor = await ask(store, asked)
    if cursor["id"]:
        name = cursor["ns"].partition(".")[2]
        await store.command({"killCursors": name, "cursors": [cursor["id"]]})
        return None
    docs: list[Doc] = cursor["firstBatch"]
    return docs


async def ask(store: Store, command: Doc) -> Doc:
    """The cursor in the reply to a command, decoded in one go; the driver itself decodes replies without our codec."""
    reply = await store.command(command, codec_options=RAW)
    return decode(reply["cursor"].raw, CODEC)


RETRYABLE = {6, 7, 63, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436}
"""The codes of the specification of retryable reads: the primary stepped down, the connection was lost."""


def is_retryable(error: Exception) -> bool:
    """Whether the same read may succeed at once, on a new connection or primary; never after a deadline."""
    if getattr(error, "timeout", False):
        return False
    return isinstance(error, ConnectionFailure) or getattr(error, "code", None) in RETRYABLE
