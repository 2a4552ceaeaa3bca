"""The forms in which rows are written: NDJSON says all of a record, CSV what can stand in a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from itertools import zip_longest

import orjson

from app.mongo.client import Doc
from app.transfer.columns import Columns, NestedColumn, flatten_columns
from app.transfer.rows import MAX_FIELD_CHARACTERS


class NdjsonWriter:
    """One JSON object a line."""

    unrepresentable = 0

    def format_header(self) -> bytes:
        """What stands before the records."""
        return b""

    def format_record(self, values: Doc) -> bytes:
        """One record."""
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


class CsvWriter:
    """As RFC 4180 has it. A record with nested lists takes as many rows as the longest of them has objects.

    `unrepresentable` counts the values that CSV cannot hold and that are left out: objects, lists of texts with spaces,
    and repeated objects in any nested list but the first.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns, self.unrepresentable = columns, 0
        self.key = columns[0].name
        self.names = [each.name for each in flatten_columns(columns) if each.is_exported and not each.only_ndjson]

    def format_header(self) -> bytes:
        """The names of the columns."""
        return format_csv_rows([self.names])

    def format_record(self, values: Doc) -> bytes:
        """The rows of one record: its own values stand on the first, its key on all."""
        nested = [each.name for each in self.columns if isinstance(each, NestedColumn)]
        lists = [self.drop_repeats(values.get(name, []), repeats=name == nested[0]) for name in nested]
        rows = [merge_objects(objects) for objects in zip_longest(*lists, fillvalue={})] or [{}]
        own = {name: value for name, value in values.items() if name not in nested}
        self.unrepresentable += len(own.keys() - set(self.names))
        rows = [own | rows[0], *({self.key: values[self.key]} | each for each in rows[1:])]
        return format_csv_rows([self.format_cell(each.get(name)) for name in self.names] for each in rows)

    def drop_repeats(self, objects: list[Doc], *, repeats: bool) -> list[Doc]:
        """The objects of a list; each once, unless the same may stand on several rows."""
        if repeats:
            return objects
        found = [each for number, each in enumerate(objects) if each not in objects[:number]]
        self.unrepresentable += len(objects) - len(found)
        return found

    def format_cell(self, value: object) -> str:
        """The cell for a text or a list of texts; empty, and counted, where CSV cannot hold the value."""
        text = " ".join(value) if isinstance(value, list) else str(value or "")
        if len(text) > MAX_FIELD_CHARACTERS or (isinstance(value, list) and text.split() != value):
            self.unrepresentable += 1
            return ""
        return text


def merge_objects(objects: Iterable[Doc]) -> Doc:
    """One row of what stands on it: no two lists have a column in common."""
    return {name: value for each in objects for name, value in each.items()}


def format_csv_rows(rows: Iterable[list[str]]) -> bytes:
    """Rows as text."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()
