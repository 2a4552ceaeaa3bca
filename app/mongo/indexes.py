"""Create the indexes that are required, and replace those whose definition has changed.

Which indexes a collection requires is declared with its records (`graph/indexes.py`), not here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pymongo
from pymongo import IndexModel
from pymongo.errors import AutoReconnect, OperationFailure

from app.mongo.client import Store

BUILD_SECONDS = 3600.0  # to build an index on a large collection; the client's own deadline is meant for requests
CONFLICTS = {85, 86}  # IndexOptionsConflict, IndexKeySpecsConflict: one of its name or its keys is defined otherwise


async def ensure_indexes(store: Store, required: Mapping[str, Sequence[IndexModel]]) -> None:
    """Create the indexes that are missing, by collection, and replace those whose definition has changed.

    All others are left alone: an operator may have created them. Several processes may call this at the same time.
    """
    with pymongo.timeout(BUILD_SECONDS):
        await asyncio.gather(*(ensure_collection(store, name, list(models)) for name, models in required.items()))


async def ensure_collection(store: Store, name: str, models: list[IndexModel]) -> None:
    """Create or replace the indexes of one collection, in one command where none has changed.

    The command is repeated once after a lost connection, which the driver does not do; it is idempotent.
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
    """Create one index of the collection `name`, and drop the indexes that conflict with it.

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
