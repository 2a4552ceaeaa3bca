"""The four mutations that every kind of record has, made of the table and the rules of the record.

`create(CredentialRules, doc=…)` is `createCredential`: its input is that of the table, its operation the lifecycle's,
which asks the rules.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from app.access.viewer import Scope
from app.errors import Problems
from app.graph.record import Record
from app.graph.roots import by_input
from app.writing import lifecycle, restoring
from app.writing.input_types import (
    EXPECTED_VERSION,
    IDEMPOTENCY_KEY,
    InputField,
    MutationInput,
    fields_of,
    input_class,
    needed,
)
from app.writing.inputs import RecordInput, read_input, read_named, read_values, record_key
from app.writing.mutation import SECONDS, Mutation
from app.writing.parts import MadeAlong, check_sizes, keys_in
from app.writing.payloads import Payload, record_payload
from app.writing.rules import Rules
from app.writing.work import Work

R = TypeVar("R", bound=Record)
WRITTEN_UNDER = {
    Scope.CUSTOMERS: Scope.WRITE_CUSTOMERS,
    Scope.CREDENTIALS: Scope.WRITE_CREDENTIALS,
    Scope.CATALOG: Scope.WRITE_CATALOG,
    Scope.BILLING: Scope.WRITE_BILLING,
}
Step = Callable[[Work, Any], Awaitable[Mapping[str, object]]]
"""What a mutation does with its input; it returns the fields of the payload."""
FirstStep = Callable[[Work, R, RecordInput, Problems], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is done after a record was made or changed, in the same transaction; for a refused one it is judged only.

    `run` is given the work, the input, the record and the problems. `given` is an input of its own, and `shown` the
    payload's field for what `run` returns.
    """

    run: Callable[[Work, Any, Any, Problems], Awaitable[object]]
    given: InputField
    shown: InputField


def scopes_of(*records: type[Record]) -> frozenset[Scope]:
    """What is needed to write records of these kinds and be shown them."""
    read = {record.read_scope for record in records}
    return frozenset(read | {WRITTEN_UNDER[scope] for scope in read})


@dataclass(eq=False, kw_only=True)
class RecordMutation(Mutation):
    """A mutation of one record whose types are made of its table."""

    record: type[Record]
    inputs: Callable[[], Sequence[InputField]]
    shows: str
    also_shows: Sequence[InputField] = ()
    warns: bool = False

    @cached_property
    def types(self) -> tuple[type, type[Payload]]:
        text = f"What `{to_camel_case(self.name)}` is to do."
        fields = [*self.inputs(), IDEMPOTENCY_KEY]
        given = input_class(f"{self.type_name}Input", text, fields, MutationInput)
        name, more = self.field_name, self.also_shows
        return given, record_payload(self.type_name, self.record, name, self.shows, warns=self.warns, more=more)

    @property
    def field_name(self) -> str:
        """The payload's field for the record."""
        return payload_field(self.record)


def payload_field(record: type[Record]) -> str:
    """The payload's field for a record, `usage_attribute` for a UsageAttribute."""
    return record.singular_name().replace(" ", "_")


def record_mutation(
    rules: type[Rules[R]],
    step: Step,
    doc: str,
    inputs: Callable[[], Sequence[InputField]],
    shows: str,
    *,
    warns: bool,
    seconds: float = SECONDS,
    then: FollowUp | None = None,
) -> RecordMutation:
    """A mutation whose operation is one step of a record's lifecycle."""
    record = rules.record

    async def operation(work: Work, given: object) -> Payload:
        values: Mapping[str, Any] = await step(work, given)
        return made.payload_type(**values)

    made = RecordMutation(
        doc=doc,
        operation=operation,
        needs=lambda: scopes_of(record),
        record=record,
        inputs=lambda: [*inputs(), *([then.given] if then else [])],
        shows=shows,
        also_shows=[then.shown] if then else [],
        warns=warns,
        seconds=seconds,
    )
    return made


async def follow_up(
    work: Work, given: object, record: Record, then: FollowUp | None, problems: Problems
) -> Mapping[str, object]:
    """The payload's fields, after what follows. Raises Refused with all problems."""
    followed = {then.shown[0]: await then.run(work, given, record, problems)} if then else {}
    problems.refuse()
    return {payload_field(type(record)): record, **followed}


def create(
    rules: type[Rules[R]],
    *,
    doc: str,
    warns: bool = False,
    along: Sequence[MadeAlong] = (),
    seconds: float = SECONDS,
    then: FollowUp | None = None,
) -> RecordMutation:
    """Declare the mutation that makes a record, and those that are given `along` with it."""

    async def step(work: Work, given: object) -> Mapping[str, object]:
        problems, own = Problems(), rules()
        check_sizes({each.name: getattr(given, each.name) for each in along}, problems)
        problems.refuse()
        said = read_input(own.record, own.inputs, given, problems)
        await lifecycle.prepare(work, own, [said], *keys_in(row for each in along for row in each.rows(given)))
        made = await lifecycle.create(work, own, said, problems)
        for each in along:
            await each.make(work, given, made.id, problems)
        return await follow_up(work, given, made, then, problems)

    record = rules.record
    return record_mutation(
        rules,
        step,
        doc,
        lambda: [*fields_of(record, rules.inputs, creating=True), *(each.input_field() for each in along)],
        "What was made; null where it was refused.",
        warns=warns,
        seconds=seconds,
        then=then,
    )


def update(
    rules: type[Rules[R]],
    *,
    doc: str,
    warns: bool = False,
    first: FirstStep[R] | None = None,
    seconds: float = SECONDS,
    then: FollowUp | None = None,
) -> RecordMutation:
    """Declare the mutation that changes a record: what is absent is left alone, null clears.

    `first` does what has rules of its own, such as a move, before the other fields are judged; what keeps it from that
    it adds to the problems. `seconds` is a deadline other than that of requests.
    """

    async def step(work: Work, given: Any) -> Mapping[str, object]:
        problems, own, key = Problems(), rules(), record_key(given.by)
        said = RecordInput(named=read_named(own.inputs, given))
        await lifecycle.prepare(work, own, [said], [key])
        before = lifecycle.find_target(work, own.record, key, given.expected_version, problems)
        if before and first:
            await first(work, before, said, problems)
            before = work.get(own.record, before.id)
        there = work.records[before.id] if before else None
        said.values = read_values(own.record, own.inputs, given, problems, there)
        changed = await lifecycle.update_if_valid(work, own, before, said, problems)
        return await follow_up(work, given, changed, then, problems)

    record = rules.record
    return record_mutation(
        rules,
        step,
        f"{doc} What is left out is left alone; null clears a field.",
        lambda: [
            which(record, "Which one to change."),
            EXPECTED_VERSION,
            *fields_of(record, rules.inputs, creating=False),
        ],
        "The record as it is now; null where the change was refused.",
        warns=warns,
        seconds=seconds,
        then=then,
    )


def delete(rules: type[Rules[R]], *, doc: str) -> RecordMutation:
    """Declare the mutation that deletes a record: it is found by id only from then on."""

    record = rules.record

    async def step(work: Work, given: Any) -> Mapping[str, object]:
        found = await lifecycle.require_target(work, record, record_key(given.by), given.expected_version)
        return {payload_field(record): await lifecycle.delete(work, rules(), found)}

    return record_mutation(
        rules,
        step,
        doc,
        lambda: [which(record, "Which one to delete."), EXPECTED_VERSION],
        "The deleted record; null where it was refused.",
        warns=False,
    )


def restore(rules: type[Rules[R]], *, doc: str) -> RecordMutation:
    """Declare the mutation that brings a deleted record back."""

    async def step(work: Work, given: Any) -> Mapping[str, object]:
        return {payload_field(rules.record): await restoring.restore(work, rules(), given.id, given.expected_version)}

    text = "Its id: a deleted record has no other key."
    return record_mutation(
        rules,
        step,
        doc,
        lambda: [("id", strawberry.ID, needed(text)), EXPECTED_VERSION],
        "The record as it is now; null where it was refused.",
        warns=False,
    )


def which(record: type[Record], text: str) -> InputField:
    """The input `by`."""
    return "by", by_input(record), needed(text)
