"""Importing rows by a mutation: up to a thousand, all or each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry

from app.context import Context
from app.graph.choices import Choice, choices
from app.transfer.batch import MOST, described, store_rows
from app.transfer.chunk import Chunk
from app.transfer.kinds import IMPORTERS
from app.writing.crud import scopes_of
from app.writing.inputs import Described, input_class
from app.writing.mutation import Mutation, Shown
from app.writing.problems import UserError, from_row
from app.writing.work import Work


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
    def of(cls, stored: Mapping[str, Any]) -> ImportRow:
        """The row of what the operation returned."""
        return cls(
            index=stored["index"],
            result=ImportResult(stored["result"]),
            record_id=stored["recordId"],
            user_errors=told(stored["userErrors"]),
            warnings=told(stored["warnings"]),
        )


def told(problems: list[Any]) -> list[UserError]:
    """Problems as they are shown."""
    return [UserError.of(from_row(each)) for each in problems]


def inputs(kind: str) -> list[Described]:
    """The rows, and what is to be done with them."""
    text = f"One row of `import{kind.capitalize()}`: what a row of such a file says. An absent column says nothing."
    row: Any = input_class(f"Import{kind.capitalize()}Row", text, list(described(IMPORTERS[kind]().columns)))
    return [
        ("rows", list[row], strawberry.field(description=f"1 to {MOST:,} rows, in any order.")),
        (
            "mode",
            ImportMode,
            strawberry.field(default=ImportMode.ATOMIC, description="What becomes of the others where one is refused."),
        ),
        (
            "dry_run",
            bool,
            strawberry.field(default=False, description="Do everything but write, and say what would be."),
        ),
    ]


SHOWS = {
    "rows": Shown(
        ImportRow,
        "What became of each row, in their order; empty where nothing was done.",
        many=True,
        made=ImportRow.of,
    ),
    "created": Shown(int, "How many were, or would be, created; null where nothing was done."),
    "unchanged": Shown(int, "How many were there already; null where nothing was done."),
    "refused": Shown(int, "How many were, or would be, refused; null where nothing was done."),
}


def imports(kind: str, record: str, rest: str) -> Mutation:
    """Declare the mutation that imports rows of one kind."""

    async def operation(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
        return await store_rows(IMPORTERS[kind](), work, given, whole=given.mode is ImportMode.ATOMIC)

    return Mutation(
        doc=f"Create up to {MOST:,} {kind} in one transaction. {rest} A row is recognised by its key when it comes "
        "again: it is then UNCHANGED, or refused where it says something else.",
        operation=operation,
        inputs=lambda: inputs(kind),
        shows=SHOWS,
        needs=lambda: scopes_of(record),
        unit=Chunk,
    )


class ImportMutations:
    """Importing rows by a mutation."""

    import_organizations = imports("organizations", "Organization", "Parents may stand before or after their children.")
    import_subscribers = imports("subscribers", "Subscriber", "Their organizations are there before.")
    import_credentials = imports("credentials", "Credential", "Their subscribers are there before.")
