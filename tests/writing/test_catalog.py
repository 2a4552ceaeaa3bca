"""Plans and features: their keys, what a plan charges, and what keeps either from being changed or deleted."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from tests.asking import data
from tests.writing.doing import done, everything, refused, stored

PLAN = """plan { id key name currency charging unitPrices { quantity price { amount currency } } coversDescendants
    customMetadata { name value } features { key } version deletedAt }"""
FREE = {"key": "free", "name": "Free", "currency": "USD", "charging": "FREE"}
UNITS = {"key": "units", "name": "Units", "currency": "USD", "charging": "UNIT_PRICES"}
PRICES = [{"quantity": "tokens", "price": "0.000000000002"}, {"quantity": "calls", "price": "0"}]


async def test_a_plan_has_defaults(store: Store) -> None:
    found = await done(store, "createPlan", PLAN, **FREE)
    rest = {"unitPrices": [], "coversDescendants": False, "customMetadata": [], "features": [], "version": 1}
    assert found == found | FREE | rest | {"deletedAt": None}


async def test_a_plan_has_everything_and_null_clears_it(store: Store) -> None:
    for key in ("sso", "audit"):
        await done(store, "createFeature", key=key, name=key)
    given = {"unitPrices": PRICES, "coversDescendants": True, "customMetadata": [{"name": "n", "value": 1.5}]}
    features = {"features": [{"key": "sso"}, {"key": "audit"}, {"key": "sso"}]}
    found = await done(store, "createPlan", PLAN, **UNITS, **given, **features)
    assert [(each["quantity"], each["price"]) for each in found["unitPrices"]] == [
        ("tokens", {"amount": "0.000000000002", "currency": "USD"}),
        ("calls", {"amount": "0", "currency": "USD"}),
    ]
    assert found["features"] == [{"key": "sso"}, {"key": "audit"}]
    assert await done(store, "updatePlan", PLAN, by={"key": "units"}, **UNITS, **given, **features) == found
    euro = await done(store, "updatePlan", PLAN, by={"key": "units"}, currency="EUR")
    assert {each["price"]["currency"] for each in euro["unitPrices"]} == {"EUR"}
    cleared = dict.fromkeys([*given, "features"]) | {"charging": "FREE"}
    rest = {"unitPrices": [], "coversDescendants": False, "customMetadata": [], "features": []}
    assert await done(store, "updatePlan", PLAN, by={"key": "units"}, **cleared) == euro | rest | {
        "charging": "FREE",
        "version": 3,
    }
    assert await refused(store, "updatePlan", by={"key": "units"}, **dict.fromkeys(FREE)) == [
        (name, "REQUIRED") for name in FREE
    ]


@pytest.mark.parametrize("key", ["Gold", "gold-1", "_gold", "gold_", "go__ld", "gold 1", "göld", "g" * 65, "gold\n1"])
async def test_a_key_is_lower_case_words(store: Store, key: str) -> None:
    code = "TOO_LONG" if len(key) == 65 else "INVALID_KEY"
    assert await refused(store, "createPlan", **FREE | {"key": key}) == [("key", code)]
    assert await refused(store, "createFeature", key=key, name="x") == [("key", code)]
    await done(store, "createFeature", key="g" * 64, name="x")


async def test_everything_that_is_wrong_with_a_plan_is_told_at_once(store: Store) -> None:
    await done(store, "createPlan", **FREE)
    before = await everything(store)
    prices = [{"quantity": "q" * 257, "price": "-1"}, {"quantity": " ", "price": "0.0000000000001"}]
    given: dict[str, Any] = UNITS | {"key": "free", "name": "", "currency": "XTS", "unitPrices": prices}
    given |= {"features": [{"key": "none"}, {"id": "pln_1"}], "customMetadata": [{"name": "x", "value": {}}]}
    assert await refused(store, "createPlan", **given) == [
        ("name", "REQUIRED"),
        ("currency", "INVALID_CURRENCY"),
        ("unitPrices.0.quantity", "TOO_LONG"),
        ("unitPrices.0.price", "INVALID_AMOUNT"),
        ("unitPrices.1.quantity", "REQUIRED"),
        ("unitPrices.1.price", "INVALID_NUMBER"),
        ("customMetadata.0", "INVALID_METADATA"),
        ("features.0.key", "NOT_FOUND"),
        ("features.1.id", "INVALID_ID"),
        ("key", "TAKEN"),
    ]
    assert await everything(store) == before


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "MISMATCH"),
        ({"unitPrices": []}, "MISMATCH"),
        ({"charging": "FREE", "unitPrices": PRICES}, "MISMATCH"),
        ({"charging": "PASS_THROUGH", "unitPrices": PRICES}, "MISMATCH"),
        ({"unitPrices": [PRICES[0], PRICES[0]]}, "DUPLICATE"),
        ({"unitPrices": [{"quantity": f"q{n}", "price": "1"} for n in range(101)]}, "TOO_MANY"),
    ],
)
async def test_unit_prices_are_for_plans_that_charge_by_them(store: Store, given: Any, code: str) -> None:
    assert await refused(store, "createPlan", **UNITS | given) == [("unitPrices", code)]
    await done(store, "createPlan", **UNITS, unitPrices=PRICES)
    if given:
        assert await refused(store, "updatePlan", by={"key": "units"}, **given) == [("unitPrices", code)]


async def test_the_currency_of_a_plan_is_fixed_once_somebody_subscribed(store: Store) -> None:
    await done(store, "createPlan", **FREE)
    acme = await done(store, "createOrganization", name="Acme", currency="EUR")
    by, one = {"key": "free"}, {"organization": {"id": acme["id"]}, "plan": {"key": "free"}, "externalId": "s"}
    await done(store, "createSubscription", **one)
    assert await refused(store, "updatePlan", by=by, charging="PASS_THROUGH") == [("charging", "CURRENCY_MISMATCH")]
    assert await refused(store, "deletePlan", by=by) == [("by", "IN_USE")]
    await done(store, "updateSubscription", by={"externalId": "s"}, status="ENDED")
    assert await refused(store, "updatePlan", by=by, currency="EUR") == [("currency", "CURRENCY_FIXED")]
    assert (await done(store, "updatePlan", by=by, charging="PASS_THROUGH"))["version"] == 2
    await done(store, "deletePlan", by=by)


async def test_a_plan_that_was_free_may_charge_those_in_its_currency(store: Store) -> None:
    await done(store, "createPlan", **FREE)
    acme = await done(store, "createOrganization", name="Acme")
    await done(store, "createSubscription", organization={"id": acme["id"]}, plan={"key": "free"})
    await done(store, "updatePlan", by={"key": "free"}, charging="UNIT_PRICES", unitPrices=PRICES)


async def test_features_are_made_changed_and_kept_while_plans_include_them(store: Store) -> None:
    shown = "feature { id key name description version }"
    sso = await done(store, "createFeature", shown, key="sso", name=" SSO ", description="d" * 1024)
    assert (sso["name"], sso["version"]) == ("SSO", 1)
    assert await refused(store, "createFeature", key="sso", name="n" * 257, description="d" * 1025) == [
        ("name", "TOO_LONG"),
        ("description", "TOO_LONG"),
        ("key", "TAKEN"),
    ]
    found = await done(store, "updateFeature", shown, by={"key": "sso"}, key="saml", description=None)
    assert found == sso | {"key": "saml", "description": None, "version": 2}
    await done(store, "createPlan", **FREE, features=[{"key": "saml"}])
    assert await refused(store, "deleteFeature", by={"key": "saml"}) == [("by", "IN_USE")]
    plan = await done(store, "deletePlan", by={"key": "free"})
    await done(store, "deleteFeature", by={"key": "saml"}, expectedVersion=2)
    assert await refused(store, "restorePlan", id=plan["id"]) == [("id", "DELETED")]
    other = await done(store, "createFeature", key="saml", name="x")
    assert await refused(store, "restoreFeature", id=sso["id"]) == [("id", "TAKEN")]
    await done(store, "updateFeature", by={"id": other["id"]}, key="sso")
    await done(store, "restoreFeature", id=sso["id"], expectedVersion=3)
    await done(store, "restorePlan", id=plan["id"])
    assert (await data(store, '{ plan(by: {key: "free"}) { features { key } } }'))["plan"]["features"] == [
        {"key": "saml"}
    ]
    assert await refused(store, "createPlan", **FREE) == [("key", "TAKEN")]
    assert (await stored(store, plan["id"]))["version"] == 3
