"""What a request says of how it was answered: every read with its index and what it examined."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.access.viewer import LOCAL_ADMIN, Everything, Scope, Viewer
from app.context import Context
from app.errors import Forbidden
from app.http.explaining import Explainer
from app.mongo.client import Store, connect
from app.mongo.trace import Tracer
from tests.asking import Way, server
from tests.graph.test_one_read_a_level import crowd, wide
from tests.records import NOW

QUERY = """{ customers: organizations(first: 20, filter: {name: {startsWith: "wide"}}) { nodes { name
  subscribers(first: 3) { totalCount nodes { email } } statements { openInvoices } } } }"""


@pytest.fixture
async def explaining(mongod_uri: str, way: Way) -> AsyncIterator[Explainer]:
    """What answers an explained request."""
    made = Explainer(server(planning=way.planning)[1], lambda: connect(mongod_uri, Tracer()))
    yield made
    await made.close()


async def plan_of(
    store: Store, explaining: Explainer, query: str, viewer: Viewer = LOCAL_ADMIN, **variables: Any
) -> dict[str, Any]:
    """What `X-Explain: plan` tells of a query."""
    prepared = server(planning=True)[0].prepare(query, None, variables)
    result = await explaining.run(prepared, variables, Context(store=store, viewer=viewer, now=NOW))
    assert result.errors is None
    plan: dict[str, Any] = (result.extensions or {})["plan"]
    return plan


async def test_every_read_is_told_with_its_index_and_what_it_examined(
    store: Store, explaining: Explainer, way: Way
) -> None:
    await wide(store, 20)
    plan = await plan_of(store, explaining, QUERY)
    reads = {(read["path"], read["command"], read["collection"]): read for read in plan["reads"]}
    if not way.planning:
        assert (plan["answeredBy"], len(reads)) == ("graphql-core", 4)
        return
    assert plan["answeredBy"] == "plan"
    first = reads["customers", "find", "organizations"]
    assert (first["indexes"], first["returned"], first["documentsExamined"]) == (["organizations by name"], 20, 20)
    assert first["filter"] == {"$and": [{"deletedAt": None}, {"name": {"$gte": "?", "$lt": "?"}}]}
    people = reads["customers.subscribers", "find", "subscribers"]
    assert (people["indexes"], people["returned"]) == (["Organization.subscribers by email"], 60)
    assert ("customers.subscribers", "aggregate", "subscribers") in reads, "the count"
    assert reads["customers.statements", "aggregate", "invoices"]["returned"] == 10
    assert all(read["indexes"] for read in plan["reads"])


async def test_the_second_read_for_huge_parents_is_told_too(store: Store, explaining: Explainer) -> None:
    await crowd(store, [2_000] * 5, "w")
    plan = await plan_of(store, explaining, "{ organizations { nodes { subscribers(first: 5) { nodes { email } } } } }")
    reads = [read for read in plan["reads"] if read["collection"] == "subscribers"]
    assert [read["command"] for read in reads] == ["find", "aggregate"]
    assert {index for read in reads for index in read["indexes"]} == {"Organization.subscribers by email"}
    assert sum(read["documentsExamined"] for read in reads) < 500


async def test_a_read_by_id_is_told_with_its_index(store: Store, explaining: Explainer) -> None:
    await wide(store, 1)
    doc = await store["organizations"].find_one({})
    assert doc
    plan = await plan_of(store, explaining, f'{{ node(id: "{doc["_id"]}") {{ id }} }}')
    assert [(read["indexes"], read["documentsExamined"]) for read in plan["reads"]] == [(["_id_"], 1)]


async def test_a_viewer_without_the_scope_is_not_told(store: Store, explaining: Explainer) -> None:
    with pytest.raises(Forbidden):
        await plan_of(store, explaining, QUERY, Viewer("limited", frozenset(Scope) - {Scope.EXPLAIN}, Everything()))


async def test_what_is_told_is_of_this_request_alone(store: Store, explaining: Explainer, way: Way) -> None:
    """Others that are answered at the same time, and left to graphql-core, leave no trace in it."""
    await wide(store, 1)
    queries = [QUERY, "{ organizations { nodes { subscribers(first: 777) { totalCount } } } }"] * 5
    prepared = [server(planning=way.planning)[0].prepare(query, None, {}) for query in queries]
    runs = (explaining.run(each, {}, Context(store=store, viewer=LOCAL_ADMIN, now=NOW)) for each in prepared)
    plans = [(result.extensions or {})["plan"] for result in await asyncio.gather(*runs)]
    for query, plan in zip(queries, plans, strict=True):
        left = query != QUERY or not way.planning
        assert plan["answeredBy"] == ("graphql-core" if left else "plan")
        assert ("777" in str(plan.get("because"))) == (query != QUERY and way.planning)


async def test_where_the_database_does_not_explain_in_time_the_answer_comes_all_the_same(
    store: Store, explaining: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wide(store, 3)
    monkeypatch.setattr("app.http.explaining.EXPLAIN_SECONDS", 0.000_001)
    plan = await plan_of(store, explaining, QUERY)
    assert {read["documentsExamined"] for read in plan["reads"]} == {None}
    assert all(read["returned"] is not None for read in plan["reads"])
