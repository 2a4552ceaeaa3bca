"""The forms in which rows are written: NDJSON says all of a record, CSV what can stand in a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import orjson

from app.mongo.client import Doc
from app.transfer.columns import Columns, Nested, flat
from app.transfer.rows import LONGEST_FIELD


class Ndjson:
    """One JSON object a line."""

    unrepresentable = 0

    def header(self) -> bytes:
        """What stands before the records."""
        return b""

    def record(self, said: Doc) -> bytes:
        """One record."""
        return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


class Csv:
    """As RFC 4180 has it. A record with nested lists takes as many rows as the longest of them has objects.

    `unrepresentable` counts the values that CSV cannot hold and that are left out: objects, lists of texts with spaces,
    and repeated objects in any nested list but the first.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns, self.unrepresentable = columns, 0
        self.key = columns[0].name
        self.names = [each.name for each in flat(columns) if each.is_exported and not each.only_ndjson]

    def header(self) -> bytes:
        """The names of the columns."""
        return lines([self.names])

    def record(self, said: Doc) -> bytes:
        """The rows of one record: its own values stand on the first, its key on all."""
        nested = [each.name for each in self.columns if isinstance(each, Nested)]
        lists = [self.distinct(said.get(name, []), repeats=name == nested[0]) for name in nested]
        rows = [merged(objects) for objects in zip_longest(*lists, fillvalue={})] or [{}]
        own = {name: value for name, value in said.items() if name not in nested}
        self.unrepresentable += len(own.keys() - set(self.names))
        rows = [own | rows[0], *({self.key: said[self.key]} | each for each in rows[1:])]
        return lines([self.text(each.get(name)) for name in self.names] for each in rows)

    def distinct(self, objects: list[Doc], *, repeats: bool) -> list[Doc]:
        """The objects of a list; each once, unless the same may stand on several rows."""
        if repeats:
            return objects
        found = [each for number, each in enumerate(objects) if each not in objects[:number]]
        self.unrepresentable += len(objects) - len(found)
        return found

    def text(self, value: Any) -> str:
        """A cell."""
        found = " ".join(value) if isinstance(value, list) else value or ""
        if len(found) > LONGEST_FIELD or (isinstance(value, list) and found.split() != value):
            self.unrepresentable += 1
            return ""
        return str(found)


def merged(objects: Iterable[Doc]) -> Doc:
    """One row of what stands on it: no two lists have a column in common."""
    return {name: value for each in objects for name, value in each.items()}


def lines(rows: Iterable[list[str]]) -> bytes:
    """Rows as text."""
    made = io.StringIO(newline="")
    csv.writer(made, lineterminator="\r\n").writerows(rows)
    return made.getvalue().encode()
