"""The indexes that declared edges, orders, filters and searches need, each named after what it serves.

They hold live documents only, as every list does: a customer with 20,000 deleted keys and ten live ones costs ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pymongo import ASCENDING, TEXT, IndexModel

from app.graph.declarations import Declaration
from app.graph.edges import LIVE
from app.graph.many import Many
from app.graph.record import RECORDS, Record, declarations_of, stored_records


def required_indexes(roots: Iterable[Declaration]) -> dict[str, list[IndexModel]]:
    """Collection → the indexes it needs, for the declarations of all records and for `roots`.

    Their names are the same whatever was imported first.
    """
    edges = [each for cls in RECORDS.values() for each in declarations_of(cls)]
    lists = sorted((each for each in (*edges, *roots) if isinstance(each, Many)), key=lambda each: each.list_name)
    return {
        record.collection: list(distinct_indexes(record, [each for each in lists if each.record is record]))
        for record in stored_records().values()
    }


def distinct_indexes(record: type[Record], lists: list[Many]) -> Iterator[IndexModel]:
    """One index for each distinct key; the first reason to have it names it."""
    seen: set[tuple[str, ...]] = set()
    for name, keys in (*list_indexes(lists), *filter_indexes(record), *declared_indexes(record)):
        if keys not in seen:
            seen.add(keys)
            yield IndexModel([(key, ASCENDING) for key in keys], name=name, partialFilterExpression=LIVE)
    for keys in record.covering_indexes:
        yield IndexModel([(key, ASCENDING) for key in keys], name=f"covers {' '.join(keys)}")
    if record.searched:
        yield IndexModel(
            [(field, TEXT) for field in record.searched],
            name="search",
            default_language="none",
            partialFilterExpression=LIVE,
        )


def list_indexes(lists: list[Many]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each list and order: the foreign key, the order, the id. It serves both directions."""
    for edge in lists:
        if len(edge.by) > 1:
            continue  # a look-up by several fields, for which the record names an index itself
        for order in edge.stored_record.orders:
            yield f"{edge.list_name} by {order.name}", (*edge.by, order.stored, "_id")


def filter_indexes(record: type[Record]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each filter on a field with many values."""
    for each in record.filters:
        if each.indexed:
            keys = (f"{each.stored}.name", f"{each.stored}.value") if each.name == "custom_metadata" else (each.stored,)
            yield f"filter on {each.name}", keys


def declared_indexes(record: type[Record]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Those that the record names itself."""
    for keys in record.needed_indexes:
        yield f"by {' '.join(keys)}", keys
