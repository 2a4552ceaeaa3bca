"""What search goes by, put into documents: into those that are written, and those of an earlier version."""

from __future__ import annotations

from functools import cache

from pymongo import UpdateOne

from app.graph.edges import LIVE
from app.graph.record import Record, stored_records
from app.graph.search_texts import SEARCH_PARTS, search_fields
from app.mongo.client import Doc, Store
from app.mongo.reads import find

BATCH = 1_000


def with_search_fields(collection: str, doc: Doc) -> Doc:
    """A document as it is stored: with what it is searched by."""
    return {**doc, **search_fields(doc, searched_fields()[collection])}


@cache
def searched_fields() -> dict[str, tuple[str, ...]]:
    """Collection → the fields that its records are searched by."""
    return {record.collection: record.searched for record in stored_records().values()}


async def ensure_search_fields(store: Store) -> None:
    """Store what search goes by with live records that lack it. If all have it, that is one read of each collection."""
    for record in stored_records().values():
        if record.searched:
            await ensure_fields_of(store, record)


async def ensure_fields_of(store: Store, record: type[Record]) -> None:
    """As `ensure_search_fields`, for one record."""
    shown = dict.fromkeys(record.searched, 1)
    while docs := await find(store, record.collection, {SEARCH_PARTS: None, **LIVE}, shown, limit=BATCH):
        made = [UpdateOne({"_id": doc["_id"]}, {"$set": search_fields(doc, record.searched)}) for doc in docs]
        await store[record.collection].bulk_write(made, ordered=False)
