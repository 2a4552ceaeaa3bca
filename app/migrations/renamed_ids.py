"""Ids whose prefix has changed: wherever they are stored, they are given the new one."""

from __future__ import annotations

import re

from pymongo.asynchronous.client_session import AsyncClientSession

from app.graph.record import Record
from app.mongo.client import Doc, Store
from app.mongo.migrations import BATCH_SECONDS, COLLECTION, batches, change_documents
from app.mongo.transactions import in_transaction

ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"


async def rename_ids(store: Store, record: type[Record], earlier: str) -> int:
    """Give the ids of a kind of record its prefix in place of an earlier one; how many documents changed.

    The records themselves come last, so that what was begun and not ended is begun again.
    """
    old_ids = {"_id": {"$gte": f"{earlier}_", "$lt": f"{earlier}`"}}  # ` is the character after _
    if await store[record.collection].find_one(old_ids, {"_id": 1}) is None:
        return 0
    pattern = re.compile(f"{earlier}_({ULID})")
    total = 0
    for name in await store.list_collection_names(filter={"name": {"$not": {"$regex": r"^system\."}}}):
        if name not in (COLLECTION, record.collection):
            total += await change_documents(store, name, {}, lambda doc: renamed_fields(doc, pattern, record.prefix))
    async for docs in batches(store, record.collection, old_ids, None):
        renamed = [{**doc, "_id": rename(doc["_id"], pattern, record.prefix)} for doc in docs]
        renamed = [{**doc, **renamed_fields(doc, pattern, record.prefix)} for doc in renamed]
        await replace_documents(store, record.collection, docs, renamed)
        total += len(docs)
    return total


async def replace_documents(store: Store, collection: str, old: list[Doc], new: list[Doc]) -> None:
    """Put documents in the place of others that have other ids, in one transaction."""

    async def replace(session: AsyncClientSession) -> None:
        await store[collection].delete_many({"_id": {"$in": [doc["_id"] for doc in old]}}, session=session)
        await store[collection].insert_many(new, session=session)

    await in_transaction(store, replace, BATCH_SECONDS)


def renamed_fields(doc: Doc, pattern: re.Pattern[str], prefix: str) -> Doc:
    """The fields of a document in which an id is renamed, as they are to be; its own id left out."""
    found = {name: rename(value, pattern, prefix) for name, value in doc.items() if name != "_id"}
    return {name: value for name, value in found.items() if value != doc[name]}


def rename(value: object, pattern: re.Pattern[str], prefix: str) -> object:
    """A stored value with every id in it renamed: texts that are one, not those that only contain one."""
    if isinstance(value, str):
        match = pattern.fullmatch(value)
        return f"{prefix}_{match[1]}" if match else value
    if isinstance(value, dict):
        return {name: rename(inner, pattern, prefix) for name, inner in value.items()}
    if isinstance(value, list):
        return [rename(inner, pattern, prefix) for inner in value]
    return value
