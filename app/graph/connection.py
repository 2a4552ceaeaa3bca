"""Relay connections: what graphql-core walks on, one page of a list, read only as far as it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import strawberry

from app.graph.page import Page
from app.graph.read import COUNT_LIMIT
from app.graph.scalars import Cursor
from app.mongo.client import Doc

T = TypeVar("T")
R = TypeVar("R", bound=Callable[..., Any])


def described_field(text: str) -> Callable[[R], R]:
    """`strawberry.field(description=…)`, whose type is Any: an untyped decorator under mypy --strict."""
    made: Callable[[R], R] = strawberry.field(description=text)
    return made


class LazyPage(Protocol):
    """A page not read yet: read once, however many of its fields are asked for, and not at all for a count alone."""

    async def page(self) -> Page:
        """The page."""
        ...

    async def total(self) -> int:
        """How many there are on all pages."""
        ...

    def cursor(self, doc: Doc) -> str:
        """The place of a document of the page."""
        ...

    def entity(self, doc: Doc) -> Any:
        """A document of the page as the record it is."""
        ...


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has something before this page.")
    start_cursor: Cursor | None = strawberry.field(description="The cursor of the first on this page; null if empty.")
    end_cursor: Cursor | None = strawberry.field(description="The cursor of the last on this page; null if empty.")


@strawberry.type(name="Edge", description="One record of a page, with its place in the list.")
class PageEdge(Generic[T]):
    """One record of a page."""

    cursor: Cursor = strawberry.field(description="Its place, for `after` and `before`.")
    node: T = strawberry.field(description="The record itself.")


@strawberry.type(description="A page of a list, and where it stands.")
class Connection(Generic[T]):
    """A page of a list."""

    lazy_page: strawberry.Private[LazyPage]

    @described_field("The page, each record with its cursor.")
    async def edges(self) -> list[PageEdge[T]]:
        lazy_page, page = self.lazy_page, await self.lazy_page.page()
        return [PageEdge(cursor=Cursor(lazy_page.cursor(doc)), node=lazy_page.entity(doc)) for doc in page.docs]

    @described_field("The page, without cursors.")
    async def nodes(self) -> list[T]:
        return [self.lazy_page.entity(doc) for doc in (await self.lazy_page.page()).docs]

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
