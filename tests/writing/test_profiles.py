"""Billing profiles: one of them, always exactly one, is the default; those in use stay."""

from __future__ import annotations

import asyncio
from typing import Any

from app.entities.billing_profile import DEFAULT_ID
from app.mongo.client import Store
from tests.asking import data
from tests.writing.doing import done, everything, refused, stored

ALL = """billingProfile { id name isDefault taxApp invoicingApp paymentApp collectionMethod collectionInterval
    paymentTermDays version deletedAt }"""
DEFAULTS: dict[str, Any] = {
    "isDefault": False,
    "taxApp": None,
    "invoicingApp": None,
    "paymentApp": None,
    "collectionMethod": "SEND_INVOICE",
    "collectionInterval": "MONTHLY",
    "paymentTermDays": 30,
}
SET: dict[str, Any] = {
    "taxApp": "avalara",
    "invoicingApp": "stripe",
    "paymentApp": "stripe",
    "collectionMethod": "CHARGE_AUTOMATICALLY",
    "collectionInterval": "YEARLY",
    "paymentTermDays": 0,
}


async def defaults(store: Store) -> list[str]:
    """The names of the profiles that are the default, by what is stored and by what applies where none is pinned."""
    marked = await store["billingProfiles"].find({"isDefault": True}).to_list()
    applying = await store["billingProfiles"].find({"appliesTo": None}).to_list()
    assert marked == applying
    return [each["name"] for each in marked]


async def test_it_has_defaults_and_null_clears_to_them(store: Store) -> None:
    found = await done(store, "createBillingProfile", ALL, name=" Net 30 ")
    assert found == {**DEFAULTS, "id": found["id"], "name": "Net 30", "version": 1, "deletedAt": None}
    by = {"name": "Net 30"}
    changed = await done(store, "updateBillingProfile", ALL, by=by, **SET)
    assert changed == found | SET | {"version": 2}
    assert await done(store, "updateBillingProfile", ALL, by=by, isDefault=False, **SET) == changed
    assert await done(store, "updateBillingProfile", ALL, by=by, **dict.fromkeys(DEFAULTS)) == found | {"version": 3}
    assert await refused(store, "updateBillingProfile", by=by, name=None) == [("name", "REQUIRED")]


async def test_everything_that_is_wrong_is_told_at_once(store: Store) -> None:
    before = await everything(store)
    given = {"name": " ", "taxApp": "t" * 257, "invoicingApp": "", "paymentTermDays": 3651, "isDefault": True}
    assert await refused(store, "createBillingProfile", **given) == [
        ("name", "REQUIRED"),
        ("taxApp", "TOO_LONG"),
        ("invoicingApp", "REQUIRED"),
        ("paymentTermDays", "INVALID_NUMBER"),
    ]
    assert await refused(store, "createBillingProfile", name="x", paymentTermDays=-1) == [
        ("paymentTermDays", "INVALID_NUMBER")
    ]
    assert await everything(store) == before


async def test_there_is_always_exactly_one_default(store: Store) -> None:
    assert await defaults(store) == ["Default"]
    made = await done(store, "createBillingProfile", name="New", isDefault=True)
    assert await defaults(store) == ["New"]
    assert (await stored(store, DEFAULT_ID))["version"] == 2
    for given in ({"isDefault": False}, {"isDefault": None}):
        assert await refused(store, "updateBillingProfile", by={"id": made["id"]}, **given) == [
            ("isDefault", "DEFAULT_PROFILE")
        ]
    await done(store, "updateBillingProfile", by={"id": DEFAULT_ID}, isDefault=True)
    assert await defaults(store) == ["Default"]
    await asyncio.gather(*(done(store, "createBillingProfile", name=f"P{n}", isDefault=True) for n in range(4)))
    [last] = await defaults(store)
    acme = await done(store, "createOrganization", name="Acme")
    query = f'{{ organization(by: {{id: "{acme["id"]}"}}) {{ billingProfile {{ name }} }} }}'
    assert (await data(store, query))["organization"]["billingProfile"]["name"] == last


async def test_the_default_is_changed_but_never_deleted(store: Store) -> None:
    await done(store, "updateBillingProfile", by={"id": DEFAULT_ID}, paymentTermDays=10)
    assert await refused(store, "deleteBillingProfile", by={"id": DEFAULT_ID}) == [("by", "DEFAULT_PROFILE")]
    await done(store, "createBillingProfile", name="New", isDefault=True)
    await done(store, "deleteBillingProfile", by={"id": DEFAULT_ID})
    assert await defaults(store) == ["New"]
    back = await done(store, "restoreBillingProfile", ALL, id=DEFAULT_ID)
    assert (back["isDefault"], back["paymentTermDays"], back["deletedAt"]) == (False, 10, None)


async def test_one_that_is_pinned_stays(store: Store) -> None:
    made = await done(store, "createBillingProfile", name="Net 10")
    acme = await done(store, "createOrganization", name="Acme", billingProfile={"id": made["id"]})
    by, node = {"name": "Net 10"}, {"id": acme["id"]}
    assert await refused(store, "deleteBillingProfile", by=by) == [("by", "IN_USE")]
    await done(store, "deleteOrganization", by=node)
    await done(store, "deleteBillingProfile", by=by, expectedVersion=1)
    assert await refused(store, "restoreOrganization", **node) == [("id", "DELETED")]
    assert await refused(store, "createOrganization", name="x", billingProfile={"id": made["id"]}) == [
        ("billingProfile.id", "DELETED")
    ]
    await done(store, "restoreBillingProfile", id=made["id"])
    await done(store, "restoreOrganization", **node)
    await done(store, "updateOrganization", by=node, billingProfile=None)
    await done(store, "deleteBillingProfile", by=by)
