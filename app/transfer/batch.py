"""The rows of one mutation: the same rows as a file's, all of them in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.errors import Problem, Refused
from app.graph.scalars import JSON
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.transfer.columns import Column, Columns, Draft, Shape, flat
from app.transfer.deciding import Drafting, decide_all
from app.transfer.importer import Importer
from app.transfer.outcome import Outcome, Result
from app.transfer.rows import Format, Raw
from app.writing.inputs import Described
from app.writing.problems import rows
from app.writing.work import Work

MOST = 1_000
TYPES: Mapping[Shape, Any] = {Shape.TEXT: str, Shape.LIST: list[str], Shape.OBJECT: JSON}


def described(columns: Columns) -> Iterator[Described]:
    """The fields of a row's input: one for each column, in the column's words."""
    for each in flat(columns):
        inner = TYPES[each.shape]
        if each.required:
            yield each.name, inner, strawberry.field(description=each.doc)
        else:
            yield each.name, inner | None, strawberry.field(default=UNSET, description=each.doc)


async def store_rows(importer: Importer, work: Work, given: Any, *, whole: bool) -> Doc:
    """Decide on all rows, and have stored what is not refused; nothing, raising Refused, where it is to be `whole`."""
    assert isinstance(work, Chunk)  # noqa: S101  # the mutation says so
    check_count(given.rows)
    work.dry_run = given.dry_run
    outcomes = sorted(await decide_all(importer, list(drafts(importer, given.rows)), work), key=lambda each: each.line)
    if whole and (problems := [told for each in outcomes for told in placed(each.line, each.problems)]):
        raise Refused(problems)
    counts = {result.value.lower(): sum(each.result is result for each in outcomes) for result in Result}
    return {"rows": [row(each) for each in outcomes], **counts}


def check_count(rows: Sequence[Any]) -> None:
    """Refuse what is no row, or more than one mutation takes."""
    if not rows:
        raise Refused([Problem("REQUIRED", ("rows",), "At least one row is needed.")])
    if len(rows) > MOST:
        message = f"There are {len(rows):,} rows; a mutation takes {MOST:,}. `customer-graph import` takes any number."
        raise Refused([Problem("TOO_MANY", ("rows",), message)])


def drafts(importer: Importer, rows: Sequence[Any]) -> Iterator[Draft]:
    """The rows, each after those that it rests on."""
    raws = [Raw(index, values(importer.columns, each)) for index, each in enumerate(rows)]
    plan, drafting = importer.plan(lambda: raws, Format.INPUT), Drafting(importer, Format.INPUT)
    for raw in sorted(raws, key=plan.reading):
        entry = drafting.entry(raw, plan)
        if isinstance(entry, Draft):  # always: these rows need not be parsed
            yield entry


def values(columns: Columns, given: Any) -> Doc:
    """What one row says, by column."""
    pairs = ((each.name, getattr(given, each.name)) for each in columns if isinstance(each, Column))
    return {name: value for name, value in pairs if value is not UNSET}


def placed(index: int, problems: Sequence[Problem]) -> list[Problem]:
    """Problems of a row by their paths in the mutation's input."""
    return [
        Problem(each.code, ("rows", str(index), *map(to_camel_case, each.field)), each.message) for each in problems
    ]


def row(outcome: Outcome) -> Doc:
    """What the payload tells of a row, as it is stored for a retry."""
    told = {
        name: rows(placed(outcome.line, problems))
        for name, problems in (("userErrors", outcome.problems), ("warnings", outcome.warnings))
    }
    return {"index": outcome.line, "result": outcome.result.value, "recordId": outcome.record_id, **told}
