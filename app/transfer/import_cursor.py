"""Where an import of a file is: a row in the database, moved on in the transaction of each chunk.

It is found again by what the file holds, whatever it is called and wherever it lies, so that a run that was killed goes
on where it stopped. It is gone when a run comes to its end: the same file, imported later, is checked anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from app.errors import Problem
from app.mongo.client import Doc, Store
from app.transfer.outcome import Outcome, Result, Summary, refuse_row
from app.transfer.rows import Source

COLLECTION = "importCursors"
KEPT_SECONDS = 7 * 24 * 3600
INDEXES = [IndexModel([("updatedAt", ASCENDING)], name="kept for seven days", expireAfterSeconds=KEPT_SECONDS)]
ROW_ORDER_VERSION = 1
"""Raised when rows are read, or taken in turn, otherwise than before: a place in the old order means nothing then."""

MAX_KEPT_PROBLEMS, MAX_MESSAGE_CHARACTERS = 3, 500
"""How many problems of a refused row are kept to be told again, and how long their messages are."""


class Position(NamedTuple):
    """How far an import is: the reading, how many of its rows are done, and the line of the last of them."""

    reading: int = 0
    done: int = 0
    line: int = 0


START = Position()


class ImportState(NamedTuple):
    """What an earlier run did."""

    position: Position
    summary: Summary
    session: Mapping[str, object] | None = None
    """Its session in the database, which a run that was killed left behind."""


def make_cursor_id(kind: str, source: Source) -> str:
    """Which import of which rows: the same wherever the file lies and whatever database it goes to."""
    facts = f"{ROW_ORDER_VERSION} {kind} {source.format} {source.compute_digest()}"
    return hashlib.sha256(facts.encode()).hexdigest()


async def find_state(store: Store, cursor: str) -> ImportState | None:
    """What an earlier run did, if it did not come to its end."""
    row = await store[COLLECTION].find_one({"_id": cursor})
    return (
        ImportState(Position(row["reading"], row["done"], row["line"]), parse_summary(row), row["session"])
        if row
        else None
    )


async def save_state(store: Store, cursor: str, state: ImportState, now: datetime, session: AsyncClientSession) -> None:
    """Write down how far it is: in the transaction that stores the rows."""
    row = {
        **state.position._asdict(),
        **serialise_summary(state.summary),
        "session": dict(session.session_id),
        "updatedAt": now,
    }
    await store[COLLECTION].replace_one({"_id": cursor}, row, upsert=True, session=session)


async def begin_run(store: Store, cursor: str, state: ImportState, now: datetime) -> None:
    """Write down where a run begins, and the session that its transactions will have: the driver uses it again."""
    async with store.client.start_session() as session:
        await save_state(store, cursor, state, now, session)


async def end_abandoned_transaction(store: Store, before: ImportState) -> None:
    """End the transaction that a killed run may have left open: its locks would stand in the way for a minute.

    A run that is alive after all only tries its chunk again. Where we may not end sessions, the minute is waited for.
    """
    with suppress(OperationFailure):
        await store.client.admin.command("killSessions", [before.session])


async def remove_state(store: Store, cursor: str) -> None:
    """It came to its end."""
    await store[COLLECTION].delete_one({"_id": cursor})


def serialise_summary(summary: Summary) -> Doc:
    """What was counted, as it is stored."""
    return {
        "counts": {result.value: summary.counts[result] for result in Result},
        "rows": summary.rows,
        "warnings": summary.warnings,
        "firstRefused": [
            {"line": each.line, "rows": each.rows, "problems": list(serialise_problems(each.problems))}
            for each in summary.first_refused
        ],
    }


def serialise_problems(problems: Iterable[Problem]) -> Iterable[list[object]]:
    """The first problems of a row, cut short: a row may have any number, of any length."""
    for each, _ in zip(problems, range(MAX_KEPT_PROBLEMS), strict=False):
        yield [each.code, [name[:MAX_MESSAGE_CHARACTERS] for name in each.field], each.message[:MAX_MESSAGE_CHARACTERS]]


def parse_summary(row: Doc) -> Summary:
    """What was counted."""
    found = Summary(rows=row["rows"], warnings=row["warnings"], rows_before=row["rows"])
    found.counts.update({Result(name): count for name, count in row["counts"].items()})
    found.first_refused = [parse_refused(each) for each in row["firstRefused"]]
    return found


def parse_refused(row: Doc) -> Outcome:
    """A row that was refused."""
    return refuse_row(row["line"], [parse_problem(*each) for each in row["problems"]], row["rows"])


def parse_problem(code: str, field: Sequence[str], message: str) -> Problem:
    """The problem of which `serialise_problems` made a row."""
    return Problem(code, tuple(field), message)
