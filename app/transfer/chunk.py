"""The unit of work for a chunk of an import's rows: one transaction. A dry run keeps `PlannedRecords` instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from app.mongo.client import Doc
from app.mongo.keys import Claim
from app.writing.work import Wanted, Work

REMEMBERED_FIELDS = (
    *("_id", "name", "kind", "ancestorIds", "currency", "deletedAt", "externalId", "organizationId", "mergedIds"),
)
"""The fields of a planned record that the rules for later rows read."""


@runtime_checkable
class PlannedPart(Protocol):
    """A part of a unit of work that says more of records than is stored: a dry run keeps it for later chunks."""

    def as_planned(self, doc: Doc) -> Doc:
        """A document as it would be stored."""


@dataclass(slots=True)
class PlannedRecords:
    """What a dry run would have stored: claims by key (None: let go of), new records and changed fields by id."""

    claims: dict[tuple[str, str], Claim | None] = field(default_factory=dict)
    records: dict[str, Doc] = field(default_factory=dict)
    changes: dict[str, Doc] = field(default_factory=dict)
    parts: dict[type, object] = field(default_factory=dict)

    def remember(self, chunk: Chunk) -> None:
        """Add what a chunk would have stored."""
        self.claims |= dict.fromkeys(chunk.released)
        self.claims |= {(claim.namespace, claim.key): claim for claim in (*chunk.new_claims, *chunk.repointed)}
        self.records |= {doc["_id"]: {name: doc.get(name) for name in REMEMBERED_FIELDS} for doc in chunk.documents()}
        for record_id, change in chunk.changes.items():
            fields = {name: value for name, value in change.after.items() if change.before.get(name) != value}
            self.changes[record_id] = self.changes.get(record_id, {}) | fields
        self.parts |= {kind: part for kind, part in chunk.parts.items() if isinstance(part, PlannedPart)}

    def as_planned(self, doc: Doc) -> Doc:
        """A stored document as it would be by now."""
        for part in self.parts.values():
            doc = part.as_planned(doc) if isinstance(part, PlannedPart) else doc
        return doc | self.changes.get(doc["_id"], {})


@dataclass(slots=True)
class Chunk(Work):
    """The unit of work for a chunk of rows. Its reads find planned records of a dry run as if they were stored."""

    planned: PlannedRecords = field(default_factory=PlannedRecords)
    updates: bool = False
    """Whether records that are there are changed where rows differ from them."""
    taken_advice: str = ""

    async def find_owners(self, asked: Wanted) -> dict[tuple[str, str], Claim]:
        """(namespace, key) → its claim, stored or planned, for those of the keys that are claimed."""
        owners: dict[tuple[str, str], Claim | None] = {**await Work.find_owners(self, asked)}
        keys = ((namespace, key) for namespace, keys in asked.items() for key in keys)
        owners |= {each: self.planned.claims[each] for each in keys if each in self.planned.claims}
        return {each: claim for each, claim in owners.items() if claim}

    async def fetch(self, ids: Iterable[str | None]) -> None:
        """Read the records with these ids into `records`; planned ones too."""
        wanted = {each for each in ids if each and each not in self.records}
        self.records |= {each: self.planned.records[each] for each in wanted & self.planned.records.keys()}
        await Work.fetch(self, wanted)
        if self.planned.changes:
            self.records |= {each: self.planned.as_planned(self.records[each]) for each in wanted & self.records.keys()}

    def __post_init__(self) -> None:
        self.parts |= self.planned.parts

    def is_new(self, record_id: str) -> bool:
        """Whether this import created the record, or would in a dry run."""
        return record_id in self.planned.records or Work.is_new(self, record_id)

    def lock_references(self, *ids: str | None) -> None:
        """Lock the records with these ids until the end of the transaction; planned ones need no lock."""
        Work.lock_references(self, *(each for each in ids if each not in self.planned.records))
