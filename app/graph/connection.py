"""Relay connections: a page of a list as graphql-core resolves it, read only if one of its fields needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, cast

import strawberry

from app.graph.page import Page
from app.graph.read import COUNT_LIMIT
from app.graph.record import Embedded
from app.graph.scalars import Cursor
from app.mongo.client import Doc

T = TypeVar("T")
R = TypeVar("R", bound=Callable[..., object])


def described_field(text: str) -> Callable[[R], R]:
    """`strawberry.field(description=…)` with a type: its own is Any, which mypy --strict refuses of a decorator."""
    made: Callable[[R], R] = strawberry.field(description=text)
    return made


class LazyPage(Protocol):
    """A page that is read when it is first needed, and then once; for a count alone it is not read at all."""

    async def page(self) -> Page:
        """The page."""
        ...

    async def total(self) -> int:
        """How many there are on all pages."""
        ...

    def cursor(self, doc: Doc) -> str:
        """The cursor of a document on the page."""
        ...

    def entity(self, doc: Doc) -> Embedded:
        """A document on the page as an entity."""
        ...


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Whether a list goes on before and after a page, and the cursors at its ends."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has something before this page.")
    start_cursor: Cursor | None = strawberry.field(description="The cursor of the first on this page; null if empty.")
    end_cursor: Cursor | None = strawberry.field(description="The cursor of the last on this page; null if empty.")


@strawberry.type(name="Edge", description="One record of a page, with its place in the list.")
class PageEdge(Generic[T]):
    """One record of a page, with its cursor."""

    cursor: Cursor = strawberry.field(description="Its place, for `after` and `before`.")
    node: T = strawberry.field(description="The record itself.")


@strawberry.type(description="A page of a list, and where it stands.")
class Connection(Generic[T]):
    """A page of a list; each field reads what it needs of `lazy_page`."""

    lazy_page: strawberry.Private[LazyPage]

    @described_field("The page, each record with its cursor.")
    async def edges(self) -> list[PageEdge[T]]:
        lazy_page, page = self.lazy_page, await self.lazy_page.page()
        return [
            PageEdge(cursor=Cursor(lazy_page.cursor(doc)), node=cast(T, lazy_page.entity(doc))) for doc in page.docs
        ]

    @described_field("The page, without cursors.")
    async def nodes(self) -> list[T]:
        return [cast(T, self.lazy_page.entity(doc)) for doc in (await self.lazy_page.page()).docs]

    @described_field("Where the page stands.")
    async def page_info(self) -> PageInfo:
        cursor, page = self.lazy_page.cursor, await self.lazy_page.page()
        return PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=Cursor(cursor(page.docs[0])) if page.docs else None,
            end_cursor=Cursor(page.end or cursor(page.docs[-1])) if page.end or page.docs else None,
        )

    @described_field(
        f"How many there are on all pages; {COUNT_LIMIT} stands for that many or more. Counted only when it is asked "
        "for, within a few seconds; past them it is null, with an error TIMEOUT."
    )
    async def total_count(self) -> int | None:
        return await self.lazy_page.total()
