"""Exporting records in the format that imports read: with the same columns, a page of records at a time.

Secrets and deleted records are not exported. References are keys and not ids, so that a file fits any database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

import pymongo

from app.graph.record import Record
from app.graph.scalars import show_decimal, show_instant
from app.mongo.client import Doc, Store
from app.transfer.columns import Column, Columns, NestedColumn
from app.transfer.comparison import read_path
from app.transfer.file_writers import CsvWriter, NdjsonWriter
from app.transfer.rows import Format
from app.writing.naming import collection_of

PAGE_SIZE = 1_000  # records
PAGE_SECONDS = 60.0  # for one page: a rare condition on a large collection takes long


async def keep_documents(_store: Store, docs: list[Doc]) -> list[Doc]:
    """The documents as they are stored: the columns need nothing else."""
    return docs


async def select_everything(_store: Store) -> AsyncIterator[Doc]:
    """One condition, which every record meets."""
    yield {}


@dataclass(frozen=True, slots=True)
class Exporter:
    """How one kind of record is exported, in the order of the stored field `order_key`, which is unique.

    `complete` adds to documents the values that columns need and that are stored elsewhere. `selections` yields query
    conditions: the records that meet the first are written first. Records that match `left_out` are not exported,
    since an import could not read them; `left_out_reason` is the text for the user.
    """

    columns: Columns
    record: type[Record]
    order_key: str
    complete: Callable[[Store, list[Doc]], Awaitable[list[Doc]]] = keep_documents
    selections: Callable[[Store], AsyncIterator[Doc]] = select_everything
    left_out: Doc | None = None
    left_out_reason: str = ""
    page_size: int = PAGE_SIZE


@dataclass(slots=True)
class ExportCounts:
    """How many records were exported and left out so far."""

    records: int = 0
    left_out: int = 0
    unrepresentable: int = 0
    """How many values of exported records were left out because CSV cannot hold them."""


async def export_records(
    store: Store, exporter: Exporter, row_format: Format, file: BinaryIO
) -> AsyncIterator[ExportCounts]:
    """Write every record that is not deleted to `file`; yields the counts after each page and at the end."""
    counts = ExportCounts()
    if exporter.left_out:
        with pymongo.timeout(PAGE_SECONDS):
            counts.left_out = await store[exporter.record.collection].count_documents(exporter.left_out | LIVE)
    writer = CsvWriter(exporter.columns) if row_format is Format.CSV else NdjsonWriter()
    file.write(writer.format_header())
    async for docs in read_pages(store, exporter):
        referenced = await fetch_referenced(store, exporter.columns, docs)
        for doc in docs:
            file.write(writer.format_record(export_row(exporter.columns, doc, referenced)))
        counts.records, counts.unrepresentable = counts.records + len(docs), writer.unrepresentable
        yield counts
    yield counts


LIVE: Doc = {"deletedAt": None}


async def read_pages(store: Store, exporter: Exporter) -> AsyncIterator[list[Doc]]:
    """The completed documents in pages; each is one bounded read that starts after the key of the last."""
    async for selection in exporter.selections(store):
        last = ""
        while True:
            query = {
                **selection,
                **LIVE,
                "$nor": [exporter.left_out or {"_id": None}],
                exporter.order_key: {"$gt": last},
            }
            with pymongo.timeout(PAGE_SECONDS):
                cursor = (
                    store[exporter.record.collection].find(query).sort(exporter.order_key, 1).limit(exporter.page_size)
                )
                docs = await cursor.to_list()
                completed = await exporter.complete(store, docs)
            if not docs:
                break
            last = docs[-1][exporter.order_key]
            yield completed


async def fetch_referenced(store: Store, columns: Columns, docs: Sequence[Doc]) -> dict[str, Doc]:
    """Id → record, for those that the documents refer to, deleted ones too. One read for each collection."""
    ids_by_collection: dict[str, set[str]] = {}
    for each in referenced_ids(columns, docs):
        if collection := collection_of(each):
            ids_by_collection.setdefault(collection, set()).add(each)
    referenced: dict[str, Doc] = {}
    for collection, ids in ids_by_collection.items():
        for doc in await store[collection].find({"_id": {"$in": sorted(ids)}}, EXPORT_KEY_FIELDS).to_list():
            referenced[doc["_id"]] = doc
    return referenced


EXPORT_KEY_FIELDS = {"externalId": 1, "aliases": 1, "email": 1, "credentialId": 1}
"""The fields by which `export_reference` names a record."""


def referenced_ids(columns: Columns, docs: Iterable[Doc]) -> Iterator[str]:
    """The ids stored in columns that refer to other records."""
    for doc in docs:
        for column in columns:
            if isinstance(column, NestedColumn):
                yield from referenced_ids(column.columns, doc.get(column.name) or ())
            elif column.export_reference and isinstance(record_id := read_path(doc, column.stored or ""), str):
                yield record_id


def export_row(columns: Columns, doc: Doc, referenced: Mapping[str, Doc]) -> Doc:
    """Column → value as JSON holds it; empty values are left out."""
    values: Doc = {}
    for column in columns:
        value: object
        if isinstance(column, NestedColumn):
            value = [export_row(column.columns, each, referenced) for each in doc.get(column.name) or ()]
        else:
            value = to_json_value(export_cell(column, doc, referenced))
        if value not in (None, [], {}):
            values[column.name] = value
    return values


def export_cell(column: Column, doc: Doc, referenced: Mapping[str, Doc]) -> object:
    """The value of one column, with a key for the id of a referenced record; None if it is not exported."""
    if not column.is_exported:
        return None
    if column.export_value:
        return column.export_value(doc)
    value = read_path(doc, column.stored or "")
    if column.export_reference and isinstance(value, str) and value in referenced:
        return column.export_reference(referenced[value])
    return value


def to_json_value(value: object) -> object:
    """A stored value as JSON holds it: instants and decimals become text."""
    if isinstance(value, datetime):
        return show_instant(value)
    return show_decimal(value) if isinstance(value, Decimal) else value
