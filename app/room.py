"""What a room brings to the product. `app/schema.py` lists the rooms; nothing is brought by an import alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.graph.ownership import PlainCollection
from app.graph.record import Embedded, Record
from app.graph.registry import (
    ConnectionReader,
    EdgeReader,
    register_computed_connections,
    register_computed_edges,
)
from app.transfer.exporting import Exporter
from app.transfer.importer import Importer
from app.writing.owned import register_collections
from app.writing.owner_hooks import OwnerHook, register_owner_hooks
from app.writing.registry import register_rules
from app.writing.rules import Rules


class Nothing:
    """No root fields."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """The records of a room, the rules by which they are written, its root fields, and what it computes.

    `computed_edges` and `computed_connections` are how declared edges and lists are worked out, by the names that they
    are declared with. `collections` are those that hold no records. `importers` and `exporters` are by the plural that
    the command line calls the records by. `owner_hooks` are asked about records that a lower room owns.
    """

    records: Sequence[type[Embedded]] = ()
    rules: Sequence[type[Rules[Any]]] = ()
    queries: type = Nothing
    mutations: type = Nothing
    computed_edges: Mapping[str, EdgeReader] = field(default_factory=dict)
    computed_connections: Mapping[str, ConnectionReader] = field(default_factory=dict)
    importers: Mapping[str, Callable[[], Importer]] = field(default_factory=dict)
    exporters: Mapping[str, Exporter] = field(default_factory=dict)
    collections: Sequence[PlainCollection] = ()
    owner_hooks: Sequence[tuple[type[Record], OwnerHook[Any]]] = ()


def register(rooms: Sequence[Room]) -> None:
    """Let the graph and the lifecycles know what the rooms bring."""
    for room in rooms:
        register_computed_edges(room.computed_edges)
        register_computed_connections(room.computed_connections)
        register_rules(room.rules)
    register_collections([collection for room in rooms for collection in room.collections])
    register_owner_hooks([hook for room in rooms for hook in room.owner_hooks])
