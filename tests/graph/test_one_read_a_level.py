"""A query's MongoDB commands do not grow with its fan-out, nor what they examine with the collections.

Counted at the driver (`getMore` included) and by the database's own profiler.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from tests.asking import Data
from tests.commands import Commands, examined
from tests.records import EPOCH, credential, invoice, organization, payment, save, subscriber

FAN_OUT = """query ($n: Int!) { organizations(first: $n, filter: {name: {startsWith: "wide"}}) { nodes { id
  subscribers(first: 3) { nodes { email credentials(first: 2) { nodes { name
    statement(scope: OWN) { outstandingBalance { amount } openInvoices } } } } } } } }"""

UPWARD = """query ($n: Int!) { credentials(first: $n) { nodes { name
  subscriber { email organization { name parent { name } } } organization { id } } } }"""


async def wide(store: Store, organizations: int, prefix: str = "wide") -> None:
    """Organizations of three subscribers each, of two credentials each; every other one owes something."""
    top = organization(f"top-{prefix}")
    below = [organization(f"{prefix}{n:04}", top, n) for n in range(organizations)]
    people = [subscriber(f"{prefix}{n:04}-{i}", org, i) for n, org in enumerate(below) for i in range(3)]
    keys = [credential(f"{person.id}-{i}", person, i) for person in people for i in range(2)]
    owed = [invoice(f"{org.name}-1", org, 10, EPOCH) for org in below[::2]]
    await save(store, top, *below, *people, *keys, *owed)


@pytest.mark.parametrize(
    ("query", "reads"),
    [(FAN_OUT, 5), (UPWARD, 5)],
    ids=["down to the statement of every credential", "up from every credential"],
)
async def test_commands_do_not_grow_with_the_fan_out(
    store: Store, data: Data, commands: Commands, query: str, reads: int
) -> None:
    await wide(store, 100)
    seen = []
    for n in (1, 10, 100):
        with commands.counting() as counted:
            await data(store, query, n=n)
        seen.append(counted.reads)
    assert seen == [reads, reads, reads]


async def test_a_hundred_organizations_come_whole(store: Store, data: Data) -> None:
    await wide(store, 100)
    nodes = (await data(store, FAN_OUT, n=100))["organizations"]["nodes"]
    keys = [key for org in nodes for person in org["subscribers"]["nodes"] for key in person["credentials"]["nodes"]]
    assert len(keys) == 600
    assert sum(key["statement"]["openInvoices"] for key in keys) == 6 * len([o for o in nodes if is_owing(o)])


def is_owing(org: Any) -> bool:
    """Whether the organization was given an invoice."""
    return bool(org["id"][-1] in "02468")


WHALE = """query ($first: Int, $last: Int, $order: SubscriberOrder, $filter: SubscriberFilter) {
  organizations(first: 50) { nodes { name
    subscribers(first: $first, last: $last, orderBy: $order, filter: $filter) {
      nodes { email } pageInfo { hasNextPage hasPreviousPage } } } } }"""

ASKED: list[dict[str, Any]] = [
    {"first": 5},
    {"last": 5},
    {"first": 5, "order": {"field": "CREATED_AT", "direction": "DESC"}},
    {"last": 5, "order": {"field": "EMAIL", "direction": "DESC"}},
    {"first": 5, "filter": {"firstName": {"equals": "even"}}},
    {"last": 5, "filter": {"email": {"startsWith": "b-"}}, "order": {"field": "CREATED_AT"}},
]


async def crowd(store: Store, sizes: list[int], name: str) -> None:
    """Organizations with so many subscribers each."""
    for n, size in enumerate(sizes):
        org = organization(f"{name}{n:03}", n=n)
        await save(store, org)
        for start in range(0, size, 5000):
            people = [
                subscriber(
                    f"{name}{n:03}-{i}",
                    org,
                    i,
                    email=f"{'ab'[i % 2]}-{name}{n:03}-{i}@x.com",
                    firstName=("even", "odd")[i % 2],
                )
                for i in range(start, min(size, start + 5000))
            ]
            await save(store, *people)


def expected(sizes: list[int], name: str, args: dict[str, Any]) -> dict[str, list[str]]:
    """The pages worked out by hand: what each organization's list begins or ends with."""
    pages = {}
    for n, size in enumerate(sizes):
        people = [(f"{'ab'[i % 2]}-{name}{n:03}-{i}@x.com", i) for i in range(size)]
        if "firstName" in args.get("filter", {}):
            people = [each for each in people if each[1] % 2 == 0]
        if "email" in args.get("filter", {}):
            people = [each for each in people if each[0].startswith("b-")]
        order = args.get("order", {"field": "EMAIL"})
        people.sort(key=lambda each: (each[1] if order["field"] == "CREATED_AT" else 0, each[0]))
        if order.get("direction") == "DESC":
            people.reverse()
        emails = [email for email, _ in people]
        pages[f"{name}{n:03}"] = emails[: args["first"]] if "first" in args else emails[-args["last"] :]
    return pages


@pytest.mark.parametrize("sizes", [[20_000, *[6] * 48], [2_000] * 20], ids=["one of 20,000", "all of 2,000"])
async def test_huge_parents_cost_what_their_neighbours_cost(
    store: Store, data: Data, commands: Commands, sizes: list[int]
) -> None:
    """At most two commands a level, and each parent pays for its own page: no count depends on a parent's size."""
    await crowd(store, sizes, "w")
    for args in ASKED:
        async with examined(store) as looked:
            with commands.counting() as counted:
                nodes = (await data(store, WHALE, **args))["organizations"]["nodes"]
        pages = {
            n["name"]: [p["email"] for p in n["subscribers"]["nodes"]] for n in nodes if n["name"] != "UNCLASSIFIED"
        }
        assert pages == expected(sizes, "w", args)
        assert counted.reads <= 3
        room = 51 * 6 * 2 + 50  # of the scan: twice what is wanted
        assert looked.documents <= 51 + 2 * (room + 51 * 6), args  # the filter lets every other one through


async def test_a_page_examines_the_same_in_a_small_and_a_large_collection(store: Store, data: Data) -> None:
    """What is examined for the same parents does not grow with what else there is."""
    await wide(store, 20)
    query = FAN_OUT
    async with examined(store) as before:
        await data(store, query, n=20)
    await wide(store, 300, "other")
    async with examined(store) as after:
        await data(store, query, n=20)
    assert (after.documents, after.keys) == (before.documents, before.keys)


async def test_total_count_is_not_counted_unless_it_is_asked_for(store: Store, data: Data, commands: Commands) -> None:
    await wide(store, 5)
    with commands.counting() as counted:
        await data(store, "{ organizations { nodes { id } } }")
    assert counted.reads == 1
    with commands.counting() as counted:
        await data(store, "{ organizations { totalCount } }")
    assert counted.reads == 1


async def test_statements_of_a_tree_take_two_commands(store: Store, data: Data, commands: Commands) -> None:
    await wide(store, 50)
    query = "{ organizations(first: 50) { nodes { statements { outstandingBalance { amount } } } } }"
    with commands.counting() as counted:
        await data(store, query)
    assert counted.reads == 3
    own = query.replace("statements", "statements(scope: OWN)")
    with commands.counting() as counted:
        await data(store, own)
    assert counted.reads == 2


@pytest.mark.parametrize("as_of", ["", ', asOf: "2026-06-01T00:00:00Z"'], ids=["now", "then"])
async def test_statements_of_one_tree_are_counted_once(
    store: Store, data: Data, commands: Commands, as_of: str
) -> None:
    await wide(store, 5)
    codes = ("USD", "EUR", "USD", "JPY")
    fields = [
        f'a{n}: statement(scope: TREE{as_of}, currency: "{code}") {{ currency openInvoices }}'
        for n, code in enumerate(codes)
    ]
    query = f'{{ organizations(filter: {{name: {{startsWith: "top-"}}}}) {{ nodes {{ {" ".join(fields)} }} }} }}'
    with commands.counting() as counted:
        [top] = (await data(store, query))["organizations"]["nodes"]
    assert counted.reads == 3
    assert [top[f"a{n}"]["currency"] for n in range(4)] == list(codes)
    assert top["a0"] == top["a2"]
    assert top["a0"]["openInvoices"] == 3


async def test_unpaid_invoices_of_fifty_statements_take_one_more_command(
    store: Store, data: Data, commands: Commands
) -> None:
    await wide(store, 50)
    await save(store, payment("a", organization("wide0000"), 5, EPOCH))
    query = """{ organizations(first: 50) { nodes { statements(scope: OWN) { openInvoices
      unpaidInvoices(first: 5) { nodes { number organization { name } } } } } } }"""
    with commands.counting() as counted:
        nodes = (await data(store, query))["organizations"]["nodes"]
    assert counted.reads == 4
    for node in nodes:
        [statement] = node["statements"]
        assert len(statement["unpaidInvoices"]["nodes"]) == statement["openInvoices"]
