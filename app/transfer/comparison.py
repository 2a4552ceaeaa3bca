"""Comparing a row with the record that is stored: normal forms of values, and messages about differences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from app.errors import Problem
from app.graph.documents import stored_value
from app.graph.scalars import show_decimal, show_instant
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.transfer.columns import Column, Columns, NestedColumn, ParsedRow
from app.transfer.importer import Importer

MAX_VALUE_CHARACTERS = 80
UPDATE = "To change it, import with --update, or in a mutation with `update: true`."
FIXED = "An import does not change records of this kind."


def normalise_values(columns: Columns, values: Doc) -> Doc:
    """Column → value in its normal form: equal values give equal results. Secrets are left out."""
    normal: Doc = {}
    for column in columns:
        if column.name not in values or (isinstance(column, Column) and column.secret):
            continue
        value = values[column.name]
        if isinstance(column, NestedColumn):
            normal[column.name] = [normalise_values(column.columns, each) for each in value]
        else:
            normal[column.name] = value if value is None else column.normalise(value)
    return normal


def find_differences(
    importer: Importer, values: Doc, existing: Doc, parsed: ParsedRow, chunk: Chunk
) -> Iterator[Problem]:
    """One problem for each column whose value differs from that of the existing record.

    `values` has ids where `parsed` has keys as the file gives them; messages show the keys.
    """
    advice = UPDATE if importer.can_update else FIXED
    for column in importer.columns:
        path = column.name if isinstance(column, NestedColumn) else column.stored
        if path is None or column.name not in values:
            continue
        here, before = stored_value(values[column.name]), read_path(existing, path)
        if not are_equal(column, here, before):
            both = f"{format_value(chunk.display_key(before))}; the row has {format_value(parsed.values[column.name])}"
            message = f"{format_value(parsed.values[importer.key])} exists already, with {both}. {advice}"
            yield Problem("EXISTS_DIFFERENT", (column.name,), message)


def are_equal(column: Column | NestedColumn, here: object, before: object) -> bool:
    """Whether two stored values of a column are equal in their normal form."""
    if isinstance(column, NestedColumn) or here is None or before is None:
        return bool(here == before)
    return bool(here == before or column.normalise(here) == column.normalise(before))


def read_path(document: Doc, path: str) -> object:
    """The value at a path of stored names, None where there is none."""
    value: object = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def format_value(value: object) -> str:
    """A value as text for a message, at most 80 characters."""
    text = describe_value(value)
    return text if len(text) <= MAX_VALUE_CHARACTERS else f"{text[: MAX_VALUE_CHARACTERS - 3]}..."


def describe_value(value: object) -> str:
    """A value as text for a message: JSON's brackets, instants and decimals in their API format, text in quotes."""
    if value is None or value in ([], ()):
        return "nothing"
    if isinstance(value, datetime):
        return show_instant(value)
    if isinstance(value, Decimal):
        return show_decimal(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {describe_value(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(describe_value, value)) + "]"
    return repr(value)
