"""The functions that read what no collection holds, by the names under which declarations ask for them.

A record declares a computed edge with `computed(..., batch="Organization.statements")`, and a root field of computed
pages with `computed_connection(..., batch="Query.duplicateCandidates")`. The room that can compute it offers a plain
function; whoever builds the schema registers the function here, under that name, before the declarations are checked. A
record that is stored nowhere is read by its ids under its own name and `.id`: "Statement.id".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from app.context import Context
from app.errors import SetupError
from app.graph.declarations import Args
from app.graph.page import ComputedPage
from app.graph.read import Fields, Key
from app.mongo.client import Doc

Reader = TypeVar("Reader")

Computation = Doc | Sequence[Doc] | None
"""What a computed edge leads to from one parent: a document, or the documents of a plural edge."""

EdgeReader = Callable[[Context, Sequence[Key], Args, Fields], Awaitable[Mapping[Key, Computation]]]
"""Computes an edge for all parents of a level: their keys, the field's arguments, and the stored names that are wanted
of each document (None: all of them). It returns what each key leads to."""

ConnectionReader = Callable[[Context, Args, int], Awaitable[ComputedPage]]
"""Reads a page of a computed connection: the field's arguments, and how many documents the page may have."""

COMPUTED_EDGES: dict[str, EdgeReader] = {}
COMPUTED_CONNECTIONS: dict[str, ConnectionReader] = {}


def register_computed_edges(readers: Mapping[str, EdgeReader]) -> None:
    """Register the functions that read computed edges, by the names in `computed(..., batch=…)`."""
    _register(COMPUTED_EDGES, readers)


def register_computed_connections(readers: Mapping[str, ConnectionReader]) -> None:
    """Register the functions that read computed connections, by the names in `computed_connection(..., batch=…)`."""
    _register(COMPUTED_CONNECTIONS, readers)


def _register(registered: dict[str, Reader], readers: Mapping[str, Reader]) -> None:
    for name, reader in readers.items():
        if registered.setdefault(name, reader) is not reader:
            raise SetupError(f"Two functions are registered for {name}. Register one.")
