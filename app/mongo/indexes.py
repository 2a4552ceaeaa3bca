"""Bringing a database's indexes to what is required. What to require is not decided here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pymongo
from pymongo import IndexModel
from pymongo.errors import AutoReconnect, OperationFailure

from app.mongo.client import Store

BUILD_SECONDS = 3600.0  # an index that is new to a large collection; the driver's own deadline is a request's
CONFLICTS = {85, 86}  # IndexOptionsConflict, IndexKeySpecsConflict: the name or the keys are there, otherwise made


async def ensure_indexes(store: Store, required: Mapping[str, Sequence[IndexModel]]) -> None:
    """Make the indexes that are missing; one whose definition has changed is dropped and made again.

    Indexes that nobody here asked for are left alone: an operator may have made them. Several processes may do this at
    the same time.
    """
    with pymongo.timeout(BUILD_SECONDS):
        await asyncio.gather(*(ensure_collection(store, name, list(models)) for name, models in required.items()))


async def ensure_collection(store: Store, name: str, models: list[IndexModel]) -> None:
    """The indexes of one collection, in one command where none has changed.

    Asked for again where the connection was lost: the driver does not, and it may be done twice.
    """
    if not models:
        return
    try:
        try:
            await store[name].create_indexes(models)
        except AutoReconnect:
            await store[name].create_indexes(models)
    except OperationFailure as error:
        if error.code not in CONFLICTS:
            raise
        for model in models:
            await replace_index(store, name, model)


async def replace_index(store: Store, name: str, model: IndexModel) -> None:
    """Make one index of the collection `name`, dropping the ones that conflict with it.

    Those are the index of its name, and the index on the same fields in the same order under another name.
    """
    try:
        await store[name].create_indexes([model])
    except OperationFailure as error:
        if error.code not in CONFLICTS:
            raise
        required = model.document
        for existing_name, existing in (await store[name].index_information()).items():
            if existing_name == required["name"] or list(existing["key"]) == list(required["key"].items()):
                await store[name].drop_index(existing_name)
        await store[name].create_indexes([model])
