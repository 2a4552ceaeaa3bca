"""Keyset pages: which window of an order a caller wants, and the cursors that mark a place in it.

A cursor names its list, its order and a place. It is refused by any other list or order, and its value can be nothing
but what the sort key holds, so that no cursor becomes an operator.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from app.errors import BadRequest
from app.mongo.client import Doc

MAX_FIRST, DEFAULT_FIRST = 100, 25


@dataclass(frozen=True, slots=True)
class Page:
    """Documents in the order asked for, and whether the list goes on at either end.

    `end` is the cursor to go on from, where the list was read further than its last document.
    """

    docs: list[Doc]
    has_next: bool
    has_previous: bool
    end: str | None = None


EMPTY_PAGE = Page([], has_next=False, has_previous=False)


@dataclass(frozen=True, slots=True)
class ComputedPage:
    """A page that a function computed; each of its documents has its own cursor in `cursor`.

    `total` is how many there are on all pages: None where counting would cost as much as computing all of them.
    """

    page: Page
    total: int | None

    def total_count(self) -> int:
        """How many there are on all pages, or a BadRequest where they are not counted."""
        if self.total is None:
            raise BadRequest("These are found page by page, and not counted. Ask for the pages, or for fewer of them.")
        return self.total


@dataclass(frozen=True, slots=True)
class CursorPosition:
    """Where a cursor points: a value of the sort key, and the id that breaks its ties."""

    value: str | datetime
    id: str


@dataclass(frozen=True, slots=True)
class Ordering:
    """One list in one order. Cursors carry it: they mean nothing anywhere else."""

    list_name: str
    order_name: str
    key: str
    is_instant: bool
    descending: bool

    @property
    def label(self) -> str:
        """As a cursor and an error message name it."""
        return f"{self.order_name} {'DESC' if self.descending else 'ASC'}"

    def encode(self, doc: Mapping[str, Any]) -> str:
        """The cursor of a document: opaque, URL-safe."""
        place = [self.list_name, self.label, doc[self.key], doc["_id"]]
        return encode_cursor(place)

    def decode(self, cursor: str | None, argument: str) -> CursorPosition | None:
        """The place that a cursor of this list and order marks; anything else is a BadRequest."""
        if cursor is None:
            return None
        list_name, label, value, last_id = cursor_parts(cursor, argument)
        if list_name != self.list_name:
            raise BadRequest(
                f"`{argument}` is a cursor of {list_name}, not of {self.list_name}. "
                "Pass a cursor that this list returned.",
                argument=argument,
            )
        if label != self.label:
            raise BadRequest(
                f"`{argument}` is a cursor of the order {label}, but this list is ordered by {self.label}. "
                "Keep `orderBy` the same from page to page.",
                argument=argument,
            )
        return CursorPosition(cursor_instant(value, argument) if self.is_instant else value, last_id)


def encode_cursor(place: list[Any]) -> str:
    """A place as a cursor: opaque, URL-safe."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def decode_cursor(cursor: str, argument: str) -> Any:
    """What was packed into a cursor; what is in it is for the caller to check."""
    try:
        return orjson.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise invalid_cursor(argument) from None


def cursor_parts(cursor: str, argument: str) -> tuple[str, str, str, str]:
    """The four strings of a cursor."""
    found = decode_cursor(cursor, argument)
    if not isinstance(found, list) or len(found) != 4 or not all(isinstance(part, str) for part in found):
        raise invalid_cursor(argument)
    return found[0], found[1], found[2], found[3]


def cursor_instant(text: str, argument: str) -> datetime:
    """The instant in a cursor; it always has an offset."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # said below
    raise invalid_cursor(argument)


def invalid_cursor(argument: str) -> BadRequest:
    """The refusal of a text that this API never made."""
    return BadRequest(
        f"`{argument}` is not a cursor of this API. Pass a cursor that this list returned.", argument=argument
    )


@dataclass(frozen=True, slots=True)
class Window:
    """At most `size` documents of an order on (key, `_id`), from one side, between two places."""

    ordering: Ordering
    size: int
    from_end: bool
    after: CursorPosition | None
    before: CursorPosition | None
    query: Doc
    reads_one_more: bool = True
    """Whether one more is read than is wanted, to know whether the list goes on."""

    @property
    def limit(self) -> int:
        """How many documents to read."""
        return self.size + 1 if self.reads_one_more else self.size

    @classmethod
    def of(cls, args: Mapping[str, Any], ordering: Ordering, query: Doc) -> Window:
        """The window that `first`/`after`/`last`/`before` describe; all that is wrong with them is said at once."""
        size, from_end = page_size(args.get("first"), args.get("last"))
        return cls(
            ordering=ordering,
            size=size,
            from_end=from_end,
            after=ordering.decode(args.get("after"), "after"),
            before=ordering.decode(args.get("before"), "before"),
            query=query,
        )

    @property
    def direction(self) -> int:
        """1 where the database reads up the index, -1 where it reads down."""
        return -1 if self.ordering.descending != self.from_end else 1

    @property
    def sort(self) -> list[tuple[str, int]]:
        """The order as the database takes it."""
        return [(self.ordering.key, self.direction), ("_id", self.direction)]

    def match(self) -> Doc:
        """The filter: what is asked for, between the places."""
        forward = -1 if self.ordering.descending else 1
        given = [
            *([self.query] if self.query else []),
            *([beyond_position(self.ordering.key, self.after, forward)] if self.after else []),
            *([beyond_position(self.ordering.key, self.before, -forward)] if self.before else []),
        ]
        return given[0] if len(given) == 1 else {"$and": given} if given else {}

    def page(self, docs: list[Doc]) -> Page:
        """Out of at most `limit` documents, in the order they were read."""
        more, kept = len(docs) > self.size, docs[: self.size]
        if self.from_end:
            return Page(kept[::-1], self.before is not None, more)
        return Page(kept, more, self.after is not None)


def page_size(first: int | None, last: int | None) -> tuple[int, bool]:
    """How many, and whether from the end."""
    if first is not None and last is not None:
        raise BadRequest("Give `first` or `last`, not both.", argument="last")
    name, size = ("last", last) if last is not None else ("first", DEFAULT_FIRST if first is None else first)
    if not 1 <= size <= MAX_FIRST:
        raise BadRequest(f"`{name}` is {size}; it must be between 1 and {MAX_FIRST}.", argument=name)
    return size, last is not None


def beyond_position(key: str, place: CursorPosition, step: int) -> Doc:
    """What lies after a place. `$gte` beside the tie-break keeps it one range of the index."""
    op, value = ("$gt" if step > 0 else "$lt"), place.value
    return {key: {op + "e": value}, "$or": [{key: {op: value}}, {key: {"$eq": value}, "_id": {op: place.id}}]}
