"""Credentials from files: every column, whose they are, and what they may be billed under."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.mongo.client import Doc, Store
from app.transfer.outcome import Result
from tests.transfer.running import NOW, Files, codes, subscribed


@pytest.fixture
async def tree(files: Files, store: Store) -> dict[str, str]:
    """top > mid > low, and other; carol in mid; a subscription of top, of mid and of low. Ids by name."""
    ids: dict[str, str] = {}
    for name, parent in (("top", None), ("mid", "top"), ("low", "mid"), ("other", None)):
        ids[name] = (await files.made("organizations", external_id=name, name=name, parent_external_id=parent))["_id"]
    carol = await files.made("subscribers", email="carol@x.com", subscriber_id="1", organization_external_id="mid")
    dave = await files.made("subscribers", email="dave@x.com", subscriber_id="2", organization_external_id="other")
    for name in ("top", "mid", "low"):
        await subscribed(store, ids[name], f"sub_{name}")
    return ids | {"carol": carol["_id"], "dave": dave["_id"]}


WHOLE: dict[str, Any] = {
    "credential_id": "hak-1",
    "name": "Engineering API Key",
    "subscriber_email": "Carol@X.com",
    "organization_external_id": "low",
    "subscription_external_id": "sub_top",
    "tags": ["engineering", "two words"],
    "valid_from": "2026-01-01T01:00:00+01:00",
}


async def test_every_column_is_kept(files: Files, store: Store, tree: dict[str, str]) -> None:
    made = await files.made("credentials", **WHOLE)
    assert (made["name"], made["credentialId"], made["tags"]) == (WHOLE["name"], "hak-1", ["engineering", "two words"])
    assert made["keys"] == [
        {
            "value": "hak-1",
            "validFrom": datetime(2026, 1, 1, tzinfo=UTC),
            "validTo": None,
            "externalSecret": None,
            "status": "ACTIVE",
        }
    ]
    assert (made["subscriberId"], made["organizationId"]) == (tree["carol"], tree["low"])
    assert made["subscriptionId"] == "sub_sub_top"
    (claim,) = await store["keys"].find({"recordId": made["_id"]}).to_list()
    assert (claim["namespace"], claim["key"], claim["field"]) == ("credentialKey", "hak-1", "keys")
    for collection, target in (("organizations", "low"), ("subscribers", "carol")):
        guarded: Doc | None = await store[collection].find_one({"_id": tree[target]})
        assert guarded is not None
        assert guarded["guard"] == 1


async def test_the_organization_is_the_subscribers_unless_named(files: Files, tree: dict[str, str]) -> None:
    made = await files.made("credentials", credential_id="k", name="K", subscriber_id="1")
    assert (made["organizationId"], made["subscriberId"]) == (tree["mid"], tree["carol"])
    assert made["keys"][0]["validFrom"] == NOW


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": ""}, ("REQUIRED", "name")),
        ({"credential_id": None}, ("REQUIRED", "credential_id")),
        ({"credential_id": "x" * 257}, ("TOO_LONG", "credential_id")),
        ({"subscriber_email": None}, ("REQUIRED", "subscriber_email")),
        ({"subscriber_email": "nobody@x.com"}, ("UNKNOWN_SUBSCRIBER", "subscriber_email")),
        ({"subscriber_email": "no address"}, ("INVALID_EMAIL", "subscriber_email")),
        ({"subscriber_id": "9"}, ("UNKNOWN_SUBSCRIBER", "subscriber_id")),
        ({"subscriber_id": "2"}, ("SUBSCRIBER_MISMATCH", "subscriber_id")),
        ({"organization_external_id": "none"}, ("UNKNOWN_ORGANIZATION", "organization_external_id")),
        ({"subscription_external_id": "none"}, ("UNKNOWN_SUBSCRIPTION", "subscription_external_id")),
        ({"organization_external_id": "other"}, ("SUBSCRIPTION_ELSEWHERE", "subscription_external_id")),
        ({"tags": ["x" * 257]}, ("TOO_LONG", "tags")),
        ({"valid_from": "2026-01-01"}, ("INVALID_INSTANT", "valid_from")),
    ],
)
async def test_a_row_that_breaks_a_rule_is_refused(
    files: Files, tree: dict[str, str], change: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert codes(await files.one("credentials", **WHOLE | change)) == {problem}


async def test_a_mismatch_is_told_by_the_keys_of_the_row(files: Files, tree: dict[str, str]) -> None:
    (problem,) = (await files.one("credentials", **WHOLE | {"subscriber_id": "2"})).problems
    assert problem.message == f"{WHOLE['subscriber_email']!r} and '2' are two subscribers: name one."


@pytest.mark.parametrize(("subscription", "fits"), [("sub_top", True), ("sub_mid", True), ("sub_low", False)])
async def test_a_subscription_is_of_the_own_organization_or_one_above(
    files: Files, tree: dict[str, str], subscription: str, fits: bool
) -> None:
    row = {"credential_id": "k", "name": "K", "subscriber_id": "1", "subscription_external_id": subscription}
    assert ((await files.one("credentials", **row)).result is Result.CREATED) == fits


async def test_a_row_that_comes_again_is_unchanged_and_another_is_refused(files: Files, tree: dict[str, str]) -> None:
    await files.made("credentials", **WHOLE)
    assert (await files.one("credentials", **WHOLE)).result is Result.UNCHANGED
    changed = WHOLE | {
        "name": "Other",
        "tags": [],
        "subscriber_email": "dave@x.com",
        "valid_from": "2026-02-01T00:00:00Z",
    }
    assert codes(await files.one("credentials", **changed)) == {
        ("EXISTS_DIFFERENT", name) for name in ("name", "tags", "subscriber_email", "valid_from")
    }


async def test_a_past_key_is_not_made_anew(files: Files, store: Store, tree: dict[str, str]) -> None:
    made = await files.made("credentials", **WHOLE)
    keys = [*made["keys"], {"value": "hak-2", "validFrom": NOW, "validTo": None, "status": "ACTIVE"}]
    change = {"$set": {"credentialId": "hak-2", "keys": keys}}
    await store["credentials"].update_one({"_id": made["_id"]}, change)
    row = {"credential_id": "hak-1", "name": WHOLE["name"], "subscriber_id": "1"}
    assert codes(await files.one("credentials", **row)) == {("EXISTS_DIFFERENT", "credential_id")}


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_key_of_a_deleted_credential_goes_to_its_own_organization_alone(
    files: Files, store: Store, tree: dict[str, str], dry_run: bool
) -> None:
    made = await files.made("credentials", **WHOLE)
    await store["credentials"].update_one({"_id": made["_id"]}, {"$set": {"deletedAt": NOW}})
    elsewhere = {"credential_id": "hak-1", "name": "K", "subscriber_id": "2"}
    (outcome,) = await files.rows("credentials", elsewhere, dry_run=dry_run)
    assert codes(outcome) == {("CREDENTIAL_KEY_RESERVED", "credential_id")}
    taken, again = await files.rows("credentials", WHOLE, WHOLE, dry_run=dry_run)
    assert (taken.result, again.result) == (Result.CREATED, Result.UNCHANGED)
    (claim,) = await store["keys"].find({"namespace": "credentialKey"}).to_list()
    assert claim["recordId"] == (made["_id"] if dry_run else taken.record_id)


async def test_nothing_new_is_billed_under_a_subscription_that_has_ended(
    files: Files, store: Store, tree: dict[str, str]
) -> None:
    await files.made("credentials", **WHOLE)
    await store["subscriptions"].update_one({"externalId": "sub_top"}, {"$set": {"status": "ENDED"}})
    assert (await files.one("credentials", **WHOLE)).result is Result.UNCHANGED
    outcome = await files.one("credentials", **WHOLE | {"credential_id": "new"})
    assert codes(outcome) == {("ENDED", "subscription_external_id")}


async def test_a_key_may_end_by_itself(files: Files, tree: dict[str, str]) -> None:
    made = await files.made("credentials", **WHOLE, expires_at="2027-01-01T00:00:00Z")
    assert made["keys"][0]["validTo"] == datetime(2027, 1, 1, tzinfo=UTC)
    again = await files.one("credentials", **WHOLE, expires_at="2028-01-01T00:00:00Z")
    assert codes(again) == {("EXISTS_DIFFERENT", "expires_at")}
    never = await files.one("credentials", **WHOLE | {"credential_id": "n"}, expires_at="2025-01-01T00:00:00Z")
    assert codes(never) == {("INVALID_INSTANT", "expires_at")}


@pytest.mark.parametrize("name", ["org_unclassified", "own id"])
async def test_an_organization_is_named_by_its_id_too(files: Files, tree: dict[str, str], name: str) -> None:
    named = tree["other"] if name == "own id" else name
    row = {"credential_id": "k", "name": "K", "subscriber_id": "1", "organization_external_id": named}
    assert (await files.made("credentials", **row))["organizationId"] == named


async def test_the_same_file_as_csv(files: Files, store: Store, tree: dict[str, str]) -> None:
    path = files.csv("credential_id,name,subscriber_id,tags", "a,A,1,red green", "b,B,1,")
    outcomes = await files.run("credentials", path)
    found = await store["credentials"].find({}).sort("_id").to_list()
    assert [doc["tags"] for doc in found] == [["red", "green"], []]
    assert [outcome.record_id for outcome in outcomes] == [doc["_id"] for doc in found]
