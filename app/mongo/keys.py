"""The `keys` collection: whatever finds a record claims a row here, unique on (namespace, key).

A claim is written in the same transaction as the record it finds; the unique index, not a read, decides who has a key.
One read resolves any number of keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from app.mongo.client import Doc, Store
from app.mongo.reads import aggregate

COLLECTION = "keys"
INDEXES = [
    IndexModel([("namespace", ASCENDING), ("key", ASCENDING)], name="one_owner_per_key", unique=True),
    IndexModel([("recordId", ASCENDING)], name="claims_of_a_record"),
]


@dataclass(frozen=True, slots=True)
class Claim:
    """`record_id` is found by `key` in `namespace`, because of its stored field `field`."""

    namespace: str
    key: str
    record_id: str
    field: str

    def document(self) -> Doc:
        """As it is stored."""
        return {"namespace": self.namespace, "key": self.key, "recordId": self.record_id, "field": self.field}


async def insert_claims(store: Store, claims: Sequence[Claim], session: AsyncClientSession) -> None:
    """Claim keys; a DuplicateKeyError or BulkWriteError (code 11000) where one is taken."""
    if claims:
        await store[COLLECTION].insert_many([claim.document() for claim in claims], session=session)


async def release_claims(store: Store, keys: Sequence[tuple[str, str]], session: AsyncClientSession) -> None:
    """Free these (namespace, key): whoever has them is not found by them any more."""
    by_namespace: dict[str, set[str]] = {}
    for namespace, key in keys:
        by_namespace.setdefault(namespace, set()).add(key)
    if by_namespace:
        each = [{"namespace": namespace, "key": {"$in": sorted(found)}} for namespace, found in by_namespace.items()]
        await store[COLLECTION].delete_many({"$or": each}, session=session)


async def repoint_claims(store: Store, claims: Sequence[Claim], session: AsyncClientSession) -> None:
    """Give keys that are taken to other records."""
    if claims:
        updates = [
            UpdateOne(
                {"namespace": claim.namespace, "key": {"$eq": claim.key}},
                {"$set": {"recordId": claim.record_id, "field": claim.field}},
            )
            for claim in claims
        ]
        await store[COLLECTION].bulk_write(updates, session=session)


async def claims_of(store: Store, record_ids: Sequence[str], session: AsyncClientSession) -> list[Claim]:
    """Every key that these records have."""
    found = store[COLLECTION].find({"recordId": {"$in": list(record_ids)}}, batch_size=100_000, session=session)
    return [Claim(row["namespace"], row["key"], row["recordId"], row["field"]) for row in await found.to_list()]


async def owners(
    store: Store, wanted: Mapping[str, Iterable[str]], session: AsyncClientSession | None = None
) -> dict[tuple[str, str], Claim]:
    """Who has which of these keys (namespace → keys), by (namespace, key), in one read."""
    asked = [{"namespace": name, "key": {"$in": sorted(set(keys))}} for name, keys in wanted.items()]
    if not asked:
        return {}
    found = store[COLLECTION].find({"$or": asked}, batch_size=100_000, session=session)
    claims = [Claim(row["namespace"], row["key"], row["recordId"], row["field"]) for row in await found.to_list()]
    return {(claim.namespace, claim.key): claim for claim in claims}


async def resolve_key(
    store: Store, namespace: str, key: str, fields: Sequence[str], collection: str, shown: dict[str, int] | None
) -> Doc | None:
    """The record in `collection` that owns `key` through one of `fields`, in one command."""
    pipeline: list[Doc] = [
        {"$match": {"namespace": namespace, "key": {"$eq": key}, "field": {"$in": list(fields)}}},
        {
            "$lookup": {
                "from": collection,
                "localField": "recordId",
                "foreignField": "_id",
                "pipeline": [{"$match": {"deletedAt": None}}, *([{"$project": shown}] if shown else [])],
                "as": "found",
            }
        },
        {"$unwind": "$found"},
        {"$replaceRoot": {"newRoot": "$found"}},
    ]
    rows = await aggregate(store, COLLECTION, pipeline)
    return rows[0] if rows else None
