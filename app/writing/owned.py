"""What belongs to a record, by what the edges to it declare: what blocks its deletion, and what is counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from app.errors import Problem
from app.graph.edges import One, Refs
from app.graph.many import Many
from app.graph.ownership import Blocker, OnMerge, Ownership, PlainCollection
from app.graph.record import Record, declarations_of, stored_records
from app.mongo.client import Doc
from app.writing.naming import name_with_id
from app.writing.work import Work

SHOWN, MOST_COUNTED = 3, 10_000


class OwnedEdge(NamedTuple):
    """Records of a kind that hold the owner's id in the stored field `via`."""

    record: type[Record]
    via: str
    ownership: Ownership

    def of(self, owner_ids: Collection[str]) -> Doc:
        """The query for the live records that belong to these owners."""
        return {self.via: {"$in": sorted(owner_ids)}, "deletedAt": None}


def owned_edges(owner: type[Record]) -> list[OwnedEdge]:
    """The edges to that kind of record that say what they mean for it, in the order of its own edges back to them."""
    lists = [(each.target, each.by) for each in declarations_of(owner) if isinstance(each, Many)]
    places = {(target, stored): n for n, (target, by) in enumerate(lists) for stored in by}
    found = [
        OwnedEdge(record, edge.via, edge.owned)
        for record in stored_records().values()
        for edge in declarations_of(record)
        if isinstance(edge, (One, Refs)) and edge.owned and edge.target == owner.__name__
    ]
    return sorted(found, key=lambda edge: places.get((edge.record.__name__, edge.via), len(places)))


COLLECTIONS: list[PlainCollection] = []
"""The collections that hold no records; the rooms bring them."""


def register_collections(collections: Iterable[PlainCollection]) -> None:
    """Let merges know these collections, and no others."""
    COLLECTIONS[:] = collections


def swept_fields() -> list[tuple[str, str]]:
    """(collection, field) of each field in a plain collection in which a merge puts the survivor's id."""
    held = ((each.name, field, on_merge) for each in COLLECTIONS for field, on_merge in each.held_ids.items())
    return [(name, field) for name, field, on_merge in held if on_merge is OnMerge.SWEEP]


def merged_edges(owner: type[Record], on_merge: OnMerge) -> list[OwnedEdge]:
    """Those whose records a merge treats in that way."""
    return [edge for edge in owned_edges(owner) if edge.ownership.on_merge is on_merge]


async def deletion_blockers(work: Work, owner: Record) -> list[Problem]:
    """A problem for each sort of live records that keeps the owner from being deleted."""
    found: list[Problem] = []
    for edge in owned_edges(type(owner)):
        if edge.ownership.blocks_delete:
            found += await blocked_by(work, edge, edge.ownership.blocks_delete, owner)
    return found


async def blocked_by(work: Work, edge: OwnedEdge, blocker: Blocker, owner: Record) -> list[Problem]:
    """The records that one edge leads from, as one problem that names a few of them."""
    query: Doc = {edge.via: owner.id, **blocker.where(work.now), "deletedAt": None}
    rows = await work.find(edge.record.collection, query, {blocker.named_by: 1}, limit=SHOWN + 1)
    if not rows:
        return []
    count = len(rows) if len(rows) <= SHOWN else await work.count(edge.record.collection, query, MOST_COUNTED)
    named = name_a_few([name_blocker(row, blocker.named_by) for row in rows[:SHOWN]], count)
    return [Problem("IN_USE", ("by",), f"It has {blocker.what}: {named}. {blocker.advice}")]


def name_blocker(row: Doc, named_by: str) -> str:
    """One of them so that it can be found: by the key that it is named by, or by its name and id."""
    return name_with_id(row) if named_by == "name" else str(row.get(named_by) or row["_id"])


def name_a_few(names: Sequence[str], count: int) -> str:
    """Some of many by name: "a, b and 1 more"."""
    more = count - len(names)
    return f"{', '.join(names)} and {more:,} more" if more > 0 else ", ".join(names)


async def count_owned(work: Work, owner: type[Record], owner_ids: Collection[str], most: int) -> dict[str, int]:
    """Collection → how many live records there belong to these owners, each counted up to `most`."""
    own = {
        edge.record.collection: edge
        for edge in reversed(owned_edges(owner))
        if edge.record is not owner and edge.ownership.on_merge in (OnMerge.REASSIGN, OnMerge.SWEEP)
    }
    return {name: await work.count(name, edge.of(owner_ids), most) for name, edge in reversed(own.items())}


def in_words(counts: Mapping[str, int]) -> str:
    """Counts by collection as a message tells them: "3 subscribers, 5 usage attributes"."""
    names = {record.collection: record.plural_name() for record in stored_records().values()}
    return ", ".join(f"{count:,} {names[collection]}" for collection, count in counts.items() if count)


async def fixing_currency(work: Work, owner: type[Record], owner_id: str) -> list[str]:
    """What an owner has that is in its currency, in words; deleted records too, since they were in it."""
    found = []
    for edge in owned_edges(owner):
        if edge.ownership.fixes_currency:
            query: Doc = {edge.via: owner_id}
            if await work.find(edge.record.collection, query, {"_id": 1}, limit=1):
                found.append(edge.record.plural_name())
    return found
