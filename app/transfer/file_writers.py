"""Formatting exported records as bytes: NDJSON holds every value, CSV those that fit a table."""

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
    """Formats each record as one JSON object on a line."""

    unrepresentable = 0

    def format_header(self) -> bytes:
        """The bytes before the records: none."""
        return b""

    def format_record(self, values: Doc) -> bytes:
        """One record as a line."""
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


class CsvWriter:
    """Formats records as CSV (RFC 4180). A record has as many rows as the longest of its nested lists has objects.

    `unrepresentable` counts the values that CSV cannot hold and that are left out: objects, lists of texts with spaces,
    and repeated objects in any nested list but the first.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns, self.unrepresentable = columns, 0
        self.key = columns[0].name
        self.names = [each.name for each in flatten_columns(columns) if each.is_exported and not each.only_ndjson]

    def format_header(self) -> bytes:
        """The line with the names of the columns."""
        return format_csv_rows([self.names])

    def format_record(self, values: Doc) -> bytes:
        """The rows of one record: its own values on the first, its key on all."""
        nested = [each.name for each in self.columns if isinstance(each, NestedColumn)]
        lists = [self.drop_repeats(values.get(name, []), repeats=name == nested[0]) for name in nested]
        rows = [merge_objects(objects) for objects in zip_longest(*lists, fillvalue={})] or [{}]
        own = {name: value for name, value in values.items() if name not in nested}
        self.unrepresentable += len(own.keys() - set(self.names))
        rows = [own | rows[0], *({self.key: values[self.key]} | each for each in rows[1:])]
        return format_csv_rows([self.format_cell(each.get(name)) for name in self.names] for each in rows)

    def drop_repeats(self, objects: list[Doc], *, repeats: bool) -> list[Doc]:
        """The objects of a list, equal ones once and counted as left out; all of them if `repeats`."""
        if repeats:
            return objects
        distinct = [each for number, each in enumerate(objects) if each not in objects[:number]]
        self.unrepresentable += len(objects) - len(distinct)
        return distinct

    def format_cell(self, value: object) -> str:
        """The cell for a text or a list of texts; empty, and counted, where CSV cannot hold the value."""
        text = " ".join(value) if isinstance(value, list) else str(value or "")
        if len(text) > MAX_FIELD_CHARACTERS or (isinstance(value, list) and text.split() != value):
            self.unrepresentable += 1
            return ""
        return text


def merge_objects(objects: Iterable[Doc]) -> Doc:
    """The objects that stand on one row as one; no two of them have a column in common."""
    return {name: value for each in objects for name, value in each.items()}


def format_csv_rows(rows: Iterable[list[str]]) -> bytes:
    """Rows of cells as CSV in UTF-8."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()
