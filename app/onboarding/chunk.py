"""What one transaction of an import reads, and what it writes: a handful of commands, however many rows it has.

Keys are resolved, and the records that they lead to fetched, before any row is decided; what the rows add is kept here
and seen by the rows behind them, and written at the end. In a dry run nothing is: `Planned` remembers it instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from app.entities.identifiers import Identifiers
from app.graph.documents import to_document
from app.graph.record import Record, stored_records
from app.mongo.client import Doc, Store
from app.mongo.keys import Claim, insert_claims, owners

ALL_AT_ONCE = 100_000
KEPT = ("_id", "ancestorIds", "deletedAt", "externalId")
"""What other rows look at in a record that a dry run would have made."""


@dataclass(slots=True)
class Planned:
    """What a dry run would have stored so far."""

    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    records: dict[str, Doc] = field(default_factory=dict)

    def remember(self, chunk: Chunk) -> None:
        """Keep what a chunk would have added."""
        self.claims |= {(claim.namespace, claim.key): claim for claim in chunk.new_claims}
        self.records |= {doc["_id"]: {name: doc.get(name) for name in KEPT} for doc in chunk.documents()}


@dataclass(slots=True)
class Chunk:
    """The database as a chunk of rows sees it, and what the rows add. `now` is when the import began."""

    store: Store
    session: AsyncClientSession
    now: datetime
    ids: Identifiers
    planned: Planned
    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    records: dict[str, Doc] = field(default_factory=dict)
    new_claims: list[Claim] = field(default_factory=list)
    new_records: dict[str, list[Doc]] = field(default_factory=lambda: defaultdict(list))
    new_ids: set[str] = field(default_factory=set)
    pointed_at: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    async def look_up(self, wanted: Mapping[str, Iterable[str]]) -> None:
        """Resolve keys (namespace → keys) and fetch what they lead to: one read, and one for each collection."""
        asked = {namespace: set(keys) for namespace, keys in wanted.items()}
        found = await owners(self.store, {name: keys for name, keys in asked.items() if keys}, self.session)
        self.claims |= found
        self.claims |= {
            (namespace, key): self.planned.claims[namespace, key]
            for namespace, keys in asked.items()
            for key in keys
            if (namespace, key) in self.planned.claims
        }
        await self.fetch(claim.record_id for claim in self.claims.values())

    async def fetch(self, ids: Iterable[str | None]) -> None:
        """Have these records at hand: one read for each collection."""
        missing = defaultdict(list)
        for each in set(ids) - self.records.keys() - {None}:
            if each in self.planned.records:
                self.records[each] = self.planned.records[each]
            elif each is not None:
                missing[collection_of(each)].append(each)
        for collection, wanted in missing.items():
            for doc in await self.find(collection, {"_id": {"$in": sorted(wanted)}}):
                self.records[doc["_id"]] = doc

    async def find(self, collection: str, query: Doc, shown: dict[str, int] | None = None) -> list[Doc]:
        """Documents, in the transaction's snapshot."""
        found = self.store[collection].find(query, shown, session=self.session, batch_size=ALL_AT_ONCE)
        return await found.to_list()

    def owner(self, namespace: str, key: str) -> Claim | None:
        """Who has a key that was looked up, be it a row before this one."""
        return self.claims.get((namespace, key))

    def found(self, namespace: str, key: str, fields: Sequence[str]) -> Doc | None:
        """The live record that has the key through one of these fields."""
        claim = self.owner(namespace, key)
        record = self.records.get(claim.record_id) if claim and claim.field in fields else None
        return record if record and not record.get("deletedAt") else None

    def called(self, value: Any) -> Any:
        """The external id of a record at hand, given its id; any other value as it is."""
        record = self.records.get(value) if isinstance(value, str) else None
        return (record and record.get("externalId")) or value

    def is_new(self, record_id: str) -> bool:
        """Whether this import made the record, or would have."""
        return record_id in self.planned.records or record_id in self.new_ids

    def documents(self) -> Iterable[Doc]:
        """The records that the rows add."""
        return (doc for documents in self.new_records.values() for doc in documents)

    def add(self, record: Record, claims: Iterable[tuple[str, str, str]] = ()) -> None:
        """Store a record with its claims (namespace, key, field) when the chunk is written."""
        doc = to_document(record)
        self.records[record.id] = doc
        self.new_records[record.collection].append(doc)
        self.new_ids.add(record.id)
        for namespace, key, name in claims:
            claim = self.claims[namespace, key] = Claim(namespace, key, record.id, name)
            self.new_claims.append(claim)

    def point_at(self, *ids: str | None) -> None:
        """A new record points at these: their guards are written, so that none of them can be deleted meanwhile."""
        for each in ids:
            if each is not None and each not in self.planned.records:
                self.pointed_at[collection_of(each)].add(each)

    async def write(self) -> None:
        """All of it: one command for each collection, one for the claims, one a collection for the guards."""
        for collection, documents in self.new_records.items():
            await self.store[collection].insert_many(documents, session=self.session)
        await insert_claims(self.store, self.new_claims, self.session)
        for collection, ids in self.pointed_at.items():
            if there := sorted(ids - self.new_ids):
                raised = {"$inc": {"guard": 1}}
                await self.store[collection].update_many({"_id": {"$in": there}}, raised, session=self.session)


@cache
def collections() -> dict[str, str]:
    """Prefix of an id → the collection."""
    return {record.prefix: record.collection for record in stored_records().values()}


def collection_of(record_id: str) -> str:
    """Where a record lives, by its id."""
    return collections()[record_id.partition("_")[0]]
