"""CSV rows that together are one record: consecutive ones with the same key, as the nested object of NDJSON.

Each row gives one object to each nested list that it has cells for. Of what repeats on every row (a payment, as it is
exported beside each line) only the first nested list, the lines, keeps every one. A record whose rows stand apart, with
others between, is refused: nobody could say where it ends before the whole file is read, so it is read once for that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.columns import Column, Columns, NestedColumn
from app.transfer.rows import RawRow

MAX_LINES_LISTED = 10


@dataclass(slots=True)
class RecordRows:
    """The rows of one record so far."""

    line: int
    values: Doc = field(default_factory=dict)
    problem: Problem | None = None
    rows: int = 0
    size: int = 0

    def refuse(self, code: str, message: str, *path: str) -> None:
        """Keep the record from being stored; the first reason is told."""
        self.problem = self.problem or Problem(code, path, message)

    def add_row(self, row: RawRow, columns: Columns) -> None:
        """Add a row's cells."""
        self.rows += 1
        self.size += row.size
        nested = [each for each in columns if isinstance(each, NestedColumn)]
        for column in columns:
            if isinstance(column, Column) and column.name in row.values:
                self.add_own_value(column.name, row)
        for number, each in enumerate(nested):
            self.add_object(each, row, repeats=number == 0)

    def add_own_value(self, name: str, row: RawRow) -> None:
        """A value of the record itself: the same on every row that has one."""
        before, here = self.values.get(name, ""), row.values[name].strip()
        if before and here and before != here:
            self.refuse("INCONSISTENT", f"It is {before!r} on line {self.line} and {here!r} on line {row.line}.", name)
        self.values[name] = before or here

    def add_object(self, nested: NestedColumn, row: RawRow, *, repeats: bool) -> None:
        """An object of a nested list, where the row has cells for one."""
        made = {each.name: row.values[each.name].strip() for each in nested.columns if each.name in row.values}
        if not made:
            return  # the file has none of these columns
        rows = self.values.setdefault(nested.name, [])
        if any(made.values()) and (repeats or made not in rows) and len(rows) <= nested.most:
            rows.append(made)


def group_rows(rows: Iterator[RawRow], columns: Columns, key: str) -> Iterator[RawRow]:
    """One row a record. Beside a line that cannot be read no record is whole: it may have been one of its rows."""
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
    """Refuse what stands beside a row that cannot be read."""
    group.refuse("INCOMPLETE", f"Line {row.line} beside it cannot be read, and may be a part of it.")


def build_record_row(group: RecordRows) -> RawRow:
    """The record that the rows come to."""
    return RawRow(group.line, group.values, group.problem, group.rows, group.size)


def find_separated(rows: Iterable[RawRow], key: str) -> dict[str, list[int]]:
    """Key → the lines on which its pieces begin, where they stand apart and are not the same record again."""
    first: dict[str, tuple[int, bytes]] = {}
    found: dict[str, list[int]] = {}
    for row in rows:
        if not (name := row.values.get(key)):
            continue
        mark = digest_row(row)
        line, before = first.setdefault(name, (row.line, mark))
        if mark != before:
            found.setdefault(name, [line]).append(row.line)
    return found


def digest_row(row: RawRow) -> bytes:
    """What a record says, or that it cannot be stored, in eight bytes."""
    says = repr((row.values, row.problem and row.problem.code))
    return hashlib.blake2b(says.encode(errors="replace"), digest_size=8).digest()


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
