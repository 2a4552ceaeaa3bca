"""Importing rows by a mutation: up to a thousand, all or each by itself, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import strawberry
from strawberry.utils.str_converters import to_camel_case

from app.errors import Problems
from app.graph.choices import Choice, choices
from app.graph.filters import class_with_fields
from app.graph.record import Record
from app.transfer.chunk import Chunk
from app.transfer.decisions import decide_rows
from app.transfer.importer import Importer
from app.transfer.outcome import Outcome, Result
from app.transfer.row_inputs import MAX_ROWS, build_row_fields, check_row_count, locate_problems, parse_rows
from app.writing.input_types import (
    IDEMPOTENCY_KEY,
    InputField,
    MutationInput,
    input_class,
    needed,
    with_default,
)
from app.writing.mutation import Mutation
from app.writing.payloads import Payload, payload, shown, shown_list
from app.writing.problems import UserError
from app.writing.record_mutations import scopes_of


@choices(description="What becomes of the other rows where one is refused.")
class ImportMode(Choice):
    """What becomes of the other rows where one is refused."""

    ATOMIC = "ATOMIC", "Nothing is stored; `userErrors` tell every problem of every row."
    PER_ROW = "PER_ROW", "They are stored, in one transaction; each row tells what became of it."


@choices(description="What became of one row.")
class ImportResult(Choice):
    """What became of one row."""

    CREATED = "CREATED", "It was not there, and is now."
    UNCHANGED = "UNCHANGED", "It was there, and all that the row says of it is so."
    REFUSED = "REFUSED", "It breaks a rule, and nothing of it was stored."


@strawberry.type(description="What became of one row.")
class ImportRow:
    """What became of one row."""

    index: int = strawberry.field(description="Its place among the rows, from 0.")
    result: ImportResult = strawberry.field(description="What became of it, or in a dry run would.")
    record_id: strawberry.ID | None = strawberry.field(
        description="The id of its record; null where it was refused, or a dry run would have made it."
    )
    user_errors: list[UserError] = strawberry.field(description="Everything that is wrong with it, at once.")
    warnings: list[UserError] = strawberry.field(description="What was done, and should be known.")

    @classmethod
    def from_outcome(cls, outcome: Outcome) -> ImportRow:
        """The row of what became of it."""
        return cls(
            index=outcome.line,
            result=ImportResult(outcome.result.value),
            record_id=strawberry.ID(outcome.record_id) if outcome.record_id else None,
            user_errors=[UserError.of(each) for each in locate_problems(outcome.line, outcome.problems)],
            warnings=[UserError.of(each) for each in locate_problems(outcome.line, outcome.warnings)],
        )


@strawberry.type
class ImportPayload(Payload):
    """What every import of rows returns."""

    rows: list[ImportRow] = shown_list("What became of each row, in their order; empty where nothing was done.")
    created: int | None = shown("How many were, or would be, created; null where nothing was done.")
    unchanged: int | None = shown("How many were there already; null where nothing was done.")
    refused: int | None = shown("How many were, or would be, refused; null where nothing was done.")


class ImportInput(MutationInput):
    """What every import of rows is told; GraphQL's input of each kind has its rows besides."""

    rows: Sequence[object]
    mode: ImportMode
    dry_run: bool


async def import_rows(importer: Importer, chunk: Chunk, given: ImportInput) -> list[Outcome]:
    """Decide on all rows, and have stored what is not refused; raises Refused where one is and the mode is ATOMIC."""
    check_row_count(given.rows)
    chunk.dry_run = given.dry_run
    decided = await decide_rows(importer, list(parse_rows(importer, given.rows)), chunk)
    outcomes = sorted(decided, key=lambda outcome: outcome.line)
    if given.mode is ImportMode.ATOMIC:
        problems = Problems()
        for outcome in outcomes:
            problems.extend(locate_problems(outcome.line, outcome.problems))
        problems.refuse()
    return outcomes


@dataclass(eq=False, kw_only=True)
class RowMutation(Mutation):
    """A mutation that imports rows of one kind; the types are made of its columns."""

    kind: str
    importer: Callable[[], Importer]

    @cached_property
    def types(self) -> tuple[type, type[Payload]]:
        fields = [*self.input_fields(), IDEMPOTENCY_KEY]
        text = f"What `{to_camel_case(self.name)}` is to do."
        made: type[object] = payload(class_with_fields(f"{self.type_name}Payload", [], ImportPayload))
        return input_class(f"{self.type_name}Input", text, fields, MutationInput), cast(type[Payload], made)

    def input_fields(self) -> Sequence[InputField]:
        """The rows, and what is to be done with them."""
        kind = self.kind.capitalize()
        text = f"One row of `import{kind}`: what a row of such a file says. An absent column says nothing."
        row: Any = input_class(f"Import{kind}Row", text, list(build_row_fields(self.importer().columns)))
        return [
            ("rows", list[row], needed(f"1 to {MAX_ROWS:,} rows, in any order.")),
            ("mode", ImportMode, with_default(ImportMode.ATOMIC, "What becomes of the others where one is refused.")),
            ("dry_run", bool, with_default(False, "Do everything but write, and say what would be.")),
        ]


def import_mutation(kind: str, record: type[Record], importer: Callable[[], Importer], rest: str) -> RowMutation:
    """Declare the mutation that imports rows of one kind; each call has an importer of its own."""

    async def operation(chunk: Chunk, given: ImportInput) -> Payload:
        outcomes = await import_rows(importer(), chunk, given)
        counts = {result: sum(outcome.result is result for outcome in outcomes) for result in Result}
        values: dict[str, Any] = {
            "rows": [ImportRow.from_outcome(outcome) for outcome in outcomes],
            **{result.value.lower(): count for result, count in counts.items()},
        }
        return mutation.payload_type(**values)

    mutation = RowMutation(
        doc=f"Create up to {MAX_ROWS:,} {kind} in one transaction. {rest} A row is recognised by its key when it "
        "comes again: it is then UNCHANGED, or refused where it says something else.",
        operation=operation,
        needs=lambda: scopes_of(record),
        unit=Chunk,
        kind=kind,
        importer=importer,
    )
    return mutation
