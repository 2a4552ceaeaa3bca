"""The rows of an import mutation: GraphQL inputs with the columns of a file, parsed like the rows of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.errors import Problem, Refused
from app.graph.scalars import JSON
from app.mongo.client import Doc
from app.transfer.columns import CellType, Column, Columns, ParsedRow, flatten_columns
from app.transfer.decisions import RowParser
from app.transfer.importer import Importer
from app.transfer.rows import Format, RawRow
from app.writing.input_types import InputField, needed, optional

MAX_ROWS = 1_000
INPUT_TYPES: Mapping[CellType, type] = {CellType.TEXT: str, CellType.LIST: list[str], CellType.OBJECT: JSON}


def build_row_fields(columns: Columns, key: str) -> Iterator[InputField]:
    """The fields of a row's GraphQL input: one for each column, with its description. Only the key is always needed."""
    for column in flatten_columns(columns):
        inner = INPUT_TYPES[column.cell_type]
        if column.name == key:
            yield column.name, inner, needed(column.doc)
        else:
            doc = f"{column.doc} A new one needs it." if column.required else column.doc
            yield column.name, inner | None, optional(doc)


def check_row_count(rows: Sequence[object]) -> None:
    """Raise Refused if there are no rows, or more than a mutation may have."""
    if not rows:
        raise Refused([Problem("REQUIRED", ("rows",), "There are no rows: give at least one.")])
    if len(rows) > MAX_ROWS:
        command = "Send fewer, or import a file with `customer-graph import`."
        message = f"There are {len(rows):,} rows; a mutation takes {MAX_ROWS:,}. {command}"
        raise Refused([Problem("TOO_MANY", ("rows",), message)])


def parse_rows(importer: Importer, rows: Sequence[object], *, updates: bool) -> Iterator[ParsedRow]:
    """The parsed rows in the order in which they can be stored: parents before their children."""
    raws = [RawRow(index, read_values(importer.columns, row)) for index, row in enumerate(rows)]
    plan, parser = importer.make_plan(lambda: raws, Format.INPUT), RowParser(importer, Format.INPUT, updates)
    for raw in sorted(raws, key=plan.reading_of):
        entry = parser.parse_row(raw, plan)
        if isinstance(entry, ParsedRow):  # always: these rows need not be parsed
            yield entry


def read_values(columns: Columns, row: object) -> Doc:
    """Column → value of one row's input; absent fields are left out."""
    pairs = ((each.name, getattr(row, each.name)) for each in columns if isinstance(each, Column))
    return {name: value for name, value in pairs if value is not UNSET}


def locate_problems(index: int, problems: Sequence[Problem]) -> list[Problem]:
    """The problems of the row at `index`, each with its path in the mutation's input."""
    return [each.moved_to("rows", str(index), *map(to_camel_case, each.field)) for each in problems]
