"""Keyset pages: the part of an ordered list that a caller asks for, and the cursors that mark a position in it.

A cursor names its list, its order and a position. Any other list or order refuses it, and its value can only be of the
sort key's type, so that no cursor becomes an operator.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from app.errors import BadArgument
from app.mongo.client import Doc

MAX_FIRST, DEFAULT_FIRST = 100, 25


@dataclass(frozen=True, slots=True)
class Page:
    """Documents in the order asked for, and whether the list has more after and before them.

    `end` is the cursor to go on from, where the list was read further than the page's last document.
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
        """How many there are on all pages, or a BadArgument where they are not counted."""
        if self.total is None:
            raise BadArgument("These are found page by page, and not counted. Ask for the pages, or for fewer of them.")
        return self.total


@dataclass(frozen=True, slots=True)
class CursorPosition:
    """The position that a cursor marks: a value of the sort key, and the id that breaks ties."""

    value: str | datetime
    id: str


@dataclass(frozen=True, slots=True)
class Ordering:
    """One list in one order; its cursors are valid there and nowhere else. `key` is the stored name of the sort key."""

    list_name: str
    order_name: str
    key: str
    is_instant: bool
    descending: bool

    @property
    def label(self) -> str:
        """The order's name in cursors and error messages: "NAME DESC"."""
        return f"{self.order_name} {'DESC' if self.descending else 'ASC'}"

    def encode(self, doc: Mapping[str, object]) -> str:
        """The cursor of a document."""
        return encode_cursor([self.list_name, self.label, doc[self.key], doc["_id"]])

    def decode(self, cursor: str | None, argument: str) -> CursorPosition | None:
        """The position that a cursor of this list and order marks; any other text is a BadArgument.

        `argument` is the name of the argument it was given as, for the error.
        """
        if cursor is None:
            return None
        list_name, label, value, last_id = cursor_parts(cursor, argument)
        if list_name != self.list_name:
            raise BadArgument(
                f"`{argument}` is a cursor of {list_name}, not of {self.list_name}. "
                "Pass a cursor that this list returned.",
                argument=argument,
            )
        if label != self.label:
            raise BadArgument(
                f"`{argument}` is a cursor of the order {label}, but this list is ordered by {self.label}. "
                "Keep `orderBy` the same from page to page.",
                argument=argument,
            )
        return CursorPosition(cursor_instant(value, argument) if self.is_instant else value, last_id)


def encode_cursor(values: Sequence[object]) -> str:
    """A cursor that holds these values: opaque, safe in URLs."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decode_cursor(cursor: str, argument: str) -> object:
    """The values in a cursor, which the caller has to check; a BadArgument for what is no cursor at all."""
    try:
        values: object = orjson.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise invalid_cursor(argument) from None
    return values


def cursor_parts(cursor: str, argument: str) -> tuple[str, str, str, str]:
    """The list, the order, the value and the id in a cursor of an `Ordering`, or a BadArgument."""
    match decode_cursor(cursor, argument):
        case [str(list_name), str(label), str(value), str(last_id)]:
            return list_name, label, value, last_id
    raise invalid_cursor(argument)


def cursor_instant(text: str, argument: str) -> datetime:
    """The instant in a cursor, UTC; a BadArgument for text that is none or has no offset."""
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # raised below
    raise invalid_cursor(argument)


def invalid_cursor(argument: str) -> BadArgument:
    """The error for a text that no list of this API returned as a cursor."""
    return BadArgument(
        f"`{argument}` is not a cursor of this API. Pass a cursor that this list returned.", argument=argument
    )


@dataclass(frozen=True, slots=True)
class Window:
    """The part of an ordered list that is asked for.

    At most `size` documents that match `query`, between two positions, from the front or from the end.
    """

    ordering: Ordering
    size: int
    from_end: bool
    after: CursorPosition | None
    before: CursorPosition | None
    query: Doc
    reads_one_more: bool = True
    """Whether one document more than `size` is read, to know whether the list goes on."""

    @property
    def limit(self) -> int:
        """How many documents to read."""
        return self.size + 1 if self.reads_one_more else self.size

    @classmethod
    def of(cls, args: Mapping[str, Any], ordering: Ordering, query: Doc) -> Window:
        """The window that `first`, `after`, `last` and `before` describe, or a BadArgument."""
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
        """1 if the database reads the index upwards, -1 if downwards."""
        return -1 if self.ordering.descending != self.from_end else 1

    @property
    def sort(self) -> list[tuple[str, int]]:
        """The order as MongoDB takes it."""
        return [(self.ordering.key, self.direction), ("_id", self.direction)]

    def match(self) -> Doc:
        """The MongoDB filter: `query`, between the two positions."""
        forward = -1 if self.ordering.descending else 1
        filters = [
            *([self.query] if self.query else []),
            *([beyond_position(self.ordering.key, self.after, forward)] if self.after else []),
            *([beyond_position(self.ordering.key, self.before, -forward)] if self.before else []),
        ]
        return filters[0] if len(filters) == 1 else {"$and": filters} if filters else {}

    def page(self, docs: list[Doc]) -> Page:
        """The page, of the at most `limit` documents that were read, in the order they were read."""
        more, kept = len(docs) > self.size, docs[: self.size]
        if self.from_end:
            return Page(kept[::-1], self.before is not None, more)
        return Page(kept, more, self.after is not None)


def page_size(first: int | None, last: int | None) -> tuple[int, bool]:
    """How many documents are asked for, and whether from the end; a BadArgument for both or an impossible number."""
    if first is not None and last is not None:
        raise BadArgument("Give `first` or `last`, not both.", argument="last")
    name, size = ("last", last) if last is not None else ("first", DEFAULT_FIRST if first is None else first)
    if not 1 <= size <= MAX_FIRST:
        raise BadArgument(f"`{name}` is {size}; it must be between 1 and {MAX_FIRST}.", argument=name)
    return size, last is not None


def beyond_position(key: str, position: CursorPosition, step: int) -> Doc:
    """The MongoDB filter for what comes after a position (`step` 1) or before it (-1).

    `$gte` beside the tie-break keeps it one range of the index.
    """
    op, value = ("$gt" if step > 0 else "$lt"), position.value
    return {key: {op + "e": value}, "$or": [{key: {op: value}}, {key: {"$eq": value}, "_id": {op: position.id}}]}
