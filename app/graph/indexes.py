"""The indexes that the declared edges, orders, filters and searches need, each named after what it serves.

They leave deleted documents out, as every list does but one: a customer with 20,000 deleted keys and ten others costs
ten. What can be listed deleted too has an index by `updatedAt` with all documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pymongo import ASCENDING, IndexModel

from app.graph.declarations import Declaration
from app.graph.edges import LIVE
from app.graph.many import Many
from app.graph.record import BY_CHANGE, RECORDS, Record, declarations_of, stored_records
from app.graph.search_texts import SEARCH_PARTS, SEARCH_TEXTS


def required_indexes(roots: Iterable[Declaration]) -> dict[str, list[IndexModel]]:
    """The indexes that each collection needs, for the declarations of all records and for `roots`.

    Their names do not depend on the order of imports.
    """
    declared = [*(declared for cls in RECORDS.values() for declared in declarations_of(cls)), *roots]
    lists = sorted((edge for edge in declared if isinstance(edge, Many)), key=lambda edge: edge.list_name)
    return {
        record.collection: list(distinct_indexes(record, [edge for edge in lists if edge.record is record]))
        for record in stored_records().values()
    }


def distinct_indexes(record: type[Record], lists: list[Many]) -> Iterator[IndexModel]:
    """The indexes of one record's collection: one for each key, named after the first that needs it."""
    seen: set[tuple[str, ...]] = set()
    for name, keys in (*list_indexes(lists), *filter_indexes(record), *declared_indexes(record)):
        if keys not in seen:
            seen.add(keys)
            yield IndexModel([(key, ASCENDING) for key in keys], name=name, partialFilterExpression=LIVE)
    for edge in (each for each in lists if each.lists_deleted):
        keys_of_all = [(BY_CHANGE.stored, ASCENDING), ("_id", ASCENDING)]
        yield IndexModel(keys_of_all, name=f"{edge.list_name} by {BY_CHANGE.name}")
    for keys in record.covering_indexes:
        yield IndexModel([(key, ASCENDING) for key in keys], name=f"covers {' '.join(keys)}")
    if record.searched:
        yield IndexModel([(SEARCH_PARTS, ASCENDING)], name="search", partialFilterExpression=LIVE)
        yield IndexModel([(SEARCH_TEXTS, ASCENDING)], name="search by beginning", partialFilterExpression=LIVE)


def list_indexes(lists: list[Many]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each list and order, a name and the key (foreign key, sort key, id). It serves both directions."""
    for edge in lists:
        if len(edge.by) > 1:
            continue  # a look-up by several fields, for which the record names an index itself
        for order in edge.stored_record.orders:
            if edge.lists_deleted and order is BY_CHANGE:
                continue  # an index of its own, which has deleted documents too
            yield f"{edge.list_name} by {order.name}", (*edge.by, order.stored, "_id")


def filter_indexes(record: type[Record]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each filter that is declared as indexed, a name and the key."""
    for declared in record.filters:
        if declared.indexed:
            stored = declared.stored
            parts = PARTS.get(declared.name)
            keys = tuple(f"{stored}.{part}" for part in parts) if parts else (stored,)
            yield f"filter on {declared.name}", keys


PARTS: Mapping[str, tuple[str, ...]] = {"custom_metadata": ("name", "value"), "app_ids": ("name", "value")}
"""The fields that are indexed together of those that hold objects."""


def declared_indexes(record: type[Record]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each index that the record declares itself, a name and the key."""
    for keys in record.needed_indexes:
        yield f"by {' '.join(keys)}", keys
