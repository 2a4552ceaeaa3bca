"""Plans and graphql-core give the same answer to any operation over any data: data, errors and their paths.

Both call the same `read` of an edge, so this holds the shaping and the planning; what is read has tests of its own.
`PLAN_SEEDS` asks for more operations than the budget of `make test`.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from typing import Any

import orjson
import pytest

from app.access.viewer import LOCAL_ADMIN
from app.context import Context
from app.entities.organization import Organization
from app.graph import read
from app.graph.documents import to_document
from app.graph.scalars import encode_json
from app.http.masking import mask_errors
from app.http.prepare import Preparation, RequestErrors
from app.main import prepare
from app.mongo.client import Client, Store, database
from app.schema import build_schema
from app.settings import Settings
from tests.asking import server
from tests.graph.operations import Writer
from tests.records import (
    EPOCH,
    NOW,
    credential,
    credit_note,
    feature,
    invoice,
    line,
    organization,
    payment,
    plan,
    save,
    subscriber,
    subscription,
    usage_attribute,
)

SEEDS = int(os.environ.get("PLAN_SEEDS", "600"))
SLICES = 6


async def made_up(store: Store, seed: int) -> list[str]:
    """A small graph with what makes trouble: nulls, missing parents, doubles, a deep tree, what is deleted. Its ids."""
    rng = random.Random(seed)  # noqa: S311  # the same again for the same seed
    tree: list[Organization] = []
    for n in range(12):
        parent = tree[-1] if n and n < 6 else rng.choice([None, *tree]) if n else None
        extra: dict[str, Any] = {"billing": rng.choice([None, {"city": "Bern"}]), "name": rng.choice(["acme", f"o{n}"])}
        extra["customMetadata"] = [{"name": "tier", "value": rng.choice(["gold", 3, None])}] if n % 2 else []
        extra["appMetadata"] = [{"app": "stripe", "data": {"customerId": "cus_1"}}] if n % 3 == 0 else []
        extra["payerId"] = rng.choice([tree[0].id, "org_gone", f"org_o{n}"]) if tree else f"org_o{n}"
        extra["externalId"] = rng.choice([None, f"x{n}"])
        tree.append(organization(f"o{n}", parent, n, **extra, deletedAt=NOW if n == 11 else None))
    plans = [plan("gold", [feature("chat"), feature("api")], coversDescendants=True), plan("free", charging="FREE")]
    subs = [subscription(f"sub_gold{n}", rng.choice(tree), rng.choice(plans), n) for n in range(4)]
    people = [subscriber(f"s{n}", rng.choice(tree), n, firstName=rng.choice([None, "Ann"])) for n in range(9)]
    keys = [
        credential(f"k{n}", rng.choice(people), n, subscriptionId=rng.choice([None, "sub_gone", *(s.id for s in subs)]))
        for n in range(14)
    ]
    bills, payments, notes, lines = [], [], [], []
    for n in range(14):
        of, currency = rng.choice(tree), rng.choice(["USD", "EUR"])
        paid = [payment(f"p{n}", of, rng.randrange(1, 20), EPOCH, f"i{n}", currency)] if n % 2 else []
        noted = [credit_note(f"c{n}", of, 1, EPOCH, f"i{n}", currency)] if n % 3 == 0 else []
        bill = invoice(f"i{n}", of, rng.randrange(0, 20), rng.choice([EPOCH, None]), [*paid, *noted], currency)
        bills.append(bill)
        payments += paid
        notes += noted
        lines.append(line(f"l{n}", bill, rng.choice(tree), 5, credentialId=rng.choice([None, keys[n].id])))
    attributes = [usage_attribute(f"a{n}", rng.choice(tree)) for n in range(3)]
    everything = [*tree, feature("chat"), feature("api"), *plans, *subs, *people, *keys]
    everything += [*bills, *payments, *notes, *lines, *attributes]
    await save(store, *everything)
    await spoil(store, tree[3])
    statements = ["stm_org_o1_USD", "stm_org_o0_EUR_TREE", "stm_org_gone_USD", "stm_org_o2_USD_1767225600000"]
    pairs = ["dup_org_o1_org_o2", "dup_org_o0_org_gone"]
    return [*(each.id for each in everything), *statements, *pairs, "org_gone", "nonsense", ""]


async def spoil(store: Store, org: Organization) -> None:
    """Break what the schema promises: a null where none may be, and a field that an older document lacks."""
    broken = {**to_document(org), "_id": "org_broken", "timezone": None}
    del broken["aliases"]
    await store["organizations"].insert_one(broken)


@pytest.fixture(autouse=True)
def way() -> None:
    """Both ways are asked here, side by side."""


@pytest.fixture(scope="module")
async def graph(client: Client, worker_id: str) -> AsyncIterator[tuple[Store, list[str]]]:
    """The data set, made once for the module."""
    store = database(client, f"plans_{worker_id}_{os.getpid()}")
    await prepare(store)
    ids = await made_up(store, 1)
    yield store, ids
    await store.client.drop_database(store.name)


@cache
def boundless() -> Preparation:
    """What is made up may be dearer than what a server answers."""
    made = Preparation(build_schema()._schema, Settings(max_aliases=10_000, max_root_fields=50, max_cost=10**9))
    made.limits.allowed["inputs"] = 10**9, "takes in {}"
    return made


async def answer(store: Store, query: str, variables: dict[str, Any], *, planning: bool) -> Any:
    """The response as a client gets it, and whether a plan gave it."""
    _, execution = server(planning=planning)
    before = replace(execution.planner.counters)
    context = Context(store=store, viewer=LOCAL_ADMIN, now=NOW)
    try:
        prepared = boundless().prepare(query, None, variables)
    except RequestErrors as refused:
        pytest.fail(f"{query}\n{refused}")
    result = await execution.run(prepared, variables, context)
    errors = mask_errors(result.errors or [], "test")
    errors.sort(key=lambda error: str(error.get("path")))
    told = orjson.loads(encode_json({"data": result.data, "errors": errors}))
    is_at_fault = any(error["extensions"]["code"] == "INTERNAL" for error in errors)
    assert is_at_fault or execution.planner.counters.failed == before.failed, "only the plan failed, which is logged"
    return told, execution.planner.counters.planned > before.planned


# Where a field of a broken document fails, graphql-core leaves the fields beside it unawaited, and Python says so.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("part", range(SLICES))
async def test_a_plan_and_graphql_core_answer_the_same(graph: tuple[Store, list[str]], part: int) -> None:
    store, ids = graph
    planned = 0
    for seed in range(part, SEEDS, SLICES):
        query, variables = Writer(build_schema()._schema, seed, ids).operation()
        by_plan, was_planned = await answer(store, query, variables, planning=True)
        by_core, _ = await answer(store, query, variables, planning=False)
        assert by_plan == by_core, f"seed {seed}\n{query}\n{variables}"
        planned += was_planned
    assert planned > SEEDS / SLICES / 4, "too few of them were plannable for this to mean much"


TWO = """query A($x: Boolean!) { organizations(first: 1) { nodes { id @skip(if: $x) } } }
  query B($x: [ID!]!) { nodes(ids: $x) { id } }"""


async def test_one_operation_knows_nothing_of_anothers_conditions(graph: tuple[Store, list[str]]) -> None:
    """Two operations of a document may have a variable of the same name and another type."""
    preparation, execution = server(planning=True)
    prepared = preparation.prepare(TWO, "B", {"x": ["org_o1"]})
    result = await execution.run(prepared, {"x": ["org_o1"]}, Context(store=graph[0], viewer=LOCAL_ADMIN, now=NOW))
    assert (result.data, result.errors) == ({"nodes": [{"id": "org_o1"}]}, None)
    assert prepared.planned.conditions == ()


COUNTED = "{ organizations(first: 2) { totalCount nodes { id subscribers(first: 1) { totalCount } } } }"


@pytest.mark.parametrize("planning", [True, False], ids=["by plan", "by graphql-core"])
async def test_a_count_that_takes_too_long_is_null_beside_its_page(
    graph: tuple[Store, list[str]], monkeypatch: pytest.MonkeyPatch, planning: bool
) -> None:
    monkeypatch.setattr(read, "COUNT_SECONDS", 0.000_001)
    told, _ = await answer(graph[0], COUNTED, {}, planning=planning)
    assert told["data"]["organizations"]["totalCount"] is None
    assert len(told["data"]["organizations"]["nodes"]) == 2
    assert {error["extensions"]["code"] for error in told["errors"]} == {"TIMEOUT"}
