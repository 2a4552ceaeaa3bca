"""What a plan makes of refusals and faults: a refused look-up is read once, a fault of ours is logged and counted.

In all of these the answer is that of graphql-core alone, errors included.
"""

from __future__ import annotations

import linecache
from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
import pytest
from graphql import ExecutionResult
from structlog.testing import capture_logs

from app.access.viewer import LOCAL_ADMIN
from app.context import Context
from app.entities.billing_profile import BillingProfile
from app.graph.documents import to_document
from app.graph.plan import expressions
from app.graph.plan.planner import Counters, Planner
from app.graph.scalars import encode_json
from app.http.masking import mask_errors
from app.mongo.client import Store
from tests.asking import server
from tests.commands import Commands
from tests.records import EPOCH, NOW, credential, invoice, organization, payment, save, stamps, subscriber


@pytest.fixture(autouse=True)
def way() -> None:
    """Both ways are asked here, side by side."""


async def response(store: Store, query: str, *, planning: bool) -> Any:
    """A pair: the data, and the errors in full."""
    preparation, execution = server(planning=planning)
    context = Context(store=store, viewer=LOCAL_ADMIN, now=NOW)
    result: ExecutionResult = await execution.run(preparation.prepare(query, None, {}), {}, context)
    errors = mask_errors(result.errors or [], "test")
    errors.sort(key=lambda error: str(error["path"]))
    return orjson.loads(encode_json([result.data, errors]))


def counters() -> Counters:
    """The counters of the planner that answers here, as they are now."""
    planner: Planner = server(planning=True)[1].planner
    return replace(planner.counters)


REFUSED = {
    "not found by its key": ('{ a: organization(by: {externalId: "gone"}) { name } }', 1),
    "not found by its id": ('{ organization(by: {id: "org_gone"}) { name } }', 1),
    "ambiguous": ('{ organization(by: {name: "acme"}) { name } }', 1),
    "the id of something else": ('{ organization(by: {id: "sbr_s"}) { name } }', 0),
    "a blank key": ('{ credential(by: {credentialId: " "}) { name } }', 0),
    "no node": ('{ node(id: "org_gone") { id } }', 1),
    "no id at all": ('{ node(id: "nonsense") { id } }', 0),
    "some of many nodes": ('{ nodes(ids: ["org_a", "org_gone", "nonsense", "org_gone", "org_b"]) { id } }', 1),
    "not found beside one that is": ('{ a: node(id: "org_gone") { id } b: node(id: "org_a") { id } }', 2),
    "asked for in two places": (
        '{ node(id: "org_gone") { id } ... on Query { node(id: "org_gone") { __typename } } }',
        1,
    ),
    "candidates of one that is not found": ('{ duplicateCandidates(of: {externalId: "gone"}) { nodes { id } } }', 1),
    "a page of a list": ("{ organizations(first: 0) { nodes { id } } }", 0),
    "a search for nothing": ('{ search(text: " ") { nodes { id } } }', 0),
}


@pytest.mark.parametrize(("query", "reads"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_refused_is_read_once(store: Store, commands: Commands, query: str, reads: int) -> None:
    """A plan says itself what a root field was refused for, in the words and at the places of graphql-core."""
    await save(store, *(organization(name, name="acme") for name in "ab"))
    by_core = await response(store, query, planning=False)
    before = counters()
    with commands.counting() as counted:
        by_plan = await response(store, query, planning=True)
    assert by_plan == by_core
    assert by_plan[1], "nothing was refused"
    assert counted.reads == reads
    assert (counters().left, counters().planned) == (before.left, before.planned + 1)


async def test_what_is_refused_further_down_is_left_to_graphql_core_and_is_no_fault(store: Store) -> None:
    await save(store, organization("a"), organization("b"))
    query = "{ organizations { nodes { id subscribers(first: 0) { totalCount } } } }"
    before = counters()
    with capture_logs() as logs:
        by_plan = await response(store, query, planning=True)
    assert by_plan == await response(store, query, planning=False)
    assert by_plan[1][0]["path"] == ["organizations", "nodes", 0, "subscribers"]
    assert (counters().left, counters().failed) == (before.left + 1, before.failed)
    assert logs == []


async def nameless(store: Store) -> None:
    """An organization that lacks a field without which none was ever stored."""
    await save(store, organization("a"))
    broken = to_document(organization("b"))
    del broken["name"]
    await store["organizations"].insert_one(broken)


async def test_a_fault_inside_a_plan_is_logged_with_its_source_and_counted(store: Store) -> None:
    await nameless(store)
    query = "query Names { organizations(first: 5, orderBy: {field: CREATED_AT}) { nodes { id name } } }"
    before = counters()
    with capture_logs() as logs:
        by_plan = await response(store, query, planning=True)
    [failure] = [event for event in logs if event["event"] == "plan failed"]
    assert (failure["log_level"], failure["operation"]) == ("error", "Names")
    assert failure["document"] == sha256(query.encode()).hexdigest()
    assert 'File "<plan of Names: organizations>", line 1' in failure["exception"]
    assert "'name': need(d['name'])" in failure["exception"]
    assert failure["exception"].endswith("KeyError: 'name'\n")
    assert (counters().left, counters().failed) == (before.left + 1, before.failed + 1)
    assert by_plan == await response(store, query, planning=False)
    assert not any(name.startswith("<plan of") for name in linecache.cache), "the source goes with the plan"


MONEY = """{ organizations { nodes { statement { outstandingBalance { amount } } } } }"""


async def test_a_plan_that_cannot_be_made_is_logged_once_and_graphql_core_answers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(expressions.CONVERT, "Decimal")
    org = organization("a")
    await save(store, org, invoice("i", org, 10, EPOCH), payment("p", org, 3, EPOCH))
    preparation, execution = server(planning=True)
    prepared = preparation.prepare(MONEY, None, {})
    before = counters()
    with capture_logs() as logs:
        results = [
            await execution.run(prepared, {}, Context(store=store, viewer=LOCAL_ADMIN, now=NOW)) for _ in range(3)
        ]
    assert all(result.data and not result.errors for result in results)
    [failure] = logs
    assert (failure["event"], failure["operation"]) == ("plan failed", None)
    assert "KeyError: 'Decimal'" in failure["exception"]
    assert (counters().left, counters().failed) == (before.left + 3, before.failed + 1)


WORKING = {
    "an edge up": "{ credentials { nodes { subscriber { organization { id } } } } }",
    "an edge whose key is an array": "{ billingProfiles { nodes { organizations { nodes { id } } } } }",
    "nothing selected": "{ organizations @skip(if: true) { totalCount } }",
}


@pytest.mark.parametrize("query", WORKING.values(), ids=WORKING.keys())
async def test_a_plan_that_works_answers_and_logs_nothing(store: Store, query: str) -> None:
    org = organization("a", billingProfileId="bpr_a")
    person = subscriber("s", org)
    profile = BillingProfile.model_validate(
        {"_id": "bpr_a", "name": "a", "taxApp": None, "appliesTo": ["bpr_a", None], "isDefault": True, **stamps(0)}
    )
    await save(store, org, person, credential("k", person), profile)
    by_core = await response(store, query, planning=False)
    before = counters()
    with capture_logs() as logs:
        by_plan = await response(store, query, planning=True)
    assert by_plan == by_core
    assert by_plan[1] == logs == []
    assert (counters().planned, counters().left, counters().failed) == (before.planned + 1, before.left, before.failed)
