"""The unit of work for a chunk of an import's rows: one transaction. A dry run keeps `PlannedRecords` instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.mongo.client import Doc
from app.mongo.keys import Claim
from app.writing.work import Wanted, Work

REMEMBERED_FIELDS = ("_id", "name", "ancestorIds", "currency", "deletedAt", "externalId", "organizationId", "mergedIds")
"""The fields of a planned record that the rules for later rows read."""


@dataclass(slots=True)
class PlannedRecords:
    """The claims and records that a dry run would have stored so far, by key and by id."""

    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    records: dict[str, Doc] = field(default_factory=dict)

    def remember(self, chunk: Chunk) -> None:
        """Add the claims and records of a chunk."""
        self.claims |= {(claim.namespace, claim.key): claim for claim in (*chunk.new_claims, *chunk.repointed)}
        self.records |= {doc["_id"]: {name: doc.get(name) for name in REMEMBERED_FIELDS} for doc in chunk.documents()}


@dataclass(slots=True)
class Chunk(Work):
    """The unit of work for a chunk of rows. Its reads find planned records of a dry run as if they were stored."""

    planned: PlannedRecords = field(default_factory=PlannedRecords)
    updates: bool = False
    """Whether records that are there are changed where rows differ from them."""
    taken_advice: str = ""

    async def find_owners(self, asked: Wanted) -> dict[tuple[str, str], Claim]:
        """(namespace, key) → its claim, stored or planned, for those of the keys that are claimed."""
        stored = await Work.find_owners(self, asked)
        keys = ((namespace, key) for namespace, keys in asked.items() for key in keys)
        return stored | {each: self.planned.claims[each] for each in keys if each in self.planned.claims}

    async def fetch(self, ids: Iterable[str | None]) -> None:
        """Read the records with these ids into `records`; planned ones too."""
        wanted = set(ids)
        self.records |= {each: self.planned.records[each] for each in wanted & self.planned.records.keys() if each}
        await Work.fetch(self, wanted)

    def is_new(self, record_id: str) -> bool:
        """Whether this import created the record, or would in a dry run."""
        return record_id in self.planned.records or Work.is_new(self, record_id)

    def lock_references(self, *ids: str | None) -> None:
        """Lock the records with these ids until the end of the transaction; planned ones need no lock."""
        Work.lock_references(self, *(each for each in ids if each not in self.planned.records))
