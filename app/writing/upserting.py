"""Upserts: a record is found by a key and changed, or made. What another system owns can be sent again every night.

Absent is not null: what is left out is left alone, null clears a field. An unchanged record is not written at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.entities.audit_entry import AuditChange
from app.entities.value_rules import without_null
from app.errors import Problem, Problems, Refused
from app.graph.choices import Choice, choices
from app.graph.documents import from_document
from app.graph.record import Finder, Record
from app.mongo.client import Doc
from app.writing import lifecycle
from app.writing.audit import differences
from app.writing.input_types import (
    IDEMPOTENCY_KEY,
    InputField,
    MutationInput,
    fields_of,
    input_class,
    needed,
    optional,
    with_default,
)
from app.writing.inputs import Field, RecordInput, read_named, read_values
from app.writing.keys import compared
from app.writing.naming import name_record
from app.writing.parts import finding_keys, keys_in
from app.writing.payloads import Payload, record_payload, shown, shown_list
from app.writing.record_mutations import FirstStep, FollowUp, RecordMutation, follow_up, scopes_of
from app.writing.rules import Rules
from app.writing.work import Work

R = TypeVar("R", bound=Record)


@choices(description="What an upsert did.")
class UpsertResult(Choice):
    """What an upsert did."""

    CREATED = "CREATED", "No record had the key: it was created."
    CHANGED = "CHANGED", "The record that has the key was changed."
    UNCHANGED = "UNCHANGED", "The record that has the key is as given: nothing was written."


@dataclass(slots=True)
class Upsert(Generic[R]):
    """One upsert: the rules of the record, what was given of it, and what is wrong with that."""

    work: Work
    rules: Rules[R]
    given: object
    first: FirstStep[R] | None
    problems: Problems

    async def do(self) -> tuple[R, UpsertResult]:
        """The record as it is from now on. Raises Refused, with all problems."""
        keys = list(finding_keys(self.rules.record, self.given))
        if not keys:
            names = " or ".join(f"`{each}`" for each in key_names(self.rules))
            raise Refused([Problem("REQUIRED", (), f"Give a key by which it is found: {names}.")])
        said = RecordInput(named=read_named(self.rules.inputs, self.given))
        await lifecycle.prepare(self.work, self.rules, [said], *keys_in([(self.rules, self.given)]))
        found = {doc["_id"]: doc for _, doc in self.found(keys)}
        if len(found) > 1:
            named = ", ".join(map(name_record, found.values()))
            self.problems.add("SUBSCRIBER_MISMATCH", (), f"Its keys belong to {len(found)} different records: {named}.")
        for doc in found.values():
            return await self.change(doc, said, keys)
        return await self.create(said), UpsertResult.CREATED

    def found(self, keys: Iterable[tuple[Finder, str]]) -> Iterator[tuple[Finder, Doc]]:
        """The live records that have these keys."""
        for finder, key in keys:
            if doc := self.work.found(finder.namespace or "", compared(finder, key), finder.fields):
                yield finder, doc

    async def create(self, said: RecordInput) -> R:
        """A new record, which needs what every new one needs."""
        rules = self.rules
        said.values = read_values(rules.record, rules.inputs, self.given, self.problems)
        for each in rules.inputs:
            must = each.is_required(rules.record) if isinstance(each, Field) else each.required
            if must and getattr(self.given, each.name) is UNSET:
                message = "No record has that key, and a new one needs this: give it."
                self.problems.add("REQUIRED", to_camel_case(each.name), message)
        made = await lifecycle.create(self.work, rules, said, self.problems)
        self.problems.refuse()
        return made

    async def change(self, doc: Doc, said: RecordInput, keys: Sequence[tuple[Finder, str]]) -> tuple[R, UpsertResult]:
        """The record that was found, with what was given; what is given once, on creation, is left alone."""
        work, rules = self.work, self.rules
        record = work.get(rules.record, doc["_id"])
        if record and self.first:
            await self.first(work, record, said, self.problems)
            record = work.get(rules.record, record.id)
        there = work.records[doc["_id"]]
        said.values = read_values(rules.record, rules.inputs, self.given, self.problems, there)
        for each in rules.inputs:
            if isinstance(each, Field) and not each.on_update:
                said.values.pop(each.stored, None)
        for finder, key in keys:
            own = to_camel_case(finder.name)
            if is_found_otherwise(finder, key, there.get(own)) and any(f is finder for f, _ in self.found(keys)):
                said.values.pop(own, None)  # it was found by an alias, which stays one
        changed = await lifecycle.update_if_valid(work, rules, record, said, self.problems)
        self.problems.refuse()
        return changed, UpsertResult.CHANGED if changed.id in work.changes else UpsertResult.UNCHANGED


def is_found_otherwise(finder: Finder, key: str, own: object) -> bool:
    """Whether a key that finds a record is another than the one that the record shows."""
    return not isinstance(own, str) or compared(finder, own) != compared(finder, key)


def key_names(rules: Rules[Any] | type[Rules[Any]]) -> list[str]:
    """The inputs by which an upsert finds a record."""
    names = {each.name for each in rules.inputs}
    return [finder.graphql_name for finder in rules.record.finders if finder.namespace and finder.name in names]


def changes_of(work: Work, record: Record) -> list[AuditChange]:
    """Each field of a record that is written here, before and after; secrets are not shown."""
    if work.is_new(record.id):
        before, after = {}, work.records[record.id]
    elif change := work.changes.get(record.id):
        before, after = change.before, change.after
    else:
        return []
    return [from_document(AuditChange, each) for each in differences(before, after)]


@dataclass(eq=False, kw_only=True)
class UpsertMutation(RecordMutation):
    """A mutation that makes or changes the one record that a key names."""

    @cached_property
    def types(self) -> tuple[type, type[Payload]]:
        text = f"What `{to_camel_case(self.name)}` is to do."
        given = input_class(f"{self.type_name}Input", text, [*self.inputs(), DRY_RUN, IDEMPOTENCY_KEY], MutationInput)
        more: list[InputField] = [
            (
                "result",
                UpsertResult | None,
                shown("What was done, or would be in a dry run; null if it was refused."),
            ),
            ("changes", list[AuditChange], shown_list("Each field that changes, before and after.")),
            *self.also_shows,
        ]
        name = self.field_name
        return given, record_payload(self.type_name, self.record, name, self.shows, warns=self.warns, more=more)


DRY_RUN: InputField = (
    "dry_run",
    bool,
    with_default(False, "Check everything and write nothing; the payload says what would be."),
)


def upsert(
    rules: type[Rules[R]],
    *,
    doc: str,
    warns: bool = False,
    first: FirstStep[R] | None = None,
    seconds: float = 0,
    then: FollowUp | None = None,
) -> UpsertMutation:
    """Declare the mutation that makes or changes the record that has a key; `first` and `then` are as for `update`."""
    record = rules.record

    async def operation(work: Work, given: Any) -> Payload:
        work.dry_run = given.dry_run
        problems = Problems()
        done, result = await Upsert(work, rules(), given, first, problems).do()
        values: dict[str, Any] = {**await follow_up(work, given, done, then, problems), "result": result}
        values["changes"] = changes_of(work, done)
        if work.dry_run and work.is_new(done.id):
            values[made.field_name] = None
        return made.payload_type(**values)

    made = UpsertMutation(
        doc=f"{doc} What is left out is left alone; null clears a field. The same again writes nothing.",
        operation=operation,
        needs=lambda: scopes_of(record),
        record=record,
        inputs=lambda: [*upsert_fields(rules), *([then.given] if then else [])],
        shows="The record as it is now, or would be after a dry run; null if it was refused or would be created.",
        also_shows=[then.shown] if then else [],
        warns=warns,
    )
    made.seconds = seconds or made.seconds
    return made


def upsert_fields(rules: type[Rules[Any]]) -> Iterator[InputField]:
    """The fields of the input: what a create takes, with only the key required where there is one alone."""
    keys = key_names(rules)
    required = {each.name for each in rules.inputs if to_camel_case(each.name) in keys} if len(keys) == 1 else set()
    for name, annotation, made in fields_of(rules.record, rules.inputs, creating=True):
        if name in required:
            yield name, without_null(annotation), needed(str(made.description))
        else:
            is_needed = made.default is MISSING
            text = f"{made.description} A new one needs it." if is_needed else str(made.description)
            yield name, annotation | None, optional(text)  # type: ignore[operator]  # a type
