"""The reads of the graph. Each is for all parents of a level at once: one bounded command, however many there are, and
one more for parents whose pages the first did not fill.

Nothing here knows a record, only collections, the fields that refer to parents, keys and windows. The queries that are
passed in leave deleted documents out, not these functions: a deleted record is still found by its id. Every function
takes the request's context, and so the viewer: what a viewer may see can become a part of each query here.
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
"""The stored names that are wanted of each document; None is all of them."""

Key = Any
"""What a parent's documents are found by: a value of its own, or a tuple of several."""


def projection(fields: Fields, *more: str) -> dict[str, int] | None:
    """The MongoDB projection of these fields, `more` and the id; None is the whole document."""
    return None if fields is None else dict.fromkeys((*fields, *more, "_id"), 1)


async def find_by_ids(context: Context, collection: str, ids: Sequence[str], fields: Fields) -> dict[Key, Doc]:
    """The documents with these ids, by id; without those that no document has. Concurrent requests share a command."""

    async def read(batch: Sequence[str]) -> dict[str, Doc]:
        query = {"_id": {"$in": batch}} if len(batch) > 1 else {"_id": batch[0]}
        docs = await find(context.store, collection, query, projection(fields), limit=len(batch))
        return {doc["_id"]: doc for doc in docs}

    if context.coalescer is None:
        return await read(list(ids))
    alike = collection, None if fields is None else frozenset(fields), context.viewer
    return await context.coalescer.find_by_ids(alike, ids, read)


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
    """The page of a whole collection that a window describes."""
    wanted = projection(fields, window.ordering.key)
    docs = await find(context.store, collection, window.match(), wanted, sort=window.sort, limit=window.limit)
    return window.page(docs)


async def find_pages(
    context: Context, collection: str, by: str, keys: Sequence[str], window: Window, fields: Fields
) -> dict[Key, Page]:
    """A page for each parent, of the documents whose field `by` holds the parent's key.

    First a scan of the index (`by`, order), limited to twice what all pages can have. If its reply is full, the parents
    that it did not reach or finish go into one look-up that is limited for each parent: a parent with 20,000 children
    costs what its neighbours cost. `by` is sorted the way the order goes, so that one index serves both directions.
    """
    page_limit, limit = window.limit, len(keys) * window.limit * 2 + 50
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
    pages = {key: window.page(children[:page_limit]) for key, children in grouped.items()}
    if len(docs) < limit:
        return pages
    last = docs[-1][by]
    unread = [key for key in keys if ((key > last) if window.direction > 0 else (key < last))]
    if len(grouped[last]) < page_limit:
        unread.append(last)
    return pages | await find_pages_by_lookup(context, collection, {by: None}, unread, window, fields)


async def find_pages_by_lookup(
    context: Context,
    collection: str,
    by: Mapping[str, str | None],
    keys: Sequence[Key],
    window: Window,
    fields: Fields,
    conditions: Sequence[Doc] = (),
) -> dict[Key, Page]:
    """A page for each parent by an indexed look-up for each, all in one command.

    It costs more than a scan, but is the only way where a key has several parts or an array holds it, since no index
    sorts by those. `by` maps each field to the operator that compares it with its part of the key (None: equal to it,
    or to one of its items); `conditions` are further expressions, in which `$$k0`, `$$k1`… are the parts of the key.
    """
    if not keys:
        return {}
    limited: list[Doc] = [{"$sort": dict(window.sort)}, {"$limit": window.limit}]
    wanted = projection(fields, window.ordering.key)
    stages = [*limited, {"$project": wanted}] if wanted else limited
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
    """How many documents match for each parent, counting to `COUNT_LIMIT` and no further; `by` as in the look-up."""
    counted: list[Doc] = [{"$limit": COUNT_LIMIT}, {"$count": "n"}]
    if not by:
        rows = await aggregate(context.store, collection, [{"$match": query}, *counted])
        return {None: rows[0]["n"] if rows else 0}
    counts = await look_up(context, collection, by, keys, query, counted, conditions)
    return {key: docs[0]["n"] if docs else 0 for key, docs in counts.items()}


async def look_up(
    context: Context,
    collection: str,
    by: Mapping[str, str | None],
    keys: Sequence[Key],
    query: Doc,
    stages: Sequence[Doc],
    conditions: Sequence[Doc],
) -> dict[Key, list[Doc]]:
    """What the aggregation `stages` return for the documents of each parent that match `query` and `conditions`."""
    rows: list[Doc] = [{"n": n, **key_parts(key, len(by))} for n, key in enumerate(keys)]
    first, *others = by
    compared = [{by[name] or "$eq": [f"${name}", f"$$k{part}"]} for part, name in enumerate(others, start=1)]
    present: list[Doc] = [
        {name: {"$ne": None}} for name in others if by[name]
    ]  # to an expression, null is less than all
    expressions: list[Doc] = [{"$expr": expression} for expression in (*compared, *conditions)]
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
    """The parts of a key as `k0`, `k1`…, literal and so never operators; a tuple among them becomes an array."""
    parts = key if size > 1 else (key,)
    return {f"k{n}": {"$literal": list(part) if isinstance(part, tuple) else part} for n, part in enumerate(parts)}
