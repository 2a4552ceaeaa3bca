"""Records written back in the format that imports read: by the same columns, a page of records at a time.

Never a secret, and no deleted record. A record is called by its key, so that the file means the same in any database.
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
from app.writing.work import collection_of

PAGE_SIZE = 1_000  # records
PAGE_SECONDS = 60.0  # for a page: one that few records of a large collection belong to is looked for long


async def keep_documents(_store: Store, docs: list[Doc]) -> list[Doc]:
    """Records say what is stored in them."""
    return docs


async def select_everything(_store: Store) -> AsyncIterator[Doc]:
    """Records have one order."""
    yield {}


@dataclass(frozen=True, slots=True)
class Exporter:
    """How one kind of record is written back, in the order of the stored key `by`, which no two of them share.

    `complete` adds to records what their columns look at besides. `steps` are conditions: the records of the first come
    first. Those that `left_out` matches are what an import could not take: `why` says so.
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
    """How many records were written, and how many left out."""

    records: int = 0
    left_out: int = 0
    unrepresentable: int = 0
    """How many values CSV has no form for."""


async def export_records(
    store: Store, exporter: Exporter, row_format: Format, file: BinaryIO
) -> AsyncIterator[ExportCounts]:
    """Write every live record, and tell after each page how far it is."""
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
    """The records by pages, each of them one bounded read from where the last one ended."""
    async for step in exporter.selections(store):
        last = ""
        while True:
            query = {**step, **LIVE, "$nor": [exporter.left_out or {"_id": None}], exporter.order_key: {"$gt": last}}
            with pymongo.timeout(PAGE_SECONDS):
                found = (
                    store[exporter.record.collection].find(query).sort(exporter.order_key, 1).limit(exporter.page_size)
                )
                docs = await found.to_list()
                completed = await exporter.complete(store, docs)
            if not docs:
                break
            last = docs[-1][exporter.order_key]
            yield completed


async def fetch_referenced(store: Store, columns: Columns, docs: Sequence[Doc]) -> dict[str, Doc]:
    """The records that these name, by id, deleted ones too: one read for each collection."""
    wanted: dict[str, set[str]] = {}
    for each in referenced_ids(columns, docs):
        if collection := collection_of(each):
            wanted.setdefault(collection, set()).add(each)
    found: dict[str, Doc] = {}
    for collection, ids in wanted.items():
        for doc in await store[collection].find({"_id": {"$in": sorted(ids)}}, EXPORT_KEY_FIELDS).to_list():
            found[doc["_id"]] = doc
    return found


EXPORT_KEY_FIELDS = {"externalId": 1, "aliases": 1, "email": 1, "credentialId": 1}
"""What records are called by."""


def referenced_ids(columns: Columns, docs: Iterable[Doc]) -> Iterator[str]:
    """The ids in the columns that name other records."""
    for doc in docs:
        for column in columns:
            if isinstance(column, NestedColumn):
                yield from referenced_ids(column.columns, doc.get(column.name) or ())
            elif column.export_reference and isinstance(record_id := read_path(doc, column.stored or ""), str):
                yield record_id


def export_row(columns: Columns, doc: Doc, referenced: Mapping[str, Doc]) -> Doc:
    """What a record says, by column, as JSON has it. What is nothing is left out."""
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
    """What a record says in one column."""
    if not column.is_exported:
        return None
    if column.export_value:
        return column.export_value(doc)
    value = read_path(doc, column.stored or "")
    if column.export_reference and isinstance(value, str) and value in referenced:
        return column.export_reference(referenced[value])
    return value


def to_json_value(value: object) -> object:
    """A stored value as JSON has it."""
    if isinstance(value, datetime):
        return show_instant(value)
    return show_decimal(value) if isinstance(value, Decimal) else value
