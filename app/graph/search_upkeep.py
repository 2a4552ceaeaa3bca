"""What search goes by, put into the documents that are written."""

from __future__ import annotations

from functools import cache

from app.graph.record import stored_records
from app.graph.search_texts import search_fields
from app.mongo.client import Doc


def with_search_fields(collection: str, doc: Doc) -> Doc:
    """A document as it is stored: with what it is searched by."""
    return {**doc, **search_fields(doc, searched_fields()[collection])}


def changed_search_fields(collection: str, before: Doc, after: Doc) -> Doc:
    """What a document is searched by from now on; empty where a change left all of it as it was."""
    searched = searched_fields()[collection]
    is_changed = any(before.get(name) != after.get(name) for name in {path.split(".")[0] for path in searched})
    return search_fields(after, searched) if is_changed else {}


@cache
def searched_fields() -> dict[str, tuple[str, ...]]:
    """Collection → the fields that its records are searched by."""
    return {record.collection: record.searched for record in stored_records().values()}
