"""Keyset pages: they neither skip nor repeat while rows come and go, in both directions, where sort keys repeat."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadArgument
from app.graph.page import CursorPosition, Ordering
from app.mongo.client import Store
from tests.asking import Data
from tests.commands import examined
from tests.records import NOW, organization, save

PAGE = """query ($first: Int, $after: Cursor, $last: Int, $before: Cursor, $order: OrganizationOrder,
  $filter: OrganizationFilter) {
  organizations(first: $first, after: $after, last: $last, before: $before, orderBy: $order, filter: $filter) {
    nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""

ORDERS = [{"field": field, "direction": way} for field in ("NAME", "CREATED_AT") for way in ("ASC", "DESC")]


async def step(
    store: Store, data: Data, forward: bool, cursor: str | None, **args: Any
) -> tuple[list[str], str | None]:
    """One page, and the cursor to go on from; None at the end of the list."""
    size, place = ("first", "after") if forward else ("last", "before")
    page = (await data(store, PAGE, **{size: 7, place: cursor}, **args))["organizations"]
    info = page["pageInfo"]
    more = info["hasNextPage"] if forward else info["hasPreviousPage"]
    ids = [node["id"] for node in page["nodes"]]
    return ids if forward else ids[::-1], (info["endCursor"] if forward else info["startCursor"]) if more else None


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order['field']} {order['direction']}")
@pytest.mark.parametrize("forward", [True, False], ids=["forward", "backward"])
async def test_pages_neither_skip_nor_repeat_while_rows_come_and_go(
    store: Store, data: Data, forward: bool, order: dict[str, str]
) -> None:
    """Names repeat (five of them for 120 rows), and between pages rows are inserted and deleted at random."""
    rng = random.Random(5)  # noqa: S311  # a test that repeats
    await save(store, *(organization(f"a{n:03}", n=n % 9, name=f"name {n % 5}") for n in range(120)))
    kept = {f"org_a{n:03}" for n in range(0, 120, 2)}
    seen: list[str] = []
    cursor: str | None = None
    for turn in range(100):
        ids, cursor = await step(store, data, forward, cursor, order=order)
        seen += ids
        if cursor is None:
            break
        await save(store, organization(f"b{turn:03}", n=turn % 9, name=f"name {rng.randrange(5)}"))
        gone = f"org_a{rng.randrange(60) * 2 + 1:03}"
        await store["organizations"].update_one({"_id": gone}, {"$set": {"deletedAt": NOW}})
    assert cursor is None
    assert len(seen) == len(set(seen))
    assert kept <= set(seen)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order['field']} {order['direction']}")
async def test_both_directions_give_the_same_list(store: Store, data: Data, order: dict[str, str]) -> None:
    await save(store, *(organization(f"a{n:03}", n=n % 4, name=f"name {n % 3}") for n in range(40)))
    lists = []
    for forward in (True, False):
        seen: list[str] = []
        cursor: str | None = None
        while True:
            ids, cursor = await step(store, data, forward, cursor, order=order)
            seen += ids
            if cursor is None:
                break
        lists.append(seen if forward else seen[::-1])
    assert lists[0] == lists[1]
    assert len(lists[0]) == 41  # UNCLASSIFIED is one of them


async def test_page_nine_hundred_costs_what_page_one_does(store: Store, data: Data) -> None:
    await save(store, *(organization(f"a{n:05}", n=n) for n in range(9_100)))
    async with examined(store) as first:
        page = (await data(store, PAGE, first=10))["organizations"]
    place = Ordering("organizations", "NAME", "name", is_instant=False, descending=False)
    far = place.encode({"name": "a08999", "_id": "org_a08999"})
    async with examined(store) as nine_hundredth:
        page = (await data(store, PAGE, first=10, after=far))["organizations"]
    assert page["nodes"][0]["id"] == "org_a09000"
    assert first.documents == 11
    assert nine_hundredth.documents in (11, 12), "the cursor's own place may be looked at, as the database plans it"
    assert nine_hundredth.keys <= first.keys + 2


async def test_an_empty_page_says_so(store: Store, data: Data) -> None:
    page = (await data(store, PAGE, first=5, filter={"name": {"equals": "nobody"}}))["organizations"]
    info = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert page == {"nodes": [], "pageInfo": info}


async def test_after_and_before_together_cut_both_ends(store: Store, data: Data) -> None:
    await save(store, *(organization(f"a{n}", n=n) for n in range(9)))
    place = Ordering("organizations", "NAME", "name", is_instant=False, descending=False)
    ends = [place.encode({"name": name, "_id": f"org_{name}"}) for name in ("a2", "a6")]
    page = (await data(store, PAGE, after=ends[0], before=ends[1]))["organizations"]
    assert [node["id"] for node in page["nodes"]] == ["org_a3", "org_a4", "org_a5"]
    page = (await data(store, PAGE, after=ends[0], before=ends[1], last=2))["organizations"]
    assert [node["id"] for node in page["nodes"]] == ["org_a4", "org_a5"]
    assert page["pageInfo"]["hasPreviousPage"]


names = st.text(max_size=30)


@given(value=names, node_id=names, descending=st.booleans())
def test_a_cursor_finds_its_place_again(value: str, node_id: str, descending: bool) -> None:
    place = Ordering("organizations", "NAME", "name", is_instant=False, descending=descending)
    assert place.decode(place.encode({"name": value, "_id": node_id}), "after") == CursorPosition(value, node_id)


@given(text=st.one_of(names, st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))))
def test_no_other_text_is_a_cursor(text: str) -> None:
    place = Ordering("organizations", "NAME", "name", is_instant=False, descending=False)
    with pytest.raises(BadArgument):
        place.decode(text, "after")
