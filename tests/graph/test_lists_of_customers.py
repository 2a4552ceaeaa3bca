"""What lists live by: filters on who belongs to whom, and what a mirror of the data follows. None scans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.http.explaining import Explainer
from app.mongo.client import Store
from tests.asking import Ask, Data
from tests.graph.test_explain import explaining, plan_of
from tests.records import EPOCH, NOW, credential, organization, plan, save, subscriber, subscription
from tests.writing.doing import done

__all__ = ["explaining"]


STATES = {"retiring": ("RETIRING", 24), "revoked": ("ENDED", -1), "expired": ("ACTIVE", 0), "expiring": ("ACTIVE", 48)}
"""Credentials whose only key was written with that status and ends so many hours from now."""


def key(value: str, status: str = "ACTIVE", hours: int | None = None) -> dict[str, Any]:
    """A key as it is stored."""
    end = None if hours is None else NOW + timedelta(hours=hours)
    return {"value": value, "validFrom": EPOCH, "validTo": end, "status": status}


async def customers(store: Store) -> None:
    """Two trees of customers, with people, keys and subscriptions; and a crowd beside them."""
    acme = organization("acme", externalId="acme", aliases=("a-1", "a-2"), billing={"country": "CH"})
    unit = organization("unit", acme, payerId=acme.id, billingProfileId="bpr_default", n=1)
    bolt = organization("bolt", n=2, externalId="bolt")
    carol, dan = subscriber("carol", unit), subscriber("dan", bolt)
    gold = plan("gold")
    running = subscription("s1", acme, gold)
    keys = [
        credential("k1", carol, subscriptionId=running.id, keys=[key("k1-old", "RETIRING", 24), key("key-k1")]),
        credential("k2", carol, lastUsedAt=NOW - timedelta(days=3)),
        credential("k3", dan),
        *(credential(name, dan, keys=[key(f"key-{name}", *state)]) for name, state in STATES.items()),
    ]
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
    ("credentials", '{organizationId: {equals: "org_bolt"}}', {"crd_k3", *(f"crd_{name}" for name in STATES)}),
    ("credentials", "{status: {equals: RETIRING}}", {"crd_retiring"}),
    ("credentials", "{status: {equals: ENDED}}", {"crd_revoked", "crd_expired"}),
    ("credentials", "{status: {in: [RETIRING, ENDED]}}", {"crd_retiring", "crd_revoked", "crd_expired"}),
    ("credentials", '{validUntil: {lt: "2026-06-16T12:00:00Z"}}', {"crd_revoked", "crd_expired"}),
    ("credentials", "{validUntil: {exists: true}}", {f"crd_{name}" for name in STATES}),
    ("credentials", '{lastUsedAt: {gte: "2026-06-01T00:00:00Z"}}', {"crd_k2"}),
    ("credentials", "{lastUsedAt: {exists: true}}", {"crd_k2"}),
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
    others = 2 if "RETIRING" in condition else 1  # one has a key that works besides
    assert read["documentsExamined"] <= len(expected) + others, read


async def test_null_finds_the_roots_and_what_has_none(store: Store, data: Data) -> None:
    await customers(store)
    found = await data(store, "{ organizations(filter: {parentId: {equals: null}}) { totalCount } }")
    assert found["organizations"]["totalCount"] == 203
    found = await data(store, "{ credentials(filter: {subscriptionId: {equals: null}}) { totalCount } }")
    assert found["credentials"]["totalCount"] == 206
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


async def test_a_credential_has_the_best_status_of_its_keys(store: Store, data: Data) -> None:
    await customers(store)
    query = """{ credentials(filter: {not: {name: {startsWith: "x"}}}) { nodes { name status validUntil } } }"""
    found = (await data(store, query))["credentials"]["nodes"]
    assert {each["name"]: each["status"] for each in found} == {
        "k1": "ACTIVE", "k2": "ACTIVE", "k3": "ACTIVE",
        "retiring": "RETIRING", "revoked": "ENDED", "expired": "ENDED", "expiring": "ACTIVE",
    }  # fmt: skip
    assert {each["name"]: each["validUntil"] for each in found if each["validUntil"]} == {
        "retiring": "2026-06-16T12:00:00.000Z",
        "revoked": "2026-06-15T11:00:00.000Z",
        "expired": "2026-06-15T12:00:00.000Z",
        "expiring": "2026-06-17T12:00:00.000Z",
    }
    active = (
        """{ credentials(filter: {status: {equals: ACTIVE}, not: {name: {startsWith: "x"}}}) { nodes { name } } }"""
    )
    found = (await data(store, active))["credentials"]["nodes"]
    assert {each["name"] for each in found} == {"k1", "k2", "k3", "expiring"}
    never = """{ credentials(filter: {lastUsedAt: {exists: false}}) { totalCount } }"""
    assert (await data(store, never))["credentials"]["totalCount"] == 206


async def test_status_and_validity_follow_what_is_done_with_keys(store: Store, data: Data) -> None:
    await done(store, "createSubscriber", email="ann@acme.com")
    given = {"name": "K", "credentialId": "k-1", "subscriber": {"email": "ann@acme.com"}}
    await done(store, "createCredential", **given, expiresAt="2026-07-01T00:00:00Z")
    by = {"by": {"credentialId": "k-1"}}

    async def state() -> tuple[str, str | None]:
        query = """{ credential(by: {credentialId: "k-1"}) { status validUntil } }"""
        found = (await data(store, query))["credential"]
        return found["status"], found["validUntil"]

    assert await state() == ("ACTIVE", "2026-07-01T00:00:00.000Z")
    await done(store, "rotateCredential", **by, credentialId="k-2", gracePeriodSeconds=60)
    assert await state() == ("ACTIVE", None)
    await done(store, "updateCredential", **by, expiresAt="2026-06-20T00:00:00Z")
    assert await state() == ("ACTIVE", "2026-06-20T00:00:00.000Z")
    await done(store, "revokeCredential", **by, keys=["k-2"])
    assert await state() == ("RETIRING", "2026-06-15T12:01:00.000Z")
    await done(store, "revokeCredential", **by)
    assert await state() == ("ENDED", "2026-06-15T12:00:00.000Z")


PEOPLE = [("Zoe", "adams"), ("Ann", "Özil"), ("Bob", None), ("bea", "Adams"), (None, "Zhu"), (None, None)]
SORTED = ["bea Adams", "Zoe adams", "Ann Özil", "None Zhu", "None None", "Bob None"]


async def test_subscribers_are_listed_by_last_name_then_first_name(
    store: Store, data: Data, explaining: Explainer
) -> None:
    acme = organization("acme")
    people = [subscriber(f"p{n}", acme, firstName=first, lastName=last) for n, (first, last) in enumerate(PEOPLE)]
    await save(store, acme, *people, *(subscriber(f"x{n}", organization("other"), lastName="Z") for n in range(100)))
    query = """query ($after: Cursor, $direction: OrderDirection!) { organization(by: {id: "org_acme"}) { subscribers(
        first: 2, after: $after, orderBy: {field: LAST_NAME, direction: $direction}) {
        nodes { firstName lastName } pageInfo { endCursor hasNextPage } } } }"""
    for direction, expected in (("ASC", SORTED), ("DESC", SORTED[::-1])):
        seen: list[str] = []
        after: str | None = None
        while True:
            page = (await data(store, query, after=after, direction=direction))["organization"]["subscribers"]
            seen += [f"{each['firstName']} {each['lastName']}" for each in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert seen == expected
    plain = "{ subscribers(first: 3, orderBy: {field: LAST_NAME}) { nodes { id } } }"
    [read] = (await plan_of(store, explaining, plain))["reads"]
    assert read["indexes"] == ["subscribers by last_name"]
    assert read["documentsExamined"] <= 4


async def test_the_sort_key_of_a_name_follows_changes_of_it(store: Store, data: Data) -> None:
    for email, last in (("a@x.com", "Zhu"), ("b@x.com", "Adams")):
        await done(store, "createSubscriber", email=email, lastName=last)
    await done(store, "updateSubscriber", by={"email": "a@x.com"}, lastName="Aaron")
    found = await data(store, "{ subscribers(orderBy: {field: LAST_NAME}) { nodes { email } } }")
    assert [each["email"] for each in found["subscribers"]["nodes"]] == ["a@x.com", "b@x.com"]
    await done(store, "updateSubscriber", by={"email": "a@x.com"}, lastName=None)
    found = await data(store, "{ subscribers(orderBy: {field: LAST_NAME}) { nodes { email } } }")
    assert [each["email"] for each in found["subscribers"]["nodes"]] == ["b@x.com", "a@x.com"]


async def test_deleted_records_are_found_by_a_part_of_their_name(store: Store, data: Data) -> None:
    await save(store, organization("acme", name="Acme Turbines"), organization("bolt", name="Bolt"))
    await done(store, "deleteOrganization", by={"id": "org_acme"})
    query = """{ organizations(deleted: INCLUDE, orderBy: {field: UPDATED_AT}, filter: {name: {contains: "turb"}}) {
        nodes { id } } }"""
    assert (await data(store, query))["organizations"]["nodes"] == [{"id": "org_acme"}]
