"""The stored state of a file's import: one document, updated in the transaction of each chunk.

Its id is a digest of the file's content, so that a killed import resumes wherever the file lies and whatever its name.
It is removed when the import ends: the same file, imported again, is compared from its first row.
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
from app.transfer.refused_rows import RefusedMark
from app.transfer.rows import Source

COLLECTION = "importCursors"
KEPT_SECONDS = 7 * 24 * 3600
INDEXES = [IndexModel([("updatedAt", ASCENDING)], name="kept for seven days", expireAfterSeconds=KEPT_SECONDS)]
ROW_ORDER_VERSION = 1
"""To be raised when a release reads rows in another order: positions stored before are then ignored."""

MAX_KEPT_PROBLEMS, MAX_MESSAGE_CHARACTERS = 3, 500
"""How many problems of a refused row are stored for the summary, and how long their texts may be."""


class Position(NamedTuple):
    """How far an import is: the reading of the file (from 0), its rows that are done, and the line of the last one."""

    reading: int = 0
    done: int = 0
    line: int = 0


START = Position()


class ImportState(NamedTuple):
    """The state of an import: its position, the summary up to there, and the session that writes it."""

    position: Position
    summary: Summary
    session: Mapping[str, object] | None = None
    """The session's id in the database; a killed run leaves it behind."""
    refused: RefusedMark | None = None
    """How far the file of refused rows is; None where the run writes none."""


def make_cursor_id(kind: str, source: Source, *, updates: bool = False) -> str:
    """The id of a file's import: a digest of the kind of record, whether it updates, the format and the content."""
    what = f"{kind} update" if updates else kind
    facts = f"{ROW_ORDER_VERSION} {what} {source.format} {source.compute_digest()}"
    return hashlib.sha256(facts.encode()).hexdigest()


async def find_state(store: Store, cursor: str) -> ImportState | None:
    """The stored state of an earlier run that did not end; None if there is none."""
    row = await store[COLLECTION].find_one({"_id": cursor})
    return (
        ImportState(
            Position(row["reading"], row["done"], row["line"]), parse_summary(row), row["session"], parse_mark(row)
        )
        if row
        else None
    )


async def save_state(store: Store, cursor: str, state: ImportState, now: datetime, session: AsyncClientSession) -> None:
    """Store the state, in the session's transaction that stores the rows."""
    row = {
        **state.position._asdict(),
        **serialise_summary(state.summary),
        "session": dict(session.session_id),
        "refusedFile": state.refused and state.refused._asdict(),
        "updatedAt": now,
    }
    await store[COLLECTION].replace_one({"_id": cursor}, row, upsert=True, session=session)


async def begin_run(store: Store, cursor: str, state: ImportState, now: datetime) -> None:
    """Store the state at the start of a run, with the session that its transactions will use."""
    async with store.client.start_session() as session:
        await save_state(store, cursor, state, now, session)


async def end_abandoned_transaction(store: Store, state: ImportState) -> None:
    """End the transaction that a killed run may have left open, whose locks would block this one for a minute.

    If that run is still alive, it tries its chunk again. Without the right to end sessions nothing happens.
    """
    with suppress(OperationFailure):
        await store.client.admin.command("killSessions", [state.session])


async def remove_state(store: Store, cursor: str) -> None:
    """Remove the state of an import that has ended."""
    await store[COLLECTION].delete_one({"_id": cursor})


def serialise_summary(summary: Summary) -> Doc:
    """A summary as it is stored."""
    return {
        "counts": {result.value: summary.counts[result] for result in Result},
        "rows": summary.rows,
        "warnings": summary.warnings,
        "firstRefused": [
            {
                "line": each.line,
                "rows": each.rows,
                "key": each.key and each.key[:MAX_MESSAGE_CHARACTERS],
                "problems": list(serialise_problems(each.problems)),
            }
            for each in summary.first_refused
        ],
    }


def serialise_problems(problems: Iterable[Problem]) -> Iterable[list[object]]:
    """The first problems of a row as they are stored: [code, field, message], cut to a bounded length."""
    for each, _ in zip(problems, range(MAX_KEPT_PROBLEMS), strict=False):
        yield [each.code, [name[:MAX_MESSAGE_CHARACTERS] for name in each.field], each.message[:MAX_MESSAGE_CHARACTERS]]


def parse_summary(row: Doc) -> Summary:
    """The summary that `serialise_summary` stored."""
    summary = Summary(rows=row["rows"], warnings=row["warnings"], rows_before=row["rows"])
    summary.counts.update({Result(name): count for name, count in row["counts"].items()})
    summary.first_refused = [parse_refused(each) for each in row["firstRefused"]]
    return summary


def parse_mark(row: Doc) -> RefusedMark | None:
    """How far the file of refused rows is, as it was stored."""
    stored = row.get("refusedFile")
    return RefusedMark(**stored) if stored else None


def parse_refused(row: Doc) -> Outcome:
    """One refused row of a stored summary."""
    return refuse_row(row["line"], [parse_problem(*each) for each in row["problems"]], row["rows"], row.get("key"))


def parse_problem(code: str, field: Sequence[str], message: str) -> Problem:
    """One problem of those that `serialise_problems` stored."""
    return Problem(code, tuple(field), message)
