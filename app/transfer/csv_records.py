"""Grouping CSV rows into records: consecutive rows with the same key become one row with nested lists, as in NDJSON.

Each row adds one object to each nested list whose columns it fills. The first nested list (the lines) keeps equal
objects; the others drop them, since a payment is repeated beside each line. A record whose rows are separated by other
records is refused. To find those, the file is read once in advance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.columns import Column, Columns, NestedColumn
from app.transfer.rows import RawRow, Span

MAX_LINES_LISTED = 10


@dataclass(slots=True)
class RecordRows:
    """The rows of one record read so far, merged into its values."""

    line: int
    values: Doc = field(default_factory=dict)
    problem: Problem | None = None
    rows: int = 0
    spans: list[Span] = field(default_factory=list)

    def refuse(self, code: str, message: str, *path: str) -> None:
        """Mark the record as refused; the first problem is kept."""
        self.problem = self.problem or Problem(code, path, message)

    def add_row(self, row: RawRow, columns: Columns) -> None:
        """Merge a row into the record's values and nested lists."""
        self.rows += 1
        for span in row.spans:
            self.add_span(span)
        nested = [each for each in columns if isinstance(each, NestedColumn)]
        for column in columns:
            if isinstance(column, Column) and column.name in row.values:
                self.add_own_value(column.name, row)
        for number, each in enumerate(nested):
            self.add_object(each, row, repeats=number == 0)

    def add_span(self, span: Span) -> None:
        """Add the place of a row, joined to the one before where it follows that."""
        begin, end = span
        if self.spans and self.spans[-1][1] == begin:
            begin, _ = self.spans.pop()
        self.spans.append((begin, end))

    def add_own_value(self, name: str, row: RawRow) -> None:
        """Set a value of the record itself; a different value on another row refuses the record."""
        before, here = self.values.get(name, ""), row.values[name].strip()
        if before and here and before != here:
            self.refuse("INCONSISTENT", f"It is {before!r} on line {self.line} and {here!r} on line {row.line}.", name)
        self.values[name] = before or here

    def add_object(self, nested: NestedColumn, row: RawRow, *, repeats: bool) -> None:
        """Append the row's object to a nested list if any of its cells is filled; equal objects only if `repeats`."""
        item = {each.name: row.values[each.name].strip() for each in nested.columns if each.name in row.values}
        if not item:
            return  # the file has none of these columns
        rows = self.values.setdefault(nested.name, [])
        if any(item.values()) and (repeats or item not in rows) and len(rows) <= nested.most:
            rows.append(item)


def group_rows(rows: Iterator[RawRow], columns: Columns, key: str) -> Iterator[RawRow]:
    """One row for each record. A record next to an unreadable line is refused, since the line may belong to it."""
    group: RecordRows | None = None
    unreadable: RawRow | None = None
    for row in rows:
        if row.problem:
            yield row
            unreadable = row
            if group:
                refuse_incomplete(group, row)
            continue
        if group is None or row.values[key].strip() != group.values[key]:
            if group:
                yield build_record_row(group)
            group = RecordRows(row.line, {key: row.values[key].strip()})
            if unreadable:
                refuse_incomplete(group, unreadable)
        unreadable = None
        group.add_row(row, columns)
    if group:
        yield build_record_row(group)


def refuse_incomplete(group: RecordRows, row: RawRow) -> None:
    """Refuse a record because `row` next to it is unreadable."""
    group.refuse("INCOMPLETE", f"Line {row.line} next to it cannot be read and may belong to it: correct that line.")


def build_record_row(group: RecordRows) -> RawRow:
    """The merged rows as one row."""
    return RawRow(group.line, group.values, group.problem, group.rows, tuple(group.spans))


def find_separated(rows: Iterable[RawRow], key: str) -> dict[str, list[int]]:
    """Key → the lines on which its groups of rows begin, for keys with several groups that differ."""
    first: dict[str, tuple[int, bytes]] = {}
    separated: dict[str, list[int]] = {}
    for row in rows:
        if not (name := row.values.get(key)):
            continue
        mark = digest_row(row)
        line, before = first.setdefault(name, (row.line, mark))
        if mark != before:
            separated.setdefault(name, [line]).append(row.line)
    return separated


def digest_row(row: RawRow) -> bytes:
    """Eight bytes that identify a row's values, and the problem that keeps it from being stored."""
    content = repr((row.values, row.problem and row.problem.code))
    return hashlib.blake2b(content.encode(errors="replace"), digest_size=8).digest()


def refuse_separated(row: RawRow, key: str, separated: Mapping[str, Sequence[int]], record_name: str) -> RawRow:
    """The row as it is; with a problem if its key is in `separated`. `record_name` is what one record is called."""
    name = row.values.get(key) or ""
    lines = separated.get(name)
    if row.problem or lines is None:
        return row
    last = f"line {lines[-1]}" if len(lines) <= MAX_LINES_LISTED else f"{len(lines) - MAX_LINES_LISTED + 1:,} more"
    others = ", ".join(f"line {line}" for line in lines[: MAX_LINES_LISTED - 1] if line != lines[-1])
    rule = f"The rows of one {record_name} must follow each other: sort the file by {key}."
    message = f"{rule} Those of {name!r} begin on {others} and {last}."
    return replace(row, problem=Problem("ROWS_APART", (key,), message))
