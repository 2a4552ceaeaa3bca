"""The four mutations that every kind of record has, made of its `Lifecycle`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import strawberry
from strawberry.utils.str_converters import to_snake_case

from app.access.viewer import Scope
from app.context import Context
from app.errors import Problem, Refused
from app.graph.record import RECORDS, Record
from app.graph.roots import by_input
from app.writing.inputs import EXPECTED_VERSION, Described, described
from app.writing.lifecycle import LIFECYCLES
from app.writing.mutation import Mutation, Shown
from app.writing.work import Work

WRITTEN_UNDER = {
    Scope.CUSTOMERS: Scope.WRITE_CUSTOMERS,
    Scope.CREDENTIALS: Scope.WRITE_CREDENTIALS,
    Scope.CATALOG: Scope.WRITE_CATALOG,
    Scope.BILLING: Scope.WRITE_BILLING,
}


def scopes_of(*records: str) -> frozenset[Scope]:
    """What is needed to write records of these kinds and be shown them."""
    read = {cast(type[Record], RECORDS[name]).read_scope for name in records}
    return frozenset(read | {WRITTEN_UNDER[each] for each in read})


def field_name(record: str) -> str:
    """`usage_attribute`, the payload's field for a UsageAttribute."""
    return to_snake_case(record)


def which(record: str, text: str) -> Described:
    """The input `by`."""
    return "by", by_input(cast(type[Record], RECORDS[record])), strawberry.field(description=text)


def shows(record: str, text: str) -> dict[str, Shown]:
    """The payload's one record."""
    return {field_name(record): Shown(record, text)}


def create(record: str, *, doc: str, warns: bool = False) -> Mutation:
    """Declare the mutation that makes a record."""

    async def operation(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
        lifecycle = LIFECYCLES[record]
        problems: list[Problem] = []
        await lifecycle.prepare(work, [given])
        made = await lifecycle.create(work, given, problems)
        if problems:
            raise Refused(problems)
        return {field_name(record): made}

    return Mutation(
        doc=doc,
        operation=operation,
        inputs=lambda: list(described(RECORDS[record], LIFECYCLES[record].inputs, creating=True)),
        shows=shows(record, "What was made; null where it was refused."),
        needs=lambda: scopes_of(record),
        warns=warns,
    )


def update(record: str, *, doc: str, warns: bool = False) -> Mutation:
    """Declare the mutation that changes a record: what is absent is left alone, null clears."""

    async def operation(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
        return {field_name(record): await LIFECYCLES[record].update(work, given)}

    return Mutation(
        doc=f"{doc} What is left out is left alone; null clears a field.",
        operation=operation,
        inputs=lambda: [
            which(record, "Which one to change."),
            EXPECTED_VERSION,
            *described(RECORDS[record], LIFECYCLES[record].inputs, creating=False),
        ],
        shows=shows(record, "The record as it is now; null where the change was refused."),
        needs=lambda: scopes_of(record),
        warns=warns,
    )


def delete(record: str, *, doc: str) -> Mutation:
    """Declare the mutation that deletes a record: it is found by id only from then on."""

    async def operation(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
        return {field_name(record): await LIFECYCLES[record].delete(work, given)}

    return Mutation(
        doc=doc,
        operation=operation,
        inputs=lambda: [which(record, "Which one to delete."), EXPECTED_VERSION],
        shows=shows(record, "The deleted record; null where it was refused."),
        needs=lambda: scopes_of(record),
    )


def restore(record: str, *, doc: str) -> Mutation:
    """Declare the mutation that brings a deleted record back."""

    async def operation(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
        return {field_name(record): await LIFECYCLES[record].restore(work, given)}

    return Mutation(
        doc=doc,
        operation=operation,
        inputs=lambda: [
            ("id", strawberry.ID, strawberry.field(description="Its id: a deleted record has no other key.")),
            EXPECTED_VERSION,
        ],
        shows=shows(record, "The record as it is now; null where it was refused."),
        needs=lambda: scopes_of(record),
    )
