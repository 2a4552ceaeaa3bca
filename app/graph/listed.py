"""The root field that is a list worked out: a connection whose pages no collection holds.

The room that can work it out registers how, by name. It answers with a page of documents, each with its own `cursor`:
the order is the room's, and so is what a cursor means.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from strawberry import UNSET

from app.context import Context
from app.errors import BadRequest
from app.graph.connection import Connection
from app.graph.declarations import Args, Argument, Sizing
from app.graph.documents import from_document
from app.graph.edges import Edge
from app.graph.page import DEFAULT_FIRST, MAX_FIRST, Page, size_of
from app.graph.read import Key
from app.graph.scalars import Cursor
from app.mongo.client import Doc


@dataclass(frozen=True, slots=True)
class Found:
    """A page, and how many there are on all pages: None where that would cost as much as all of them."""

    page: Page
    total: int | None

    def counted(self) -> int:
        """How many there are, or a BadRequest."""
        if self.total is None:
            raise BadRequest("These are found page by page, and not counted. Ask for the pages, or for fewer of them.")
        return self.total


Listing = Callable[[Context, Args, int], Awaitable[Found]]
LISTINGS: dict[str, Listing] = {}
"""How lists are worked out, by the name they are declared with: of the arguments and the size of a page."""


@dataclass(eq=False, kw_only=True)
class Listed(Edge):
    """A connection worked out by the listing that `batch` names."""

    batch: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        return DEFAULT_FIRST

    def graphql_type(self) -> Any:
        made = Connection[self.record]  # type: ignore[name-defined]  # dynamic
        return made | None if self.is_guarded else made

    def graphql_arguments(self) -> dict[str, Argument]:
        return {
            **self.arguments,
            "first": Argument(int | None, UNSET, f"How many, 1 to {MAX_FIRST}; 25 if left out.", sizing=Sizing.PAGE),
            "after": Argument(Cursor | None, UNSET, "Only what comes after this cursor."),
        }

    async def found(self, context: Context, args: Args) -> Found:
        """The page that the arguments ask for, or a BadRequest."""
        size, _ = size_of(args.get("first"), None)
        return await LISTINGS[self.batch](context, args, size)

    async def walk(self, context: Context, key: Key, args: Args) -> Any:
        return Connection(pending=FoundPage(self, await self.found(context, args)))


@dataclass(frozen=True, eq=False)
class FoundPage:
    """A page that was worked out."""

    edge: Listed
    found: Found

    async def page(self) -> Page:
        return self.found.page

    async def total(self) -> int:
        return self.found.counted()

    def cursor(self, doc: Doc) -> str:
        return cursor_of(doc)

    def entity(self, doc: Doc) -> Any:
        return from_document(self.edge.record, doc)


def cursor_of(doc: Doc) -> str:
    """The place of a document, which whoever made it has put there."""
    return str(doc["cursor"])


def lists(name: str) -> Callable[[Listing], Listing]:
    """Register how the lists named `name` are worked out."""

    def wrap(listing: Listing) -> Listing:
        LISTINGS[name] = listing
        return listing

    return wrap


def listed(target: str, *, batch: str, doc: str, behind: int = 0, **arguments: Argument) -> Listed:
    """Declare a root field that lists what the listing registered as `batch` works out."""
    return Listed(target=target, batch=batch, doc=doc, behind=behind, arguments=arguments)
