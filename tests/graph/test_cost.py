"""What a question may cost is known before it is asked: of the graph that is served, by plan and by graphql-core."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import parse

from app.http.document_cache import DocumentCache
from app.http.prepare import Preparation, RequestErrors
from app.http.query_cost import QueryCost, operations_of
from app.mongo.client import Store
from app.schema import build_schema
from app.settings import Settings
from tests.asking import Ask, Way, server
from tests.records import organization, save, subscriber
from tests.work import counting_calls

NOTHING: Mapping[str, Any] = {}
PAGE = "subscribers(first: 1, filter: $f) { totalCount }"
FILTER = "query ($f: SubscriberFilter) "
NESTED = FILTER + '{ node(id: "org_nope") { id } organizations(first: 50) { nodes { ' + PAGE + " } } }"
ALIASED = FILTER + "{ " + " ".join(f"a{n}: {PAGE}" for n in range(20)) + " }"
LITERAL = "{ organizations(first: 50) { nodes { subscribers(filter: {or: [" + "{} " * 900 + "]}) { totalCount } } } }"
DEFAULT = "query ($f: SubscriberFilter = {or: [" + "{} " * 900 + "]}) { " + PAGE + " }"
SPREAD = (
    FILTER
    + "{ organizations(first: 2) { nodes { "
    + " ".join(f"a{n}: parent {{ ...F }}" for n in range(40))
    + " } } } fragment F on Organization { "
    + PAGE
    + " }"
)


def weigh(text: str, **variables: Any) -> QueryCost:
    """The weight of a document of one operation, on the schema that is served."""
    document = parse(text)
    return server(planning=True)[0].limits.measure(document, operations_of(document)[0], variables)


def limits(query: str, given: Mapping[str, Any]) -> set[str]:
    """The limits that a document exceeds under the settings of a server that is told nothing else."""
    exceeded = Preparation(build_schema()._schema, Settings()).limits.find_exceeded(weigh(query, **given))
    return {str(each.facts["limit"]) for each in exceeded}


def empty(number: int) -> dict[str, Any]:
    """A filter that has that many filters in it, and no condition."""
    return {"or": [{} for _ in range(number)]}


@pytest.mark.parametrize(
    ("query", "given", "limit"),
    [
        (NESTED, {"f": empty(9_900)}, "variables"),
        (NESTED, {"f": empty(160)}, "inputs"),
        (ALIASED, {"f": empty(9_900)}, "variables"),
        (NESTED, {"f": {"email": {"in": ["x"] * 40_000}}}, "variables"),
        (NESTED, {"f": {"and": [[[]] * 500]}}, "variables"),
        (LITERAL, NOTHING, "inputs"),
        (DEFAULT, NOTHING, "variables"),
        (SPREAD, {"f": empty(150)}, "inputs"),
        (NESTED.replace("filter: $f", "filter: {or: [$f, $f, $f]}"), {"f": empty(60)}, "inputs"),
    ],
    ids=["nested", "few", "aliased", "strings", "lists", "literal", "default", "spread", "inside"],
)
async def test_input_is_bounded_before_it_is_coerced(
    store: Store, ask: Ask, way: Way, query: str, given: Mapping[str, Any], limit: str
) -> None:
    """Coercing it takes up to 65 million calls."""
    server(planning=way.planning)  # made before it is counted
    with counting_calls() as counted:
        answer = await ask(store, query, **given)
    assert counted.number < 200_000
    assert set(answer.codes.values()) == {"QUERY_TOO_COMPLEX"}
    assert limit in limits(query, given)


async def test_what_may_be_asked_holds_the_loop_but_briefly(store: Store, ask: Ask, way: Way) -> None:
    server(planning=way.planning)  # made before it is counted
    known = [organization(f"o{n}", n=n) for n in range(50)]
    await save(store, *known, *(subscriber(f"s{n}", one) for n, one in enumerate(known)))
    question = asyncio.create_task(ask(store, NESTED, f=empty(45)))
    longest = 0
    with counting_calls() as counted:
        while not question.done():
            before = counted.number
            await asyncio.sleep(0.001)
            longest = max(longest, counted.number - before)
    assert question.result().messages == ["No record has the id org_nope."]
    assert longest < 3_000_000, "the calls between two passes of the loop; a second has room for twice as many"


@pytest.mark.parametrize(
    "asked",
    [empty(51), {"and": [empty(30), empty(30)]}, {"or": [{"email": {}}] * 51}],
    ids=["flat", "nested", "fields"],
)
async def test_empty_filters_are_conditions_too(store: Store, ask: Ask, asked: dict[str, Any]) -> None:
    answer = await ask(store, FILTER + "{ " + PAGE + " }", f=asked)
    assert list(answer.codes.values()) == ["BAD_ARGUMENT"]
    assert "conditions; it may have 50" in answer.messages[0]


def test_a_document_that_is_known_is_held_to_the_input_of_each_request() -> None:
    documents = DocumentCache(Preparation(build_schema()._schema, Settings()))
    for given in ({}, {"f": None}, {"f": empty(3)}, {"f": empty(4)}):
        documents.prepare(NESTED, None, given)
    for number in (300, 9_900):
        with pytest.raises(RequestErrors):
            documents.prepare(NESTED, None, {"f": empty(number)})
    documents.prepare(NESTED, None, {"f": empty(3)})


def test_a_tree_in_a_variable_is_weighed_in_a_document_that_is_known() -> None:
    documents = DocumentCache(Preparation(build_schema()._schema, Settings(max_cost=1_000)))
    query = (
        "query ($s: StatementScope!) { organizations(first: 100) { nodes { statement(scope: $s) { openInvoices } } } }"
    )
    documents.prepare(query, None, {"s": "OWN"})
    with pytest.raises(RequestErrors):
        documents.prepare(query, None, {"s": "TREE"})


def test_the_rows_of_an_import_are_let_through_once() -> None:
    rows = [{"key": f"k{n}", "entries": [{"name": "a", "value": 1}] * 8} for n in range(1_000)]
    once = weigh("mutation ($r: [Row]) { a(rows: $r) }", r=rows)
    twice = weigh("mutation ($r: [Row]) { a(rows: $r) b(rows: $r) }", r=rows)
    exceeded = server(planning=True)[0].limits.find_exceeded
    assert exceeded(once) == []
    assert [each.facts["limit"] for each in exceeded(twice)] == ["inputs"]


ORGANIZATION = '{ organization(by: {id: "org_a"}) { %s } }'


@pytest.mark.parametrize(
    ("below", "cost"),
    [
        ("ancestors { id }", 1 + 25),
        ("ancestors { ancestors { id } }", 1 + 25 * 26),
        ("features { id }", 1 + 25),
        ("statements { openInvoices }", 1 + 3),
        ("statement { openInvoices }", 1 + 1),
        ("statement(scope: OWN) { openInvoices }", 1 + 1),
        ("statement(scope: TREE) { openInvoices }", 1 + 1 + 50),
        ("statements(scope: TREE) { openInvoices }", 1 + 3 + 50),
        ("customMetadata { name }", 1 + 1),
        ("parent { id }", 1 + 1),
        ("subscribers(first: 5) { nodes { id } }", 1 + 5),
    ],
)
def test_a_list_without_pages_weighs_what_it_may_hold(below: str, cost: int) -> None:
    assert weigh(ORGANIZATION % below).cost == cost


@pytest.mark.parametrize(
    ("default", "given", "cost"), [("", {"s": "TREE"}, 52), ("= TREE", {}, 52), ("= TREE", {"s": "OWN"}, 2)]
)
def test_a_tree_may_be_asked_for_by_a_variable(default: str, given: dict[str, Any], cost: int) -> None:
    query = f"query ($s: StatementScope! {default}) " + ORGANIZATION % "statement(scope: $s) { openInvoices }"
    weighed = weigh(query, **given)
    assert weighed.cost == cost
    assert weighed.sizing_variables == {"s"}


def test_what_a_page_reads_to_be_worked_out_is_counted() -> None:
    assert weigh("{ duplicateCandidates(first: 5) { nodes { other { id } } } }").cost == 5_000 + 5 * 2
    assert limits("{ " + " ".join(f"a{n}: duplicateCandidates {{ nodes {{ id }} }}" for n in range(20)) + " }", {}) >= {
        "cost"
    }


def test_ancestors_of_ancestors_are_refused() -> None:
    assert limits(ORGANIZATION % ("ancestors { " * 4 + "id" + " }" * 4), {}) == {"cost"}
