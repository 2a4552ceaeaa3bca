"""What an edge says of the record it leads to: what becomes of the owned records when their owner is merged or deleted.

It is said once, where the edge is declared. Merges, previews of them, refusals to delete, restores and the rule of the
fixed currency are derived from it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import IndexModel


class OnMerge(enum.Enum):
    """What a merge does with the ids of the records that were merged away."""

    REASSIGN = "Each record gets the survivor's id, one version more and an audit entry."
    SWEEP = "All records get the survivor's id in one command, outside version and audit."
    READ_THROUGH = "The id stays; readers look it up through the ids that were merged into the survivor."
    TREE = "The merge itself writes it: it is what tells a survivor from a tombstone, and who stands above whom."
    NOTHING = "The id stays: it tells what was."


MongoFilter = dict[str, Any]
"""A filter as MongoDB takes it, by stored names."""


def match_everything(now: datetime) -> MongoFilter:
    """The MongoDB filter for all records, at any instant."""
    return {}


@dataclass(frozen=True, slots=True)
class Blocker:
    """How owned records keep their owner from being deleted: "It has 3 live subscribers: a, b, c. Move them first."

    `named_by` is the stored field that names each of them. Only those that match `where` count, a MongoDB filter at an
    instant.
    """

    what: str
    named_by: str
    advice: str
    where: Callable[[datetime], MongoFilter] = match_everything


MOVE_OR_DELETE = "Move or delete them first, or merge the whole organization into another."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """What it means for a record that another one's id stands in it.

    `on_merge` is needed where the owner is of a kind that can be merged. `is_counted`: previews of moves and merges
    tell how many there are. `fixes_currency`: the owner's currency cannot change any more once there is one.
    """

    on_merge: OnMerge | None = None
    blocks_delete: Blocker | None = None
    is_counted: bool = False
    fixes_currency: bool = False


@dataclass(frozen=True, slots=True)
class PlainCollection:
    """A collection whose documents are no records of the graph: its indexes, and its fields that hold ids of records.

    `held_ids` says of each such field what a merge does with it. It is SWEEP, TREE (the merge itself writes it) or one
    that leaves the ids: without records there is no version and no audit entry that REASSIGN could write.
    """

    name: str
    indexes: Sequence[IndexModel]
    held_ids: Mapping[str, OnMerge]

    def __post_init__(self) -> None:
        if OnMerge.REASSIGN in self.held_ids.values():
            raise ValueError(f"{self.name} is no collection of records: a merge can sweep its ids, not reassign them")
