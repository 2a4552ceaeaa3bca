"""Columns: the values that a row may have, and how each is parsed. `--help` and docs/import.md list the same columns.

A column that is missing from a row leaves the record's value open. An empty cell (in NDJSON: null, or empty text) means
the column's default. When a row comes again, only the columns that it has are compared with the stored record.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

from app.entities.texts import Invalid, Parse, kind_of
from app.errors import Problem
from app.graph.record import Finder
from app.mongo.client import Doc

T = TypeVar("T")
REASON = "refused_because"
"""The column of a file of refused rows that says why each was refused. An import ignores it."""


def keep_value(value: T) -> T:
    """The value itself: it is compared as it is stored."""
    return value


class CellType(enum.Enum):
    """The type of a cell: text, a list of texts, or an object, which only NDJSON can hold."""

    TEXT = "TEXT"
    LIST = "LIST"
    OBJECT = "OBJECT"


@dataclass(frozen=True, slots=True)
class ReferenceTarget:
    """The record that a column names by a key: the lifecycle's `input` for it, and the `finder` that resolves the key.

    An unknown key is refused with `code`, the message "There is no {noun} {key}." and the `hint`.
    """

    input: str
    finder: Finder
    code: str
    noun: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file. `stored` is the path of its value in the record; None where it is not stored as it is.

    `parse` turns a cell into a value, or raises `Invalid`. An empty cell means `default`; with `default_by_rule` it is
    left out, and a rule of the record chooses the value. Two values are equal if `normalise` returns the same for both.

    An export writes the stored value; or what `export_value` returns for the record; or, where the stored value is an
    id, what `export_reference` returns for the record with that id. It omits a column that is not `exported`. A
    `secret` is never compared, shown or exported.
    """

    name: str
    doc: str
    parse: Parse
    stored: str | None = None
    required: bool = False
    default_by_rule: bool = False
    default: object = None
    cell_type: CellType = CellType.TEXT
    secret: bool = False
    normalise: Callable[[Any], Any] = keep_value
    export_value: Callable[[Doc], object] | None = None
    export_reference: Callable[[Doc], str] | None = None
    exported: bool = True
    input: str = ""
    """The input of the record's lifecycle that its value goes into: a path of stored names."""
    reference: ReferenceTarget | None = None
    example: object = None
    """What a template shows for it: text, a list or an object, as a file has it; None where it leaves it empty."""

    @property
    def is_exported(self) -> bool:
        """Whether an export has this column."""
        return self.exported and not self.secret

    @property
    def only_ndjson(self) -> bool:
        """Whether CSV has no form for it."""
        return self.cell_type is CellType.OBJECT


@dataclass(frozen=True, slots=True)
class NestedColumn:
    """A list of up to `most` objects in an NDJSON row, with columns of its own; in CSV they stand in the row itself."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    required: bool = False
    most: int = 10_000


Columns = Sequence[Column | NestedColumn]


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row after parsing: column → value for the valid values, and a problem for each of the others.

    `rows`, `size` and `spans` are those of its `RawRow`; `key` is the value by which it is recognised.
    """

    line: int
    values: Doc
    problems: tuple[Problem, ...] = ()
    rows: int = 1
    size: int = 0
    key: str | None = None
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def weight(self) -> int:
        """How many records it makes: its own and one for each nested object."""
        return 1 + sum(len(value) for value in self.values.values() if is_object_list(value))


def is_object_list(value: object) -> TypeGuard[list[Doc]]:
    """Whether a parsed value is that of a `NestedColumn`."""
    return isinstance(value, list)  # lists of texts are tuples


def flatten_columns(columns: Columns) -> Iterator[Column]:
    """Every column in its order, a nested one replaced by its own columns."""
    for each in columns:
        if isinstance(each, NestedColumn):
            yield from each.columns
        else:
            yield each


def parse_row(
    columns: Columns,
    raw: Mapping[str, object],
    problems: list[Problem],
    path: tuple[str, ...] = (),
    needed: Collection[str] | None = None,
) -> Doc:
    """Column → value, parsed by the column's rule. An invalid value is left out and added to `problems` at `path`.

    `needed` are the columns that the row has to have, where these are not all that are required.
    """
    problems += find_unknown_columns(columns, raw, path)
    values: Doc = {}
    for column in columns:
        if column.name not in raw and not (column.required and (needed is None or column.name in needed)):
            continue
        try:
            if isinstance(column, NestedColumn):
                values |= parse_object_list(column, raw.get(column.name), problems, path)
            else:
                values |= parse_cell(column, raw.get(column.name))
        except Invalid as error:
            problems.append(Problem(error.code, (*path, column.name), error.message))
    return values


def find_unknown_columns(columns: Columns, raw: Mapping[str, object], path: tuple[str, ...]) -> list[Problem]:
    """A problem for each name in a row that is no column."""
    known = [each.name for each in columns]
    message = f"There is no such column. The columns are {', '.join(known)}."
    return [Problem("UNKNOWN_COLUMN", (*path, name), message) for name in raw if name not in known]


def parse_cell(column: Column, value: object) -> Doc:
    """Column → value of one cell; empty if the cell is empty and a rule chooses the value. Raises Invalid."""
    if is_empty(value):
        if column.required:
            raise Invalid("REQUIRED", "The column is required: give a value.")
        return {} if column.default_by_rule else {column.name: column.default}
    return {column.name: column.parse(value)}


def is_empty(value: object) -> bool:
    """Whether a cell is null or blank."""
    return value is None or (isinstance(value, str) and not value.strip())


def parse_object_list(column: NestedColumn, value: object, problems: list[Problem], path: tuple[str, ...]) -> Doc:
    """Column → its parsed objects. Raises Invalid if the value is no such list; their own errors go to `problems`."""
    value = [] if is_empty(value) else value
    if value == [] and column.required:
        raise Invalid("REQUIRED", "At least one is needed: add an object to the list.")
    if not isinstance(value, list):
        raise Invalid("INVALID_TYPE", f"A list of objects is expected, not {kind_of(value)}.")
    if len(value) > column.most:
        raise Invalid("TOO_MANY", f"There are more than {column.most:,} of them.")
    return {
        column.name: [
            parse_object(column.columns, each, problems, (*path, column.name, str(number)))
            for number, each in enumerate(value)
        ]
    }


def parse_object(columns: Columns, value: object, problems: list[Problem], path: tuple[str, ...]) -> Doc:
    """One object of a list, by its columns; empty, with a problem, if it is no object."""
    if not isinstance(value, dict):
        problems.append(Problem("INVALID_TYPE", path, f"An object is expected, not {kind_of(value)}."))
        return {}
    return parse_row(columns, value, problems, path)
