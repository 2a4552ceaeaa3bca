"""Columns: what a row may say, and how each value is read. A column stands in the code, `--help` and docs alike.

A column that a row does not have says nothing. An empty cell (in NDJSON: null, or empty text) says that there is
nothing: the column's default. What a file says is compared with a record that is there; what it does not say is not.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

from app.entities.texts import Invalid, Parse, kind_of
from app.errors import Problem
from app.graph.record import Finder
from app.mongo.client import Doc

T = TypeVar("T")


def keep_value(value: T) -> T:
    """The value itself: it is compared as it is stored."""
    return value


class CellType(enum.Enum):
    """What a value looks like: text, several texts, or an object, for which CSV has no form."""

    TEXT = "TEXT"
    LIST = "LIST"
    OBJECT = "OBJECT"


@dataclass(frozen=True, slots=True)
class ReferenceTarget:
    """That a column names another record: by which input of the lifecycle, by which finder, and how it is missed."""

    input: str
    finder: Finder
    code: str
    what: str
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
    shape: CellType = CellType.TEXT
    secret: bool = False
    normalise: Callable[[Any], Any] = keep_value
    export_value: Callable[[Doc], object] | None = None
    export_reference: Callable[[Doc], str] | None = None
    exported: bool = True
    input: str = ""
    """The input of the record's lifecycle that its value goes into: a path of stored names."""
    reference: ReferenceTarget | None = None

    @property
    def is_exported(self) -> bool:
        """Whether an export has this column."""
        return self.exported and not self.secret

    @property
    def only_ndjson(self) -> bool:
        """Whether CSV has no form for it."""
        return self.shape is CellType.OBJECT


@dataclass(frozen=True, slots=True)
class NestedColumn:
    """A list of objects inside an NDJSON row, with columns of its own. In CSV its columns stand in the row itself."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    required: bool = False
    most: int = 10_000


Columns = Sequence[Column | NestedColumn]


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row as far as it can be read: column → value, for the columns that say what holds; and what does not hold.

    `rows` and `size` are those of `RawRow`.
    """

    line: int
    values: Doc
    problems: tuple[Problem, ...] = ()
    rows: int = 1
    size: int = 0

    @property
    def weight(self) -> int:
        """How many records it comes to."""
        return 1 + sum(len(value) for value in self.values.values() if is_object_list(value))


def is_object_list(value: object) -> TypeGuard[list[Doc]]:
    """Whether a value is what `NestedColumn` gives."""
    return isinstance(value, list)  # lists of texts are tuples


def flatten_columns(columns: Columns) -> Iterator[Column]:
    """Every column, those of nested objects in their places."""
    for each in columns:
        if isinstance(each, NestedColumn):
            yield from each.columns
        else:
            yield each


def parse_row(columns: Columns, raw: Mapping[str, object], problems: list[Problem], path: tuple[str, ...] = ()) -> Doc:
    """What a row says, each value read by its column's rule. A value that does not hold is a problem, and left out."""
    problems += find_unknown_columns(columns, raw, path)
    values: Doc = {}
    for column in columns:
        if column.name not in raw and not column.required:
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
    """The names in a row that are nobody's."""
    known = [each.name for each in columns]
    message = f"There is no such column. The columns are {', '.join(known)}."
    return [Problem("UNKNOWN_COLUMN", (*path, name), message) for name in raw if name not in known]


def parse_cell(column: Column, value: object) -> Doc:
    """The value of one cell by its column's name; nothing where the cell leaves it to a rule."""
    if is_empty(value):
        if column.required:
            raise Invalid("REQUIRED", "A value is needed here.")
        return {} if column.default_by_rule else {column.name: column.default}
    return {column.name: column.parse(value)}


def is_empty(value: object) -> bool:
    """Whether a cell says that there is nothing."""
    return value is None or (isinstance(value, str) and not value.strip())


def parse_object_list(column: NestedColumn, value: object, problems: list[Problem], path: tuple[str, ...]) -> Doc:
    """The rows of a list of objects; none where it is empty."""
    value = [] if is_empty(value) else value
    if value == [] and column.required:
        raise Invalid("REQUIRED", "At least one is needed.")
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
    """One object of a list."""
    if not isinstance(value, dict):
        problems.append(Problem("INVALID_TYPE", path, f"An object is expected, not {kind_of(value)}."))
        return {}
    return parse_row(columns, value, problems, path)
