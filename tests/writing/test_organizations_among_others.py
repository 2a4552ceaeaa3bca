"""Organizations among others: their place in the tree, who pays for them, and what rests on them."""

from __future__ import annotations

from typing import Any

import pytest

from app.entities.billing_profile import DEFAULT_ID
from app.entities.identifiers import UNCLASSIFIED_ID
from app.graph.depth import MAX_DEPTH
from app.mongo.client import Store
from tests.records import EPOCH, credit_note, invoice, organization, payment, plan, save, subscription
from tests.writing.doing import do, done, made_of_each, refused, stored
from tests.writing.test_organizations import ALL, made


async def test_it_comes_back_under_its_live_parent_only(store: Store) -> None:
    parent = await made(store, "Parent")
    child = await made(store, "Child", parent={"id": parent}, payer={"id": parent})
    await done(store, "deleteOrganization", by={"id": child})
    await done(store, "updateOrganization", by={"id": parent}, currency="EUR")
    assert await refused(store, "restoreOrganization", id=child) == [("id", "CURRENCY_MISMATCH")]
    await done(store, "updateOrganization", by={"id": parent}, currency="USD")
    await done(store, "deleteOrganization", by={"id": parent})
    assert ("id", "DELETED") in await refused(store, "restoreOrganization", id=child)
    await done(store, "restoreOrganization", id=parent)
    await done(store, "restoreOrganization", id=child)


async def test_unclassified_is_fixed(store: Store) -> None:
    node = {"id": UNCLASSIFIED_ID}
    assert await refused(store, "updateOrganization", by=node, name="x") == [("name", "UNCLASSIFIED_FIXED")]
    assert await refused(store, "deleteOrganization", by=node) == [("by", "UNCLASSIFIED_FIXED")]
    assert await refused(store, "createOrganization", name="x", parent=node) == [("parent", "UNCLASSIFIED_FIXED")]
    assert (await done(store, "updateOrganization", by=node, description="bucket"))["name"] == "UNCLASSIFIED"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "INDIVIDUAL"),
        ("externalId", "u"),
        ("aliases", ["u"]),
        ("currency", "EUR"),
        ("associatedDomains", ["acme.com"]),
        ("storefrontUrl", "https://acme.com"),
        ("primaryEmail", "a@acme.com"),
        ("billing", {"city": "Bern"}),
        ("billingProfile", {"id": DEFAULT_ID}),
    ],
)
async def test_unclassified_is_no_customer(store: Store, field: str, value: Any) -> None:
    by = {"id": UNCLASSIFIED_ID}
    assert await refused(store, "updateOrganization", by=by, **{field: value}) == [(field, "UNCLASSIFIED_FIXED")]
    free = {"description": "d", "timezone": "Europe/Berlin", "customMetadata": [{"name": "a", "value": 1}]}
    assert (await done(store, "updateOrganization", by=by, **free))["version"] == 2


async def test_nothing_that_makes_a_customer_is_given_to_unclassified(store: Store) -> None:
    node = {"id": UNCLASSIFIED_ID}
    await made_of_each(store)
    apps = {"id": UNCLASSIFIED_ID, "app": "stripe", "data": {"customerId": "cus_1"}}
    payload = await do(store, "setAppMetadata", "record { id }", **apps)
    assert [each["code"] for each in payload["userErrors"]] == ["UNCLASSIFIED_FIXED"]
    fixed = [("organization", "UNCLASSIFIED_FIXED")]
    assert await refused(store, "createSubscription", organization=node, plan={"key": "gold"}) == fixed
    assert await refused(store, "updateSubscription", by={"externalId": "sub_gold"}, organization=node) == fixed
    assert await refused(store, "createUsageAttribute", organization=node, kind="SUBJECT", key="x") == fixed
    assert await refused(store, "updateUsageAttribute", by={"key": "dept"}, organization=node) == fixed
    payload = await do(store, "onboardCustomer", "organization { id }", existing=node)
    assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(["existing"], "UNCLASSIFIED_FIXED")]


@pytest.mark.parametrize("name", ["UNCLASSIFIED", " unclassified ", "Ｕnclassified", "UN\u200bCLASSI\u00adFIED"])
async def test_no_other_bears_its_name(store: Store, name: str) -> None:
    reserved = [("name", "RESERVED")]
    rows = [{"externalId": "imported", "name": name}]
    for mutation, field, given in (
        ("importOrganizations", ["rows", "0", "name"], {"rows": rows}),
        ("onboardCustomer", ["organization", "name"], {"organization": {"name": name}}),
    ):
        payload = await do(store, mutation, "created", **given)
        assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(field, "RESERVED")]
    await done(store, "createOrganization", name="Acme", externalId="acme")
    assert await refused(store, "createOrganization", name=name) == reserved
    assert await refused(store, "updateOrganization", by={"externalId": "acme"}, name=name) == reserved
    await done(store, "createOrganization", name="UNCLASSIFIED usage")


async def test_a_tree_is_only_so_deep(store: Store) -> None:
    above = organization("top")
    levels = [above, *(above := organization(f"level{n}", above) for n in range(MAX_DEPTH))]
    await save(store, *levels)
    assert await refused(store, "createOrganization", name="x", parent={"id": above.id}) == [("parent", "TOO_DEEP")]


@pytest.mark.parametrize("what", ["subscription", "invoice", "payment", "credit"])
async def test_its_currency_is_fixed_once_something_is_in_it(store: Store, what: str) -> None:
    acme, basic = organization("acme"), plan("basic")
    there = {
        "subscription": subscription("s", acme, basic, status="ENDED"),
        "invoice": invoice("i", acme, 1, None),
        "payment": payment("p", acme, 1, EPOCH),
        "credit": credit_note("c", acme, 1, EPOCH, on="i"),
    }
    await save(store, acme, basic)
    await done(store, "updateOrganization", by={"id": acme.id}, currency="EUR")
    await done(store, "updateOrganization", by={"id": acme.id}, currency="USD")
    await save(store, there[what])
    assert await refused(store, "updateOrganization", by={"id": acme.id}, currency="EUR") == [
        ("currency", "CURRENCY_FIXED")
    ]


async def test_who_pays_is_itself_or_one_above_it_in_the_same_currency(store: Store) -> None:
    top, euro = await made(store, "Top"), await made(store, "Euro", currency="EUR")
    unit = await made(store, "Unit", parent={"id": top})
    low = await made(store, "Low", parent={"id": unit}, payer={"id": top})
    for node, payer, code in ((unit, low, "PAYER_NOT_ABOVE"), (low, euro, "PAYER_NOT_ABOVE")):
        assert await refused(store, "updateOrganization", by={"id": node}, payer={"id": payer}) == [("payer", code)]
    assert await refused(store, "createOrganization", name="x", parent={"id": euro}, payer={"id": euro}) == [
        ("payer", "CURRENCY_MISMATCH")
    ]
    assert await refused(store, "updateOrganization", by={"id": low}, currency="EUR") == [
        ("currency", "CURRENCY_MISMATCH")
    ]
    assert await refused(store, "updateOrganization", by={"id": top}, currency="EUR") == [
        ("currency", "CURRENCY_MISMATCH")
    ]
    payers: list[Any] = [{"id": top}, {"id": unit}, {"id": unit}, None]
    for payer in payers:
        await done(store, "updateOrganization", by={"id": low}, payer=payer)
    terms = (await stored(store, low))["payerTerms"]
    assert [each["payerId"] for each in terms] == [top, unit, low]
    found = await done(store, "updateOrganization", ALL, by={"id": unit}, payer={"id": top})
    assert found["payerTerms"] == [
        {"payerId": unit, "validFrom": "2026-06-15T12:00:00.000Z"},
        {"payerId": top, "validFrom": "2026-06-15T12:00:00.000Z"},
    ]


async def test_what_rests_on_it_keeps_it_and_all_of_it_is_listed(store: Store) -> None:
    acme = await made(store, "Acme", externalId="acme")
    node, basic = (
        {"organization": {"id": acme}},
        await done(store, "createPlan", key="basic", name="Basic", currency="USD", charging="FREE"),
    )
    children = [await made(store, f"Child {n}", parent={"id": acme}) for n in range(5)]
    carol = await done(store, "createSubscriber", email="carol@acme.com", **node)
    key = await done(store, "createCredential", credentialId="k", name="Key", subscriber={"id": carol["id"]})
    attribute = await done(store, "createUsageAttribute", key="dept", kind="SUBJECT", **node)
    running = await done(store, "createSubscription", externalId="s", plan={"id": basic["id"]}, **node)
    there = organization("acme", _id=acme)
    paid = payment("p", there, 30, EPOCH)
    await save(store, paid, invoice("open", there, 100, EPOCH), invoice("draft", there, 1, None))
    payload = await do(store, "deleteOrganization", by={"id": acme})
    assert {(tuple(each["field"]), each["code"]) for each in payload["userErrors"]} == {(("by",), "IN_USE")}
    messages = [each["message"] for each in payload["userErrors"]]
    few = [f"'Child {n}' ({children[n]})" for n in range(3)]
    for words, message in zip(
        (
            f"live children: {', '.join(few)} and 2 more.",
            "live subscribers: carol@acme.com.",
            f"live credentials: 'Key' ({key['id']}).",
            "live usage attributes: dept.",
            "subscriptions that have not ended: s.",
            "open invoices: ",
            "30.00 USD of credit.",
        ),
        messages,
        strict=True,
    ):
        assert words in message
    await store["payments"].delete_many({})
    await store["invoices"].update_many({}, {"$set": {"status": "VOID"}})
    await done(store, "deleteCredential", by={"id": key["id"]})
    await done(store, "updateSubscription", by={"id": running["id"]}, status="ENDED")
    for kind, ids in (("Organization", children), ("Subscriber", [carol["id"]]), ("UsageAttribute", [attribute["id"]])):
        for each in ids:
            await done(store, f"delete{kind}", by={"id": each})
    await done(store, "deleteOrganization", by={"id": acme})
    assert await refused(store, "restoreSubscriber", id=carol["id"]) == [("id", "DELETED")]
    assert ("id", "DELETED") in await refused(store, "restoreCredential", id=key["id"])


async def test_it_comes_back_without_a_payer_that_was_deleted_and_is_not_above_it_any_more(store: Store) -> None:
    top = await made(store, "Top")
    middle = await made(store, "Middle", parent={"id": top})
    low = await made(store, "Low", parent={"id": middle}, payer={"id": top})
    await done(store, "deleteOrganization", by={"id": low})
    await done(store, "moveOrganization", by={"id": middle}, parent=None)
    await done(store, "deleteOrganization", by={"id": top})
    restored = await done(store, "restoreOrganization", "organization { id payer { id } }", id=low)
    assert restored["payer"] == {"id": low}
