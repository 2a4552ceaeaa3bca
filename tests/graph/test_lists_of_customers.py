"""What lists live by: filters on who belongs to whom, and what a mirror of the data follows. None scans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.http.explaining import Explainer
from app.mongo.client import Store
from tests.asking import Ask, Data
from tests.graph.test_explain import explaining, plan_of
from tests.records import EPOCH, credential, organization, plan, save, subscriber, subscription
from tests.writing.doing import done

__all__ = ["explaining"]


async def customers(store: Store) -> None:
    """Two trees of customers, with people, keys and subscriptions; and a crowd beside them."""
    acme = organization("acme", externalId="acme", aliases=("a-1", "a-2"), billing={"country": "CH"})
    unit = organization("unit", acme, payerId=acme.id, billingProfileId="bpr_default", n=1)
    bolt = organization("bolt", n=2, externalId="bolt")
    carol, dan = subscriber("carol", unit), subscriber("dan", bolt)
    gold = plan("gold")
    running = subscription("s1", acme, gold)
    keys = [credential("k1", carol, subscriptionId=running.id), credential("k2", carol), credential("k3", dan)]
    crowd = [organization(f"x{n}", n=n + 10) for n in range(200)]
    people = [subscriber(f"x{n}", each) for n, each in enumerate(crowd)]
    await save(store, acme, unit, bolt, *crowd, carol, dan, *people, gold, running, *keys)
    await save(store, *(credential(f"x{n}", each) for n, each in enumerate(people)))


CASES: list[tuple[str, str, set[str]]] = [
    ("organizations", '{externalId: {equals: "a-1"}}', {"org_acme"}),
    ("organizations", '{externalId: {in: ["a-2", "bolt"]}}', {"org_acme", "org_bolt"}),
    ("organizations", '{externalId: {startsWith: "a-"}}', {"org_acme"}),
    ("organizations", '{aliases: {contains: "a-2"}}', {"org_acme"}),
    ("organizations", '{externalId: {contains: "CM"}}', {"org_acme"}),
    ("organizations", '{externalId: {contains: "-2"}}', {"org_acme"}),
    ("organizations", '{name: {contains: "CME"}}', {"org_acme"}),
    ("organizations", '{name: {contains: "OL"}, parentId: {equals: null}}', {"org_bolt"}),
    ("subscribers", '{email: {contains: "Rol@Ex"}}', {"sbr_carol"}),
    ("credentials", '{credentialId: {contains: "EY-K3"}}', {"crd_k3"}),
    ("credentials", '{name: {contains: "k2"}}', {"crd_k2"}),
    ("organizations", '{parentId: {equals: "org_acme"}}', {"org_unit"}),
    ("organizations", '{payerId: {equals: "org_acme"}}', {"org_acme", "org_unit"}),
    ("organizations", '{billingProfileId: {equals: "bpr_default"}}', {"org_unit"}),
    ("organizations", '{country: {equals: "CH"}}', {"org_acme"}),
    ("subscribers", '{organizationId: {equals: "org_unit"}}', {"sbr_carol"}),
    ("subscribers", '{subscriberId: {equals: "dan"}}', {"sbr_dan"}),
    ("credentials", '{organizationId: {equals: "org_bolt"}}', {"crd_k3"}),
    ("credentials", '{subscriberId: {equals: "sbr_carol"}}', {"crd_k1", "crd_k2"}),
    ("credentials", '{subscriptionId: {equals: "sub_s1"}}', {"crd_k1"}),
    ("subscriptions", '{organizationId: {equals: "org_acme"}}', {"sub_s1"}),
    ("subscriptions", '{planId: {equals: "pln_gold"}}', {"sub_s1"}),
]


@pytest.mark.parametrize(
    ("field", "condition", "expected"), CASES, ids=[f"{field} {condition}" for field, condition, _ in CASES]
)
async def test_filters_find_what_they_say_on_an_index(
    store: Store, data: Data, explaining: Explainer, field: str, condition: str, expected: set[str]
) -> None:
    await customers(store)
    query = f"{{ {field}(filter: {condition}) {{ nodes {{ id }} }} }}"
    assert {each["id"] for each in (await data(store, query))[field]["nodes"]} == expected
    [read] = (await plan_of(store, explaining, query))["reads"]
    assert read["indexes"]
    assert read["documentsExamined"] <= len(expected) + 1, read


async def test_null_finds_the_roots_and_what_has_none(store: Store, data: Data) -> None:
    await customers(store)
    found = await data(store, "{ organizations(filter: {parentId: {equals: null}}) { totalCount } }")
    assert found["organizations"]["totalCount"] == 203
    found = await data(store, "{ credentials(filter: {subscriptionId: {equals: null}}) { totalCount } }")
    assert found["credentials"]["totalCount"] == 202
    found = await data(
        store, '{ organizations(filter: {externalId: {equals: null}, name: {equals: "unit"}}) { totalCount } }'
    )
    assert found["organizations"]["totalCount"] == 1


MIRROR = """query ($after: Cursor, $since: DateTime!) { organizations(
    first: 2, after: $after, deleted: INCLUDE, orderBy: {field: UPDATED_AT}, filter: {updatedAt: {gt: $since}})
    { nodes { id deletedAt } pageInfo { endCursor hasNextPage } } }"""


async def test_a_mirror_follows_changes_and_deletions(store: Store, data: Data, explaining: Explainer) -> None:
    crowd = [organization(f"x{n}") for n in range(50)]
    changed = [organization(f"new{n}", updatedAt=EPOCH + timedelta(days=1, minutes=n)) for n in range(5)]
    await save(store, *crowd, *changed)
    await done(store, "deleteOrganization", by={"id": "org_new1"})
    seen: list[Any] = []
    after: str | None = None
    while True:
        page = (await data(store, MIRROR, since="2026-01-01T12:00:00Z", after=after))["organizations"]
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert [each["id"] for each in seen if not each["id"].endswith("unclassified")] == [
        "org_new0", "org_new2", "org_new3", "org_new4", "org_new1",
    ]  # fmt: skip
    assert [each["id"] for each in seen if each["deletedAt"]] == ["org_new1"]
    only = "{ organizations(deleted: ONLY, orderBy: {field: UPDATED_AT}) { totalCount nodes { id } } }"
    assert (await data(store, only))["organizations"] == {"totalCount": 1, "nodes": [{"id": "org_new1"}]}
    query = MIRROR.replace("$after: Cursor, ", "").replace("after: $after, ", "").replace("$since: DateTime!", "")
    query = query.replace("query ()", "query").replace("$since", '"2026-01-01T12:00:00Z"')
    [read] = (await plan_of(store, explaining, query))["reads"]
    assert read["indexes"] == ["organizations by updated_at"]
    assert read["documentsExamined"] <= 3


async def test_deleted_records_are_listed_in_the_order_that_has_an_index_of_them(store: Store, ask: Ask) -> None:
    answer = await ask(store, "{ organizations(deleted: INCLUDE) { nodes { id } } }")
    assert answer.codes == {"organizations": "BAD_ARGUMENT"}
    assert "UPDATED_AT" in answer.messages[0]
