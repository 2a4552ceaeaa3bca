"""Bringing a collection's indexes to what is required: what is dropped, and what is left to its operator."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from app.mongo.client import Doc, Store
from app.mongo.indexes import ensure_indexes

A_B = [("a", ASCENDING), ("b", ASCENDING)]
B_A = A_B[::-1]


@pytest.fixture
async def things(store: Store) -> AsyncIterator[AsyncCollection[Doc]]:
    """A collection of the test's own: of the others the documents go after each test and the indexes stay."""
    yield store["things"]
    await store["things"].drop()


async def index_keys(collection: AsyncCollection[Doc]) -> dict[str, list[tuple[str, int]]]:
    """The collection's indexes besides the one on _id: name → keys."""
    indexes = await collection.index_information()
    return {name: list(index["key"]) for name, index in indexes.items() if name != "_id_"}


async def test_an_index_that_is_missing_is_made_and_one_that_nobody_asked_for_stays(
    store: Store, things: AsyncCollection[Doc]
) -> None:
    await things.create_index(B_A, name="operators")
    await ensure_indexes(store, {"things": [IndexModel(A_B, name="ours")], "nothing": []})
    assert await index_keys(things) == {"operators": B_A, "ours": A_B}


async def test_an_index_whose_definition_has_changed_is_made_again(store: Store, things: AsyncCollection[Doc]) -> None:
    await things.create_index(A_B, name="ours")
    changed = [("a", ASCENDING), ("b", DESCENDING)]
    await ensure_indexes(store, {"things": [IndexModel(changed, name="ours")]})
    assert await index_keys(things) == {"ours": changed}


async def test_an_index_of_another_name_with_the_same_keys_gives_way(
    store: Store, things: AsyncCollection[Doc]
) -> None:
    await things.create_index(A_B, name="before")
    await ensure_indexes(store, {"things": [IndexModel(A_B, name="ours")]})
    assert await index_keys(things) == {"ours": A_B}


async def test_an_operators_index_on_the_same_fields_in_another_order_is_left_alone(
    store: Store, things: AsyncCollection[Doc]
) -> None:
    """Though an index of ours, on these fields in our order, has changed and is made again."""
    await things.create_index(B_A, name="operators")
    await things.create_index(A_B, name="ours")
    await ensure_indexes(store, {"things": [IndexModel(A_B, name="ours", unique=True)]})
    assert await index_keys(things) == {"operators": B_A, "ours": A_B}
    assert (await things.index_information())["ours"]["unique"]
