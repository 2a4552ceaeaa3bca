"""Storing the benchmarks' data, fast: whole batches, by the synchronous driver, before there are indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from pymongo import MongoClient

from app.mongo.client import CODEC, Doc
from benchmarks.billing import invoices, payments
from benchmarks.data import Size, credentials, organizations, subscribers

BATCH = 10_000

COLLECTIONS: dict[str, Callable[[Size], Iterator[Doc]]] = {
    "organizations": organizations,
    "subscribers": subscribers,
    "credentials": credentials,
    "invoices": invoices,
    "payments": payments,
}


def load(uri: str, name: str, size: Size, *only: str) -> dict[str, int]:
    """Store it all, or the collections in `only`; how many documents of each. Indexes come after: they cost less so."""
    counted = {}
    with MongoClient[Doc](uri) as client:
        store = client.get_database(name, codec_options=CODEC)
        for collection in only or COLLECTIONS:
            documents, counted[collection] = COLLECTIONS[collection](size), 0
            while batch := list(islice(documents, BATCH)):
                store[collection].insert_many(batch, ordered=False)
                counted[collection] += len(batch)
    return counted
