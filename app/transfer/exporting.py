"""Records written back in the format that imports read: by the same columns, a page of records at a time.

Never a secret, and no deleted record. A record is called by its key, so that the file means the same in any database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO

import pymongo

from app.graph.record import Record
from app.graph.scalars import show_decimal, show_instant
from app.mongo.client import Doc, Store
from app.transfer.columns import Column, Columns, Nested
from app.transfer.comparison import value_at
from app.transfer.file_writers import Csv, Ndjson
from app.transfer.rows import Format
from app.writing.work import collection_of

PAGE = 1_000  # records
SECONDS = 60.0  # for a page: one that few records of a large collection belong to is looked for long
EVERYTHING: Sequence[Doc] = ({},)


async def as_stored(_store: Store, docs: list[Doc]) -> list[Doc]:
    """Records say what is stored in them."""
    return docs


async def all_at_once(_store: Store) -> AsyncIterator[Doc]:
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
    by: str
    complete: Callable[[Store, list[Doc]], Awaitable[list[Doc]]] = as_stored
    steps: Callable[[Store], AsyncIterator[Doc]] = all_at_once
    left_out: Doc | None = None
    why: str = ""
    page: int = PAGE


@dataclass(slots=True)
class Exported:
    """How many records were written, and how many left out."""

    records: int = 0
    left_out: int = 0
    unrepresentable: int = 0
    """How many values CSV has no form for."""


async def export(store: Store, exporter: Exporter, written: Format, file: BinaryIO) -> AsyncIterator[Exported]:
    """Write every live record, and tell after each page how far it is."""
    done = Exported()
    if exporter.left_out:
        with pymongo.timeout(SECONDS):
            done.left_out = await store[exporter.record.collection].count_documents(exporter.left_out | LIVE)
    form = Csv(exporter.columns) if written is Format.CSV else Ndjson()
    file.write(form.header())
    async for docs in pages(store, exporter):
        at_hand = await referred(store, exporter.columns, docs)
        for doc in docs:
            file.write(form.record(row(exporter.columns, doc, at_hand)))
        done.records, done.unrepresentable = done.records + len(docs), form.unrepresentable
        yield done
    yield done


LIVE: Doc = {"deletedAt": None}


async def pages(store: Store, exporter: Exporter) -> AsyncIterator[list[Doc]]:
    """The records by pages, each of them one bounded read from where the last one ended."""
    async for step in exporter.steps(store):
        last = ""
        while True:
            query = {**step, **LIVE, "$nor": [exporter.left_out or {"_id": None}], exporter.by: {"$gt": last}}
            with pymongo.timeout(SECONDS):
                found = store[exporter.record.collection].find(query).sort(exporter.by, 1).limit(exporter.page)
                docs = await found.to_list()
                completed = await exporter.complete(store, docs)
            if not docs:
                break
            last = docs[-1][exporter.by]
            yield completed


async def referred(store: Store, columns: Columns, docs: Sequence[Doc]) -> dict[str, Doc]:
    """The records that these name, by id, deleted ones too: one read for each collection."""
    wanted: dict[str, set[str]] = {}
    for each in named(columns, docs):
        if collection := collection_of(each):
            wanted.setdefault(collection, set()).add(each)
    found: dict[str, Doc] = {}
    for collection, ids in wanted.items():
        for doc in await store[collection].find({"_id": {"$in": sorted(ids)}}, NAMES).to_list():
            found[doc["_id"]] = doc
    return found


NAMES = {"externalId": 1, "aliases": 1, "email": 1, "credentialId": 1}
"""What records are called by."""


def named(columns: Columns, docs: Iterable[Doc]) -> Iterator[str]:
    """The ids in the columns that name other records."""
    for doc in docs:
        for column in columns:
            if isinstance(column, Nested):
                yield from named(column.columns, doc.get(column.name) or ())
            elif column.export_reference and column.stored and (found := value_at(doc, column.stored)):
                yield found


def row(columns: Columns, doc: Doc, at_hand: Mapping[str, Doc]) -> Doc:
    """What a record says, by column, as JSON has it. What is nothing is left out."""
    said: Doc = {}
    for column in columns:
        value: Any
        if isinstance(column, Nested):
            value = [row(column.columns, each, at_hand) for each in doc.get(column.name) or ()]
        else:
            value = plain(cell(column, doc, at_hand))
        if value not in (None, [], {}):
            said[column.name] = value
    return said


def cell(column: Column, doc: Doc, at_hand: Mapping[str, Doc]) -> Any:
    """What a record says in one column."""
    if not column.is_exported:
        return None
    if column.export_value:
        return column.export_value(doc)
    value = value_at(doc, column.stored or "")
    if column.export_reference and value in at_hand:
        return column.export_reference(at_hand[value])
    return value


def plain(value: Any) -> Any:
    """A stored value as JSON has it."""
    if isinstance(value, datetime):
        return show_instant(value)
    return show_decimal(value) if isinstance(value, Decimal) else value
