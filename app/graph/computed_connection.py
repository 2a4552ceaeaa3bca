"""The root field whose pages are computed: a connection of records that no collection holds.

The function that computes a page is in the `registry`. Each document of the page has its own `cursor`: the function
decides the order, and what a cursor means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from strawberry import UNSET

from app.context import Context
from app.graph.connection import Connection
from app.graph.declarations import Args, Argument, Sizing
from app.graph.edges import Edge
from app.graph.page import DEFAULT_FIRST, MAX_FIRST, ComputedPage, Page, page_size
from app.graph.read import Key
from app.graph.record import Embedded
from app.graph.registry import COMPUTED_CONNECTIONS
from app.graph.scalars import Cursor
from app.mongo.client import Doc


@dataclass(eq=False, kw_only=True)
class ComputedConnection(Edge):
    """A connection whose pages the function registered as `batch` computes."""

    batch: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        return DEFAULT_FIRST

    def graphql_type(self) -> object:
        made = Connection[self.record]  # type: ignore[name-defined]  # dynamic
        return made | None if self.is_guarded else made

    def graphql_arguments(self) -> dict[str, Argument]:
        return {
            **self.arguments,
            "first": Argument(int | None, UNSET, f"How many, 1 to {MAX_FIRST}; 25 if left out.", sizing=Sizing.PAGE),
            "after": Argument(Cursor | None, UNSET, "Only what comes after this cursor."),
        }

    async def computed_page(self, context: Context, args: Args) -> ComputedPage:
        """The page that the arguments ask for, or a BadArgument."""
        size, _ = page_size(args.get("first"), None)
        return await COMPUTED_CONNECTIONS[self.batch](context, args, size)

    async def resolve_key(self, context: Context, key: Key, args: Args) -> object:
        return Connection(lazy_page=ComputedConnectionPage(self, await self.computed_page(context, args)))


@dataclass(frozen=True, eq=False)
class ComputedConnectionPage:
    """A page that was computed, as a `LazyPage`."""

    edge: ComputedConnection
    computed: ComputedPage

    async def page(self) -> Page:
        return self.computed.page

    async def total(self) -> int:
        return self.computed.total_count()

    def cursor(self, doc: Doc) -> str:
        return cursor_of(doc)

    def entity(self, doc: Doc) -> Embedded:
        return self.edge.entity(doc)


def cursor_of(doc: Doc) -> str:
    """The cursor of a document on a computed page, which the function that computed it has put there."""
    return str(doc["cursor"])


def computed_connection(
    target: str, *, batch: str, doc: str, behind: int = 0, **arguments: Argument
) -> ComputedConnection:
    """Declare a root field whose pages of `target` the function registered as `batch` computes.

    The function is registered by `registry.register_computed_connections`.
    """
    return ComputedConnection(target=target, batch=batch, doc=doc, behind=behind, arguments=arguments)
