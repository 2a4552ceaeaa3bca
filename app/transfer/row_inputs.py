"""The rows of one mutation: the same rows as a file's, all of them in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.errors import Problem, Refused
from app.graph.scalars import JSON
from app.mongo.client import Doc
from app.transfer.columns import Column, Columns, Draft, Shape, flat
from app.transfer.decisions import Drafting
from app.transfer.importer import Importer
from app.transfer.rows import Format, Raw
from app.writing.input_types import InputField, needed, optional

MOST_ROWS = 1_000
TYPES: Mapping[Shape, type] = {Shape.TEXT: str, Shape.LIST: list[str], Shape.OBJECT: JSON}


def row_fields(columns: Columns) -> Iterator[InputField]:
    """The fields of a row's input: one for each column, in the column's words."""
    for column in flat(columns):
        inner = TYPES[column.shape]
        if column.required:
            yield column.name, inner, needed(column.doc)
        else:
            yield column.name, inner | None, optional(column.doc)


def check_count(rows: Sequence[object]) -> None:
    """Refuse what is no row, or more than one mutation takes."""
    if not rows:
        raise Refused([Problem("REQUIRED", ("rows",), "At least one row is needed.")])
    if len(rows) > MOST_ROWS:
        command = "`customer-graph import` takes any number."
        message = f"There are {len(rows):,} rows; a mutation takes {MOST_ROWS:,}. {command}"
        raise Refused([Problem("TOO_MANY", ("rows",), message)])


def drafts(importer: Importer, rows: Sequence[object]) -> Iterator[Draft]:
    """The rows, each after those that it rests on."""
    raws = [Raw(index, values_of(importer.columns, row)) for index, row in enumerate(rows)]
    plan, drafting = importer.plan(lambda: raws, Format.INPUT), Drafting(importer, Format.INPUT)
    for raw in sorted(raws, key=plan.reading):
        entry = drafting.entry(raw, plan)
        if isinstance(entry, Draft):  # always: these rows need not be parsed
            yield entry


def values_of(columns: Columns, row: object) -> Doc:
    """What one row says, by column."""
    pairs = ((each.name, getattr(row, each.name)) for each in columns if isinstance(each, Column))
    return {name: value for name, value in pairs if value is not UNSET}


def place_in_input(index: int, problems: Sequence[Problem]) -> list[Problem]:
    """Problems of a row by their paths in the mutation's input."""
    return [
        Problem(each.code, ("rows", str(index), *map(to_camel_case, each.field)), each.message) for each in problems
    ]
