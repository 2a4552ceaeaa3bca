"""What one transaction reads, and what it writes: a handful of commands, however many records it concerns.

Keys are resolved, and the records that they lead to fetched, before anything is decided; what is decided is kept here,
seen by what is decided later, and written at the end: records, claims, guards, and an audit entry for each record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from app.access.secrets import Cipher
from app.access.viewer import Viewer
from app.entities.audit_entry import AuditAction, AuditEntry
from app.entities.identifiers import Identifiers
from app.errors import Problem
from app.graph.documents import from_document, to_document
from app.graph.record import Record
from app.graph.search_texts import SEARCH_PARTS, SEARCH_TEXTS
from app.graph.search_upkeep import changed_search_fields, with_search_fields
from app.mongo.client import Doc, Store
from app.mongo.keys import Claim, find_claims_by_key, insert_claims, release_claims, repoint_claims
from app.mongo.write_locks import WriteLock
from app.writing.audit import Author, entry
from app.writing.dating import reassigning_update, with_former_owners
from app.writing.naming import collection_of, name_record

ALL_AT_ONCE = 100_000
NOT_SHOWN = {SEARCH_TEXTS: 0, SEARCH_PARTS: 0}
STAMPS = ("version", "updatedAt")
"""What changes of every record that is written."""
Wanted = Mapping[str, Iterable[str]]
Projection = Mapping[str, int]


R = TypeVar("R", bound=Record)
P = TypeVar("P")


class Sweep(NamedTuple):
    """A change to many records at once, of facts that lie outside version and audit."""

    collection: str
    query: Doc
    update: Doc | list[Doc]


@dataclass(slots=True)
class Change:
    """One record that is there, as it was and as it is to be."""

    before: Doc
    after: Doc
    action: AuditAction


@dataclass(slots=True)
class Work:
    """The database as one transaction sees it, and what is to be written. `now` is the one instant it all bears."""

    store: Store
    session: AsyncClientSession
    now: datetime
    ids: Identifiers
    viewer: Viewer
    operation: str
    """The mutation or command that writes."""
    cipher: Cipher | None = None
    write_lock: WriteLock | None = None
    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set)
    records: dict[str, Doc] = field(default_factory=dict)
    entities: dict[str, tuple[Doc, Record]] = field(default_factory=dict)
    parts: dict[type, object] = field(default_factory=dict)
    named: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    new_claims: list[Claim] = field(default_factory=list)
    released: list[tuple[str, str]] = field(default_factory=list)
    repointed: list[Claim] = field(default_factory=list)
    new_records: dict[str, list[Doc]] = field(default_factory=lambda: defaultdict(list))
    new_ids: set[str] = field(default_factory=set)
    changes: dict[str, Change] = field(default_factory=dict)
    sweeps: list[Sweep] = field(default_factory=list)
    reassigned: list[tuple[Doc, Doc]] = field(default_factory=list)
    referenced: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    warnings: list[Problem] = field(default_factory=list)
    taken_advice: str = " Update that one, or take another."
    """What to do about a key that another record has."""
    dry_run: bool = False
    """Whether nothing of it is to be written."""

    async def look_up(self, wanted: Wanted) -> None:
        """Resolve keys (namespace → keys) and fetch what they lead to: one read, and one for each collection."""
        asked = {name: {key for key in keys if (name, key) not in self.asked} for name, keys in wanted.items()}
        asked = {name: keys for name, keys in asked.items() if keys}
        if not asked:
            return
        found = await self.find_owners(asked)
        for place, claim in found.items():
            self.claims.setdefault(place, claim)
        self.asked |= {(name, key) for name, keys in asked.items() for key in keys}
        await self.fetch(claim.record_id for claim in found.values())

    async def find_owners(self, asked: Wanted) -> dict[tuple[str, str], Claim]:
        """Who has which of these keys, in one read."""
        return await find_claims_by_key(self.store, asked, self.session)

    async def fetch(self, ids: Iterable[str | None]) -> None:
        """Have these records at hand, deleted ones too: one read for each collection. What is not there is left out."""
        missing = defaultdict(list)
        for each in {each for each in ids if each is not None and each not in self.records}:
            if collection := collection_of(each):
                missing[collection].append(each)
        for collection, wanted in missing.items():
            for doc in await self.find(collection, {"_id": {"$in": sorted(wanted)}}):
                self.records[doc["_id"]] = doc

    async def find(
        self, collection: str, query: Doc, shown: Projection | None = None, limit: int = 0, sort: str | None = None
    ) -> list[Doc]:
        """Documents, in the transaction's snapshot; all of them where `limit` is 0. `sort` is a stored field.

        What search goes by is left out where no fields are named: it is large, and follows from the rest.
        """
        found = self.store[collection].find(
            query, shown or NOT_SHOWN, session=self.session, batch_size=ALL_AT_ONCE, limit=limit
        )
        return await (found.sort(sort) if sort else found).to_list()

    async def count(self, collection: str, query: Doc, limit: int) -> int:
        """How many documents match, counted up to `limit`."""
        return await self.store[collection].count_documents(query, session=self.session, limit=limit)

    def owner(self, namespace: str, key: str) -> Claim | None:
        """Who has a key that was looked up, or was given away here."""
        return self.claims.get((namespace, key))

    def found(self, namespace: str, key: str, fields: Sequence[str]) -> Doc | None:
        """The live record that has the key through one of these fields."""
        claim = self.owner(namespace, key)
        record = self.records.get(claim.record_id) if claim and claim.field in fields else None
        return record if record and not record.get("deletedAt") else None

    def get(self, kind: type[R], record_id: str | None) -> R | None:
        """The record with that id, deleted or not, where it is at hand: made here, looked up or fetched before."""
        doc = self.records.get(record_id or "")
        if doc is None:
            return None
        known, entity = self.entities.get(doc["_id"], (None, None))
        if known is not doc or not isinstance(entity, kind):
            entity = from_document(kind, doc)
            self.entities[doc["_id"]] = doc, entity
        return entity

    def part(self, kind: type[P]) -> P:
        """What a room keeps with this unit of work: one object of its own class, made when it is first asked for."""
        found = self.parts.setdefault(kind, kind())
        assert isinstance(found, kind)  # noqa: S101  # made of that class
        return found

    def display_key(self, value: object) -> object:
        """The external id of a record at hand, given its id; any other value as it is."""
        record = self.records.get(value) if isinstance(value, str) else None
        return (record and record.get("externalId")) or value

    def name_of_owner(self, record_id: str) -> str:
        """What a message calls the record that has a key."""
        return name_record(self.records.get(record_id) or {"_id": record_id})

    def is_new(self, record_id: str) -> bool:
        """Whether the record is made here."""
        return record_id in self.new_ids

    def documents(self) -> Iterable[Doc]:
        """The records that are made here."""
        return (doc for documents in self.new_records.values() for doc in documents)

    def add_document(self, record: Record, doc: Doc) -> None:
        """Store a new record, whose document is `doc`."""
        self.records[record.id] = doc
        self.entities[record.id] = doc, record
        self.new_records[record.collection].append(doc)
        self.new_ids.add(record.id)

    def add(self, record: Record, claims: Iterable[tuple[str, str, str]] = ()) -> Doc:
        """Store a new record with its claims (namespace, key, field). Returns its document."""
        doc = to_document(record)
        self.add_document(record, doc)
        for namespace, key, name in claims:
            self.claim(Claim(namespace, key, record.id, name))
        return doc

    def change(self, before: R, after: R, action: AuditAction = AuditAction.UPDATED) -> R:
        """Store what differs between a record and what it is to be; nothing where nothing does. Returns it as stored.

        Of several actions on one record the first that is not a mere update names its audit entry.
        """
        old = to_document(before)
        differing = {name: value for name, value in to_document(after).items() if old[name] != value}
        self.records.setdefault(before.id, old)
        self.set_fields(before.id, differing, action)
        found = self.get(type(before), before.id)
        return found or after

    def set_fields(self, record_id: str, values: Mapping[str, object], action: AuditAction) -> Doc:
        """Give stored fields of a record at hand other values. Returns the document as it will be."""
        there = self.records[record_id]
        differing = {name: value for name, value in values.items() if name not in there or there[name] != value}
        if not differing:
            return there
        if self.is_new(record_id):
            there.update(differing)
            self.entities.pop(record_id, None)
            return there
        change = self.changes.setdefault(record_id, Change(there, there, action))
        change.action = action if change.action is AuditAction.UPDATED else change.action
        version = change.before.get("version", 1) + 1
        updated_at = max(self.now, change.before["updatedAt"])  # it never goes back, so that histories are in order
        after = {**there, **differing, "version": version, "updatedAt": updated_at}
        change.after = with_former_owners(str(collection_of(record_id)), change.before, after, self.now)
        self.records[record_id] = change.after
        return change.after

    def claim(self, claim: Claim) -> None:
        """Give a key to a record."""
        self.claims[claim.namespace, claim.key] = claim
        self.new_claims.append(claim)

    def release(self, namespace: str, key: str) -> None:
        """Take a key from whoever has it."""
        self.claims.pop((namespace, key), None)
        self.asked.add((namespace, key))
        self.released.append((namespace, key))

    def repoint(self, claim: Claim) -> None:
        """Give a key that is taken to another record."""
        self.claims[claim.namespace, claim.key] = claim
        self.repointed.append(claim)

    def sweep(self, collection: str, query: Doc, update: Doc | list[Doc]) -> None:
        """Change derived facts of many records, in one command."""
        self.sweeps.append(Sweep(collection, query, update))

    async def reassign(self, collection: str, query: Doc, values: Mapping[str, str]) -> None:
        """Give many records other owners: one read and one write, each with one version more and an audit entry."""
        found = await self.find(collection, query, dict.fromkeys((*values, *STAMPS), 1))
        self.reassign_documents(collection, query, found, values)

    def reassign_documents(self, collection: str, query: Doc, found: Sequence[Doc], values: Mapping[str, str]) -> None:
        """The same for all that the query finds, read with the fields that change and `STAMPS`."""
        for doc in found:
            stamps: Doc = {"version": doc["version"] + 1, "updatedAt": max(self.now, doc["updatedAt"])}
            self.reassigned.append((doc, {**doc, **values, **stamps}))
        if found:
            self.sweep(collection, query, reassigning_update(collection, values, self.now))

    def lock_references(self, *ids: str | None) -> None:
        """A record refers to these: their guards are written, so that none of them can be deleted meanwhile."""
        for each in ids:
            if each is not None and (collection := collection_of(each)):
                self.referenced[collection].add(each)

    def acquire_write_locks(self, *names: str) -> None:
        """Keep the other writers of this process from writing these; raises LockContended where one of them does."""
        if self.write_lock is not None:
            self.write_lock.acquire(names)

    def contested(self) -> Iterable[str]:
        """What others may be about to write as well: records that are there, and keys."""
        yield from self.changes
        for ids in self.referenced.values():
            yield from ids - self.new_ids
        for claim in (*self.new_claims, *self.repointed):
            if claim.key != claim.record_id:
                yield f"{claim.namespace} {claim.key}"
        for namespace, key in self.released:
            yield f"{namespace} {key}"

    async def write(self) -> None:
        """All of it: one command for each collection and sort of write. Nothing in a dry run."""
        if self.dry_run:
            return
        self.acquire_write_locks(*self.contested())
        await release_claims(self.store, self.released, self.now, self.session)
        await repoint_claims(self.store, self.repointed, self.session)
        await insert_claims(self.store, self.new_claims, self.now, self.session)
        for collection, documents in self.new_records.items():
            stored = [with_search_fields(collection, doc) for doc in documents]
            await self.store[collection].insert_many(stored, session=self.session)
        await self.write_changes()
        for sweep in self.sweeps:
            await self.store[sweep.collection].update_many(sweep.query, sweep.update, session=self.session)
        for collection, ids in self.referenced.items():
            if there := sorted(ids - self.new_ids):
                raised = {"$inc": {"guard": 1}}
                await self.store[collection].update_many({"_id": {"$in": there}}, raised, session=self.session)
        if entries := list(self.entries()):
            await self.store[AuditEntry.collection].insert_many(entries, session=self.session)

    async def write_changes(self) -> None:
        """The records that are changed: only the fields that differ."""
        updates: dict[str, list[UpdateOne]] = defaultdict(list)
        for record_id, change in self.changes.items():
            collection = str(collection_of(record_id))
            fields = {name: v for name, v in change.after.items() if change.before.get(name, ...) != v}
            fields |= changed_search_fields(collection, change.before, change.after)
            updates[collection].append(UpdateOne({"_id": record_id}, {"$set": fields}))
        for collection, requests in updates.items():
            await self.store[collection].bulk_write(requests, session=self.session)

    @property
    def author(self) -> Author:
        """Who writes, and by which mutation or command."""
        return Author(self.viewer.id, self.operation)

    def entries(self) -> Iterable[Doc]:
        """An audit entry for each record that is made or changed."""
        for doc in self.documents():
            yield entry(self.ids, self.author, AuditAction.CREATED, None, doc)
        for before, after in self.reassigned:
            yield entry(self.ids, self.author, AuditAction.UPDATED, before, after)
        for change in self.changes.values():
            yield entry(self.ids, self.author, change.action, change.before, change.after)
