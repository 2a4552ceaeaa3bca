"""What rests on a record and keeps it from being deleted, told with a few of its names."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import Problem
from app.mongo.client import Doc
from app.writing.work import Work


def listed(rows: Sequence[Doc], count: int, field: str) -> str:
    """A few of many, by name: "3: a, b and 1 more"."""
    names = [str(row.get(field) or row["_id"]) for row in rows]
    more = count - len(names)
    return f"{', '.join(names)} and {more:,} more" if more > 0 else ", ".join(names)


SHOWN, COUNTED = 3, 10_000


async def resting(work: Work, collection: str, query: Doc, what: str, field: str, advice: str) -> list[Problem]:
    """The live records that rest on another, as one problem that lists a few of them."""
    live: Doc = {**query, "deletedAt": None}
    rows = await work.find(collection, live, {field: 1}, limit=SHOWN + 1)
    if not rows:
        return []
    count = len(rows) if len(rows) <= SHOWN else await work.count(collection, live, COUNTED)
    return [Problem("IN_USE", ("by",), f"It has {what}: {listed(rows[:SHOWN], count, field)}. {advice}")]
