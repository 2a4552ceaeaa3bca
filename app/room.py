"""What a room brings to the product. `app/schema.py` lists the rooms; nothing is brought by an import alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.graph.edges import BATCHES, Batch
from app.graph.listed import LISTINGS, Listing
from app.graph.record import Embedded, Record
from app.transfer.exporting import Exporter
from app.transfer.importer import Importer
from app.writing.owner_hooks import OwnerHook, register_owner_hooks
from app.writing.registry import register_rules
from app.writing.rules import Rules


class Nothing:
    """No root fields."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """The records of a room, the rules by which they are written, its root fields, and what it computes.

    `computed_edges` and `computed_connections` are how declared edges and lists are worked out, by the names that they
    are declared with. `importers` and `exporters` are by the plural that the command line calls the records by.
    """

    records: Sequence[type[Embedded]] = ()
    rules: Sequence[type[Rules[Any]]] = ()
    queries: type = Nothing
    mutations: type = Nothing
    computed_edges: Mapping[str, Batch] = field(default_factory=dict)
    computed_connections: Mapping[str, Listing] = field(default_factory=dict)
    importers: Mapping[str, Callable[[], Importer]] = field(default_factory=dict)
    exporters: Mapping[str, Exporter] = field(default_factory=dict)
    owner_hooks: Sequence[tuple[type[Record], OwnerHook[Any]]] = ()


def register(rooms: Sequence[Room]) -> None:
    """Let the graph and the lifecycles know what the rooms bring."""
    for room in rooms:
        BATCHES.update(room.computed_edges)
        LISTINGS.update(room.computed_connections)
        register_rules(room.rules)
    register_owner_hooks([hook for room in rooms for hook in room.owner_hooks])
