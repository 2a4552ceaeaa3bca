"""Templates: a file with every column of a kind and one example, to be filled in and imported."""

from __future__ import annotations

from app.mongo.client import Doc
from app.transfer.columns import Columns, NestedColumn, flatten_columns
from app.transfer.file_writers import CsvWriter, NdjsonWriter
from app.transfer.rows import Format


def make_template(columns: Columns, row_format: Format) -> bytes:
    """The content of a file with an example for one kind of record; CSV without the columns that it has no form for."""
    if row_format is not Format.CSV:
        return NdjsonWriter().format_record(example_row(columns))
    writer = CsvWriter(columns)
    writer.names = [each.name for each in flatten_columns(columns) if not each.only_ndjson]
    return writer.format_header() + writer.format_record(example_row(columns))


def example_row(columns: Columns) -> Doc:
    """Column → its example, of the columns that have one; a nested list has one object."""
    row: Doc = {}
    for column in columns:
        example = [example_row(column.columns)] if isinstance(column, NestedColumn) else column.example
        if example not in (None, [{}]):
            row[column.name] = example
    return row
