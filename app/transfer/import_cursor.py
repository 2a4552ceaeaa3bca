"""Where an import of a file is: a row in the database, moved on in the transaction of each chunk.

It is found again by what the file holds, whatever it is called and wherever it lies, so that a run that was killed goes
on where it stopped. It is gone when a run comes to its end: the same file, imported later, is checked anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from app.errors import Problem
from app.mongo.client import Doc, Store
from app.transfer.outcome import Outcome, Result, Summary, refused
from app.transfer.rows import Source

COLLECTION = "importCursors"
KEPT_SECONDS = 7 * 24 * 3600
INDEXES = [IndexModel([("updatedAt", ASCENDING)], name="kept for seven days", expireAfterSeconds=KEPT_SECONDS)]
ORDER_OF_ROWS = 1
"""Raised when rows are read, or taken in turn, otherwise than before: a place in the old order means nothing then."""

TOLD, LONGEST = 3, 500
"""How many problems of a refused row are kept to be told again, and how long their messages are."""


class Position(NamedTuple):
    """How far an import is: the reading, how many of its rows are done, and the line of the last of them."""

    reading: int = 0
    done: int = 0
    line: int = 0


START = Position()


class Before(NamedTuple):
    """What an earlier run did."""

    position: Position
    summary: Summary
    session: Mapping[str, Any] | None = None
    """Its session in the database, which a run that was killed left behind."""


def cursor_id(kind: str, source: Source) -> str:
    """Which import of which rows: the same wherever the file lies and whatever database it goes to."""
    facts = f"{ORDER_OF_ROWS} {kind} {source.format} {source.digest()}"
    return hashlib.sha256(facts.encode()).hexdigest()


async def find(store: Store, cursor: str) -> Before | None:
    """What an earlier run did, if it did not come to its end."""
    row = await store[COLLECTION].find_one({"_id": cursor})
    return Before(Position(row["reading"], row["done"], row["line"]), summary_of(row), row["session"]) if row else None


async def keep(store: Store, cursor: str, done: Before, now: datetime, session: AsyncClientSession) -> None:
    """Write down how far it is: in the transaction that stores the rows."""
    row = {**done.position._asdict(), **document(done.summary), "session": dict(session.session_id), "updatedAt": now}
    await store[COLLECTION].replace_one({"_id": cursor}, row, upsert=True, session=session)


async def begin(store: Store, cursor: str, done: Before, now: datetime) -> None:
    """Write down where a run begins, and the session that its transactions will have: the driver uses it again."""
    async with store.client.start_session() as session:
        await keep(store, cursor, done, now, session)


async def clear_away(store: Store, before: Before) -> None:
    """End the transaction that a killed run may have left open: its locks would stand in the way for a minute.

    A run that is alive after all only tries its chunk again. Where we may not end sessions, the minute is waited for.
    """
    with suppress(OperationFailure):
        await store.client.admin.command("killSessions", [before.session])


async def remove(store: Store, cursor: str) -> None:
    """It came to its end."""
    await store[COLLECTION].delete_one({"_id": cursor})


def document(summary: Summary) -> Doc:
    """What was counted, as it is stored."""
    return {
        "counts": {result.value: summary.counts[result] for result in Result},
        "rows": summary.rows,
        "warnings": summary.warnings,
        "firstRefused": [
            {"line": each.line, "rows": each.rows, "problems": list(problem_rows(each.problems))}
            for each in summary.first_refused
        ],
    }


def problem_rows(problems: Iterable[Problem]) -> Iterable[list[Any]]:
    """The first problems of a row, cut short: a row may have any number, of any length."""
    for each, _ in zip(problems, range(TOLD), strict=False):
        yield [each.code, [name[:LONGEST] for name in each.field], each.message[:LONGEST]]


def summary_of(row: Mapping[str, Any]) -> Summary:
    """What was counted."""
    found = Summary(rows=row["rows"], warnings=row["warnings"], rows_before=row["rows"])
    found.counts.update({Result(name): count for name, count in row["counts"].items()})
    found.first_refused = [refused_before(each) for each in row["firstRefused"]]
    return found


def refused_before(row: Mapping[str, Any]) -> Outcome:
    """A row that was refused."""
    return refused(row["line"], [problem_of(each) for each in row["problems"]], row["rows"])


def problem_of(row: Sequence[Any]) -> Problem:
    """The problem of which `problem_rows` made a row."""
    code, field, message = row
    return Problem(code, tuple(field), message)
