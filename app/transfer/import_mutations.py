"""Mutations that import up to a thousand rows in one transaction, all or nothing or each row by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import strawberry
from strawberry.utils.str_converters import to_camel_case

from app.entities.audit_entry import AuditChange
from app.errors import Problems
from app.graph.choices import Choice, choices
from app.graph.documents import from_document
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


@choices(description="Whether the other rows are stored if one is refused.")
class ImportMode(Choice):
    """Whether the other rows are stored if one is refused."""

    ATOMIC = "ATOMIC", "If one row is refused, nothing is stored; `userErrors` list every problem of every row."
    PER_ROW = "PER_ROW", "The other rows are stored, in one transaction; each row has its own result."


@choices(description="The result of one row.")
class ImportResult(Choice):
    """The result of one row."""

    CREATED = "CREATED", "The record was created."
    CHANGED = "CHANGED", "The record existed already and was changed: the mutation updates."
    UNCHANGED = "UNCHANGED", "The record existed already, with the values of the row."
    REFUSED = "REFUSED", "The row breaks a rule, and nothing of it was stored."


@strawberry.type(description="The outcome of one row.")
class ImportRow:
    """The outcome of one row."""

    index: int = strawberry.field(description="Its position in the input, from 0.")
    result: ImportResult = strawberry.field(description="Its result; in a dry run, the result that it would have.")
    record_id: strawberry.ID | None = strawberry.field(
        description="The id of its record; null if the row was refused, or if a dry run would create the record."
    )
    user_errors: list[UserError] = strawberry.field(description="All problems of the row; empty unless it was refused.")
    warnings: list[UserError] = strawberry.field(description="Remarks on a row that was accepted.")
    changes: list[AuditChange] = strawberry.field(
        description="Each field of a record that was changed, before and after; empty otherwise."
    )

    @classmethod
    def from_outcome(cls, outcome: Outcome) -> ImportRow:
        """The row with this outcome; its line is the index."""
        return cls(
            index=outcome.line,
            result=ImportResult(outcome.result.value),
            record_id=strawberry.ID(outcome.record_id) if outcome.record_id else None,
            user_errors=[UserError.of(each) for each in locate_problems(outcome.line, outcome.problems)],
            warnings=[UserError.of(each) for each in locate_problems(outcome.line, outcome.warnings)],
            changes=[from_document(AuditChange, each) for each in outcome.changes],
        )


@strawberry.type
class ImportPayload(Payload):
    """The fields that the payload of every import has."""

    rows: list[ImportRow] = shown_list("The outcome of each row, in their order; empty if the mutation was refused.")
    created: int | None = shown(
        "How many records were, or in a dry run would be, created; null if the mutation was refused."
    )
    changed: int | None = shown(
        "How many records were, or in a dry run would be, changed; null if the mutation was refused."
    )
    unchanged: int | None = shown(
        "How many records existed already with these values; null if the mutation was refused."
    )
    refused: int | None = shown(
        "How many rows were, or in a dry run would be, refused; null if the mutation was refused."
    )


class ImportInput(MutationInput):
    """The fields that the input of every import has; the type of its rows depends on the kind of record."""

    rows: Sequence[object]
    mode: ImportMode
    update: bool
    dry_run: bool


async def import_rows(importer: Importer, chunk: Chunk, given: ImportInput) -> list[Outcome]:
    """Add the records of accepted rows to the chunk; raises Refused if the mode is ATOMIC and a row is refused."""
    check_row_count(given.rows)
    chunk.dry_run, chunk.updates = given.dry_run, given.update
    parsed_rows = list(parse_rows(importer, given.rows, updates=given.update))
    outcomes = await decide_rows(importer, parsed_rows, chunk)
    outcomes = sorted(outcomes, key=lambda outcome: outcome.line)
    if given.mode is ImportMode.ATOMIC:
        problems = Problems()
        for outcome in outcomes:
            problems.extend(locate_problems(outcome.line, outcome.problems))
        problems.refuse()
    return outcomes


@dataclass(eq=False, kw_only=True)
class RowMutation(Mutation):
    """A mutation that imports rows of one kind of record; its GraphQL types are built from the columns."""

    kind: str
    importer: Callable[..., Importer]
    options: Sequence[InputField] = ()

    @cached_property
    def types(self) -> tuple[type, type[Payload]]:
        fields = [*self.input_fields(), IDEMPOTENCY_KEY]
        text = f"What `{to_camel_case(self.name)}` is to do."
        payload_type: type[object] = payload(class_with_fields(f"{self.type_name}Payload", [], ImportPayload))
        return input_class(f"{self.type_name}Input", text, fields, MutationInput), cast(type[Payload], payload_type)

    def input_fields(self) -> Sequence[InputField]:
        """The input's fields besides the idempotency key: rows, mode and dry run."""
        kind = self.kind.capitalize()
        text = f"One row of `import{kind}`, with the columns of a file. An absent column is not compared or set."
        importer = self.importer()
        fields = list(build_row_fields(importer.columns, importer.key))
        row: Any = input_class(f"Import{kind}Row", text, fields)
        return [
            ("rows", list[row], needed(f"1 to {MAX_ROWS:,} rows, in any order.")),
            (
                "mode",
                ImportMode,
                with_default(ImportMode.ATOMIC, "Whether the other rows are stored if one is refused."),
            ),
            (
                "update",
                bool,
                with_default(False, "Change records that exist already where rows differ, instead of refusing these."),
            ),
            (
                "dry_run",
                bool,
                with_default(False, "Check everything and write nothing; the result says what would happen."),
            ),
            *self.options,
        ]


def import_mutation(
    kind: str, record: type[Record], importer: Callable[..., Importer], rest: str, options: Sequence[InputField] = ()
) -> RowMutation:
    """Declare the mutation that imports rows of one kind; each call has an importer of its own.

    `options` are further inputs, which the importer takes by name.
    """

    async def operation(chunk: Chunk, given: ImportInput) -> Payload:
        made = importer(**{name: getattr(given, name) for name, _, _ in options})
        outcomes = await import_rows(made, chunk, given)
        counts = {result: sum(outcome.result is result for outcome in outcomes) for result in Result}
        values: dict[str, Any] = {
            "rows": [ImportRow.from_outcome(outcome) for outcome in outcomes],
            **{result.value.lower(): count for result, count in counts.items()},
        }
        return mutation.payload_type(**values)

    mutation = RowMutation(
        doc=f"Create up to {MAX_ROWS:,} {kind} in one transaction. {rest} A row whose key exists already is "
        "UNCHANGED if its values are the same; if they differ it is refused, or with `update` changes the record.",
        operation=operation,
        needs=lambda: scopes_of(record),
        unit=Chunk,
        kind=kind,
        importer=importer,
        options=options,
    )
    return mutation
