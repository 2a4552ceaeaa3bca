"""Keys of records that rows make: whose they are, and whether a row may have them, by the record's own lifecycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.errors import Problem
from app.graph.record import Record
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.writing.lifecycle import Key, Lifecycle


def taken(rules: Lifecycle, keys: Iterable[Key], doc: Doc, chunk: Chunk, columns: Mapping[str, str]) -> list[Problem]:
    """A problem for each key that another record has, or that the row gives twice.

    `columns` says which column a stored field comes from; `doc` is what the record is to be, as far as it matters here.
    """
    problems, seen = [], set()
    for namespace, key, name in keys:
        owner, path = chunk.owner(namespace, key), (columns.get(name, name),)
        if (namespace, key) in seen:
            problems.append(Problem("TAKEN", path, f"{key!r} stands twice in this row."))
        elif owner and not rules.may_take(chunk, owner, doc):
            problem = rules.taken_problem(chunk, owner, path, key)
            told = Problem("TAKEN", path, f"{key!r} finds {chunk.called(owner.record_id)!r} already.")
            problems.append(told if problem.code == "TAKEN" else problem)
        seen.add((namespace, key))
    return problems


def keep(rules: Lifecycle, record: Record, chunk: Chunk) -> Doc:
    """Add a new record, with its keys and what it points at."""
    doc = chunk.add(record)
    for key in rules.claims(doc):
        rules.claim(chunk, key, doc)
    chunk.point_at(*rules.pointed(doc))
    return doc


def by_column(problems: Iterable[Problem], columns: Mapping[str, str]) -> list[Problem]:
    """What a lifecycle found wrong, told of the columns that its inputs come from."""
    return [
        Problem(each.code, tuple(columns.get(name, name) for name in each.field), each.message) for each in problems
    ]
