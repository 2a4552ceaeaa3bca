"""The `keys` collection: each key that a record can be looked up by is a claim here, unique on (namespace, key).

A claim is written in the same transaction as its record. The unique index decides who has a key, and not a read before
the write. One read resolves any number of keys. A claim that is let go of stays in `pastKeys`, with its times, so that
what a key meant at an instant can still be told.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from app.mongo.client import Doc, Store
from app.mongo.reads import BATCH_SIZE, aggregate

COLLECTION = "keys"
PAST = "pastKeys"
INDEXES = [
    IndexModel([("namespace", ASCENDING), ("key", ASCENDING)], name="one_owner_per_key", unique=True),
    IndexModel([("recordId", ASCENDING)], name="claims_of_a_record"),
]


PAST_INDEXES = [
    IndexModel([("namespace", ASCENDING), ("key", ASCENDING), ("until", ASCENDING)], name="past_owners_of_a_key"),
    IndexModel([("recordId", ASCENDING)], name="past_claims_of_a_record"),
]


@dataclass(frozen=True, slots=True)
class Claim:
    """The record `record_id` can be looked up by `key` in `namespace`; the key comes from its stored field `field`."""

    namespace: str
    key: str
    record_id: str
    field: str

    def document(self) -> Doc:
        """The claim as it is stored."""
        return {"namespace": self.namespace, "key": self.key, "recordId": self.record_id, "field": self.field}


@dataclass(frozen=True, slots=True)
class Ownership:
    """A record had a key from `since` on, or for as long as can be told, and until `until`, or still has it."""

    record_id: str
    field: str
    since: datetime | None
    until: datetime | None


async def insert_claims(store: Store, claims: Sequence[Claim], since: datetime, session: AsyncClientSession) -> None:
    """Store claims; raises BulkWriteError (writeErrors with code 11000) where another record has one of the keys."""
    if claims:
        rows = [claim.document() | {"since": since} for claim in claims]
        await store[COLLECTION].insert_many(rows, session=session)


async def release_claims(
    store: Store, keys: Sequence[tuple[str, str]], until: datetime, session: AsyncClientSession
) -> None:
    """Let other records claim these (namespace, key); who had them until then is kept in `pastKeys`."""
    by_namespace: dict[str, set[str]] = {}
    for namespace, key in keys:
        by_namespace.setdefault(namespace, set()).add(key)
    if not by_namespace:
        return
    query = any_key_in(by_namespace)
    rows = await store[COLLECTION].find(query, {"_id": 0}, batch_size=BATCH_SIZE, session=session).to_list()
    if rows:
        await store[PAST].insert_many([row | {"until": until} for row in rows], session=session)
        await store[COLLECTION].delete_many(query, session=session)


async def find_owners_over_time(
    store: Store, keys: Mapping[str, Iterable[str]]
) -> dict[tuple[str, str], list[Ownership]]:
    """Who has and had these keys (namespace → keys), by (namespace, key), the first owner first; one read of each
    collection."""
    found: dict[tuple[str, str], list[Ownership]] = defaultdict(list)
    if keys:
        query = any_key_in(keys)
        past = store[PAST].find(query, batch_size=BATCH_SIZE).sort("until", ASCENDING).to_list()
        current = store[COLLECTION].find(query, batch_size=BATCH_SIZE).to_list()
        for rows in await asyncio.gather(past, current):
            for row in rows:
                ownership = Ownership(row["recordId"], row["field"], row.get("since"), row.get("until"))
                found[row["namespace"], row["key"]].append(ownership)
    return found


def owner_at(owners: Sequence[Ownership], at: datetime) -> Ownership | None:
    """Who had a key at an instant; the first owner also answers for all time before it."""
    for number, owner in enumerate(owners):
        is_over = owner.until is not None and owner.until <= at
        if not is_over:
            has_begun = number == 0 or owner.since is None or owner.since <= at
            return owner if has_begun else None
    return None


async def repoint_claims(store: Store, claims: Sequence[Claim], session: AsyncClientSession) -> None:
    """Make keys that are claimed already lead to the record and field of these claims instead."""
    if claims:
        updates = [
            UpdateOne(
                {"namespace": claim.namespace, "key": {"$eq": claim.key}},
                {"$set": {"recordId": claim.record_id, "field": claim.field}},
            )
            for claim in claims
        ]
        await store[COLLECTION].bulk_write(updates, session=session)


async def find_claims_by_record(store: Store, record_ids: Sequence[str], session: AsyncClientSession) -> list[Claim]:
    """All claims of these records, in no order."""
    return await find_claims(store, {"recordId": {"$in": list(record_ids)}}, session)


async def find_claims_by_key(
    store: Store, keys: Mapping[str, Iterable[str]], session: AsyncClientSession | None = None
) -> dict[tuple[str, str], Claim]:
    """The claims to these keys (namespace → keys), by (namespace, key), in one read. Unclaimed keys are absent."""
    if not keys:
        return {}
    claims = await find_claims(store, any_key_in(keys), session)
    return {(claim.namespace, claim.key): claim for claim in claims}


async def find_claims(store: Store, query: Doc, session: AsyncClientSession | None) -> list[Claim]:
    """The claims that match `query`."""
    cursor = store[COLLECTION].find(query, batch_size=BATCH_SIZE, session=session)
    return [Claim(row["namespace"], row["key"], row["recordId"], row["field"]) for row in await cursor.to_list()]


def any_key_in(keys: Mapping[str, Iterable[str]]) -> Doc:
    """The filter for claims to any of these keys (namespace → keys)."""
    return {"$or": [{"namespace": namespace, "key": {"$in": sorted(set(among))}} for namespace, among in keys.items()]}


async def find_record_by_key(
    store: Store, namespace: str, key: str, fields: Sequence[str], collection: str, projection: dict[str, int] | None
) -> Doc | None:
    """The live record of `collection` that has claimed `key` for one of `fields`, or None. One command."""
    pipeline: list[Doc] = [
        {"$match": {"namespace": namespace, "key": {"$eq": key}, "field": {"$in": list(fields)}}},
        {
            "$lookup": {
                "from": collection,
                "localField": "recordId",
                "foreignField": "_id",
                "pipeline": [{"$match": {"deletedAt": None}}, *([{"$project": projection}] if projection else [])],
                "as": "record",
            }
        },
        {"$unwind": "$record"},
        {"$replaceRoot": {"newRoot": "$record"}},
    ]
    rows = await aggregate(store, COLLECTION, pipeline)
    return rows[0] if rows else None
