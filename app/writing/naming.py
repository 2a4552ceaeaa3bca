"""What an id tells of its record: where it is stored. And what messages call a record, by its name or key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from app.graph.record import stored_records

HANDLES = ("externalId", "email", "credentialId", "key", "number")
"""The stored fields whose value finds a record as its id does; the first that it has."""


def name_record(doc: Mapping[str, object]) -> str:
    """A stored record as a message names it: "the organization 'Acme' (acme)", "the subscriber 'carol@acme.com'"."""
    record_id, name = str(doc["_id"]), doc.get("name")
    noun = nouns().get(record_id.partition("_")[0], "record")
    handle = next((str(doc[each]) for each in HANDLES if doc.get(each)), None)
    if name and name != handle:
        return f"the {noun} {name!r} ({handle or record_id})"
    return f"the {noun} {handle!r}" if handle else f"the {noun} {record_id}"


def name_with_id(doc: Mapping[str, object]) -> str:
    """A record by a name that others may have too, and its id, which finds it: "'Production' (crd_01J…)"."""
    return f"{doc['name']!r} ({doc['_id']})"


@cache
def nouns() -> Mapping[str, str]:
    """Prefix of an id → what a record of that kind is called."""
    return {record.prefix: record.singular_name() for record in stored_records().values()}


@cache
def collections() -> dict[str, str]:
    """Prefix of an id → the collection."""
    return {record.prefix: record.collection for record in stored_records().values()}


def collection_of(record_id: str) -> str | None:
    """Where a record lives, by its id; None for what is no id."""
    return collections().get(record_id.partition("_")[0])
