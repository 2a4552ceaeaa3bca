"""What writers keep of the owners that a record had: with each change of them, in one record or in many at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from app.entities.former_owners import FORMER_OWNERS, former_owners, former_owners_expression
from app.graph.record import stored_records
from app.mongo.client import Doc


@cache
def dated_links(collection: str) -> tuple[str, ...]:
    """The links of a collection's records of which the former ones are kept."""
    return next((record.dated for record in stored_records().values() if record.collection == collection), ())


def with_former_owners(collection: str, before: Doc, after: Doc, now: datetime) -> Doc:
    """A document after a change, with the owners that it had before."""
    dated = dated_links(collection)
    return after | {FORMER_OWNERS: former_owners(before, after, dated, now)} if dated else after


def reassigning_update(collection: str, values: Mapping[str, str], now: datetime) -> list[Doc]:
    """The update that gives records other owners, each with one version more."""
    fields: Doc = {name: {"$literal": value} for name, value in values.items()}
    fields |= {"updatedAt": {"$max": ["$updatedAt", now]}, "version": {"$add": ["$version", 1]}}
    if dated := dated_links(collection):
        changed = [name for name in values if name in dated]
        fields[FORMER_OWNERS] = former_owners_expression(changed, dated, now)
    return [{"$set": fields}]
