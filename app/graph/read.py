"""Batched reads: one bounded command for a level, whatever the fan-out, and one more for parents it did not finish.

Nothing here knows a record: a collection, the field that points at the parent, keys and a window. Deleted documents are
left out by the window's query, never here, since a record is found by id although it was deleted. Every function takes
the request's context, and so the viewer: what a viewer may see can become a part of each query here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.context import Context
from app.graph.page import Page, Window
from app.mongo.client import Doc
from app.mongo.keys import find_record_by_key
from app.mongo.reads import aggregate, find

COUNT_LIMIT = 100_000
COUNT_SECONDS = 3.0

Fields = Iterable[str] | None
Key = Any


def projection(fields: Fields, *more: str) -> dict[str, int] | None:
    """What to return of each document; None is everything."""
    return None if fields is None else dict.fromkeys((*fields, *more, "_id"), 1)


async def find_by_ids(context: Context, collection: str, ids: Sequence[str], fields: Fields) -> dict[Any, Doc]:
    """Documents by id; an id that nothing has is not among the keys. Concurrent requests look up together."""

    async def read(asked: Sequence[str]) -> dict[str, Doc]:
        query = {"_id": {"$in": asked}} if len(asked) > 1 else {"_id": asked[0]}
        docs = await find(context.store, collection, query, projection(fields), limit=len(asked))
        return {doc["_id"]: doc for doc in docs}

    if context.coalescer is None:
        return await read(list(ids))
    kind = collection, None if fields is None else frozenset(fields), context.viewer
    return await context.coalescer.find_by_ids(kind, ids, read)


async def find_by_key(
    context: Context, namespace: str, key: str, key_fields: Sequence[str], collection: str, fields: Fields
) -> Doc | None:
    """The document that a claim on (namespace, key) finds, made by one of `key_fields`; None where there is none."""
    return await find_record_by_key(context.store, namespace, key, key_fields, collection, projection(fields))


async def find_documents(
    context: Context,
    collection: str,
    query: Doc,
    fields: Fields,
    *,
    limit: int,
    sort: Sequence[tuple[str, int]] = (),
) -> list[Doc]:
    """At most `limit` documents that match a query, deleted ones too unless the query leaves them out."""
    return await find(context.store, collection, query, projection(fields), limit=limit, sort=sort)


async def find_page(context: Context, collection: str, window: Window, fields: Fields) -> Page:
    """One page of a whole collection."""
    shown = projection(fields, window.ordering.key)
    docs = await find(context.store, collection, window.match(), shown, sort=window.sort, limit=window.limit)
    return window.page(docs)


async def find_pages(
    context: Context, collection: str, by: str, keys: Sequence[str], window: Window, fields: Fields
) -> dict[Key, Page]:
    """A page for each parent, by a scalar foreign key.

    First a scan of (`by`, order) with room for twice what is wanted. If its reply is full, the parents it did not
    finish go into one look-up that is limited per parent: a parent with 20,000 children costs what its neighbours cost.
    The foreign key is sorted the way the order goes, so that one index serves both directions.
    """
    want, limit = window.limit, len(keys) * window.limit * 2 + 50
    docs = await find(
        context.store,
        collection,
        {"$and": [{by: {"$in": list(keys)}}, window.match()]},
        projection(fields, by, window.ordering.key),
        sort=[(by, window.direction), *window.sort],
        limit=limit,
    )
    grouped: dict[Key, list[Doc]] = {key: [] for key in keys}
    for doc in docs:
        grouped[doc[by]].append(doc)
    read = {key: window.page(children[:want]) for key, children in grouped.items()}
    if len(docs) < limit:
        return read
    last = docs[-1][by]
    rest = [key for key in keys if ((key > last) if window.direction > 0 else (key < last))]
    if len(grouped[last]) < want:
        rest.append(last)
    return read | await find_pages_by_lookup(context, collection, {by: None}, rest, window, fields)


async def find_pages_by_lookup(
    context: Context,
    collection: str,
    by: Mapping[str, str | None],
    keys: Sequence[Key],
    window: Window,
    fields: Fields,
    conditions: Sequence[Doc] = (),
) -> dict[Key, Page]:
    """A page for each parent by one indexed look-up a parent, all in one command.

    Dearer than a scan, but the only way where a parent's key has several parts, or is one of many in an array, which no
    index sorts by. `by` maps each field to the operator that compares it with the key's part (None: equal to it, or to
    one of it); `conditions` are further expressions, in which `$$k0`, `$$k1`… are the parts of the key.
    """
    if not keys:
        return {}
    limited: list[Doc] = [{"$sort": dict(window.sort)}, {"$limit": window.limit}]
    shown = projection(fields, window.ordering.key)
    stages = [*limited, {"$project": shown}] if shown else limited
    rows = await look_up(context, collection, by, keys, window.match(), stages, conditions)
    return {key: window.page(docs) for key, docs in rows.items()}


async def count_by_key(
    context: Context,
    collection: str,
    by: Mapping[str, str | None],
    keys: Sequence[Key],
    query: Doc,
    conditions: Sequence[Doc] = (),
) -> dict[Key, int]:
    """How many for each parent, counting to `COUNT_LIMIT` and no further."""
    counted: list[Doc] = [{"$limit": COUNT_LIMIT}, {"$count": "n"}]
    if not by:
        rows = await aggregate(context.store, collection, [{"$match": query}, *counted])
        return {None: rows[0]["n"] if rows else 0}
    found = await look_up(context, collection, by, keys, query, counted, conditions)
    return {key: docs[0]["n"] if docs else 0 for key, docs in found.items()}


async def look_up(
    context: Context,
    collection: str,
    by: Mapping[str, str | None],
    keys: Sequence[Key],
    query: Doc,
    stages: Sequence[Doc],
    conditions: Sequence[Doc],
) -> dict[Key, list[Doc]]:
    """What `stages` make of each parent's documents."""
    rows: list[Doc] = [{"n": n, **key_parts(key, len(by))} for n, key in enumerate(keys)]
    first, *others = by
    compared = [{by[name] or "$eq": [f"${name}", f"$$k{part}"]} for part, name in enumerate(others, start=1)]
    present: list[Doc] = [
        {name: {"$ne": None}} for name in others if by[name]
    ]  # to an expression, null is less than all
    expressions: list[Doc] = [{"$expr": each} for each in (*compared, *conditions)]
    matched = [part for part in (*expressions, *present, query) if part]
    pipeline: list[Doc] = [
        {"$documents": rows},
        {
            "$lookup": {
                "from": collection,
                "localField": "k0",
                "foreignField": first,
                "let": {f"k{part}": f"$k{part}" for part in range(len(by))},
                "pipeline": [*([{"$match": {"$and": matched}}] if matched else []), *stages],
                "as": "docs",
            }
        },
        {"$project": {"n": 1, "docs": 1}},
    ]
    replies = await aggregate(context.store, None, pipeline)
    return {keys[reply["n"]]: reply["docs"] for reply in replies}


def key_parts(key: Key, size: int) -> Doc:
    """The parts of a parent's key by name, as values and never as expressions; a tuple in it is an array."""
    parts = key if size > 1 else (key,)
    return {f"k{n}": {"$literal": list(part) if isinstance(part, tuple) else part} for n, part in enumerate(parts)}
