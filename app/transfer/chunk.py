"""A chunk of the rows of an import: one transaction. A dry run writes nothing and keeps `PlannedRecords` instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.mongo.client import Doc
from app.mongo.keys import Claim
from app.writing.work import Wanted, Work

KEPT = ("_id", "name", "ancestorIds", "currency", "deletedAt", "externalId", "organizationId", "mergedIds")
"""What other rows look at in a record that a dry run would have made."""


@dataclass(slots=True)
class PlannedRecords:
    """What a dry run would have stored so far."""

    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    records: dict[str, Doc] = field(default_factory=dict)

    def remember(self, chunk: Chunk) -> None:
        """Keep what a chunk would have added."""
        self.claims |= {(claim.namespace, claim.key): claim for claim in (*chunk.new_claims, *chunk.repointed)}
        self.records |= {doc["_id"]: {name: doc.get(name) for name in KEPT} for doc in chunk.documents()}


@dataclass(slots=True)
class Chunk(Work):
    """The database as a chunk of rows sees it, with what a dry run would have stored before, and what the rows add."""

    planned: PlannedRecords = field(default_factory=PlannedRecords)
    taken_advice: str = ""

    def name_of_owner(self, record_id: str) -> str:
        """What a message calls the record that has a key: its external id, if it has one."""
        return repr(self.display_key(record_id))

    async def find_owners(self, asked: Wanted) -> dict[tuple[str, str], Claim]:
        """Who has which of these keys, or would have."""
        found = await Work.find_owners(self, asked)
        keys = ((namespace, key) for namespace, keys in asked.items() for key in keys)
        return found | {each: self.planned.claims[each] for each in keys if each in self.planned.claims}

    async def fetch(self, ids: Iterable[str | None]) -> None:
        """Have these records at hand, those that are only planned too."""
        wanted = set(ids)
        self.records |= {each: self.planned.records[each] for each in wanted & self.planned.records.keys() if each}
        await Work.fetch(self, wanted)

    def is_new(self, record_id: str) -> bool:
        """Whether this import made the record, or would have."""
        return record_id in self.planned.records or Work.is_new(self, record_id)

    def lock_references(self, *ids: str | None) -> None:
        """Write the guards of those that are there."""
        Work.lock_references(self, *(each for each in ids if each not in self.planned.records))
