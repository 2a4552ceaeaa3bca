"""Records that an input names, by any of their keys: all of them resolved together, in one read of keys."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, cast

from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.entities.texts import encodable
from app.errors import Problem
from app.graph.record import RECORDS, Finder, Record
from app.graph.roots import MAX_CANDIDATES
from app.mongo.client import Doc
from app.writing.work import Work

By = tuple[str, Any]
"""A record's name, and the `OrganizationBy` (or its like) that says which one."""


def key_of(by: Any) -> tuple[str, str]:
    """The one key that was given: its name and value."""
    [(name, value)] = [(f.name, v) for f in dataclasses.fields(by) if (v := getattr(by, f.name)) not in (UNSET, None)]
    return name, value


def finder_of(target: str, name: str) -> Finder:
    """How a key finds a record."""
    record = cast(type[Record], RECORDS[target])
    return next(each for each in record.finders if each.name == name)


async def resolve(work: Work, wanted: Iterable[By], keys: dict[str, set[str]] | None = None) -> None:
    """Have at hand every record that is named, and the owners of further `keys` (namespace → keys)."""
    claimed: dict[str, set[str]] = defaultdict(set, keys or {})
    ids: list[str | None] = []
    names: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for target, by in wanted:
        name, value = key_of(by)
        if not encodable(value):
            continue  # nothing has such a key
        if name == "id":
            ids.append(value)
            continue
        finder = finder_of(target, name)
        if finder.namespace is not None:
            claimed[finder.namespace].add(normal(finder, value))
        else:
            names[cast(type[Record], RECORDS[target]).collection, finder.fields].add(value)
    await work.look_up(claimed)
    await work.fetch(ids)
    for (collection, fields), texts in names.items():
        await read_names(work, collection, fields, sorted(texts))


async def read_names(work: Work, collection: str, fields: Sequence[str], texts: list[str]) -> None:
    """Who bears these names."""
    query: Doc = {"$or": [{field: {"$in": texts}} for field in fields], "deletedAt": None}
    for doc in await work.find(collection, query, limit=MAX_CANDIDATES * len(texts)):
        work.records.setdefault(doc["_id"], doc)
        for field in fields:
            borne = doc.get(field) or ()
            for text in (borne,) if isinstance(borne, str) else borne:
                ids = work.named.setdefault((collection, text), [])
                if doc["_id"] not in ids:
                    ids.append(doc["_id"])


def normal(finder: Finder, value: str) -> str:
    """A key as it is compared."""
    return finder.normalise(value) if finder.normalise else value


def find(work: Work, target: str, by: Any, problems: list[Problem], path: tuple[str, ...]) -> Doc | None:
    """The live record that is named; None, and a problem, where there is none."""
    name, value = key_of(by)
    here = (*path, to_camel_case(name))
    found = by_id(work, target, value, problems, here) if name == "id" else by_key(work, target, by, problems, here)
    if found is not None and found.get("deletedAt"):
        problems.append(gone(found, here))
        return None
    return found


def by_id(work: Work, target: str, value: str, problems: list[Problem], path: tuple[str, ...]) -> Doc | None:
    """The record with that id, deleted or not."""
    record = cast(type[Record], RECORDS[target])
    if not value.startswith(f"{record.prefix}_"):
        message = f"{value[:60]!r} is not the id of a {target}: theirs begin with {record.prefix}_."
        problems.append(Problem("INVALID_ID", path, message))
    elif value not in work.records:
        problems.append(Problem("NOT_FOUND", path, f"No {target} has the id {value[:60]!r}."))
    return work.records.get(value) if value.startswith(f"{record.prefix}_") else None


def by_key(work: Work, target: str, by: Any, problems: list[Problem], path: tuple[str, ...]) -> Doc | None:
    """The live record that another key finds."""
    name, value = key_of(by)
    finder = finder_of(target, name)
    if finder.namespace is not None:
        found = work.found(finder.namespace, normal(finder, value), finder.fields)
    else:
        ids = work.named.get((cast(type[Record], RECORDS[target]).collection, value), [])
        if len(ids) > 1:
            message = f"{len(ids)} of them bear that name. Give the id of the one that is meant: {', '.join(ids)}."
            problems.append(Problem("AMBIGUOUS", path, message))
            return None
        found = work.records[ids[0]] if ids else None
    if found is None:
        problems.append(Problem("NOT_FOUND", path, f"No live {target} has the {to_camel_case(name)} {value[:60]!r}."))
    return found


def gone(record: Doc, path: tuple[str, ...]) -> Problem:
    """A record that is named was deleted, or merged away."""
    if into := record.get("mergedIntoId"):
        return Problem("MERGED", path, f"{record['_id']} was merged into {into}: name that one.")
    return Problem("DELETED", path, f"{record['_id']} was deleted. Restore it first, or name another.")
