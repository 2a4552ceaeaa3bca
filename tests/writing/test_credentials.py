"""Credentials: whose they are, what they are billed under, and their keys through time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.access.secrets import SECRET
from app.mongo.client import Doc, Store
from tests.asking import CIPHER, ask, data
from tests.records import NOW
from tests.writing.doing import done, everything, refused, send, stored

ALL = """credential { id name credentialId version tags keys { value status validFrom validTo } organization { id }
    subscriber { id } subscription { externalId } customMetadata { name value } appMetadata lastUsedAt }"""
Ids = dict[str, str]


@pytest.fixture
async def ids(store: Store) -> Ids:
    """top > mid > low, and other; carol in mid, dave in other; a subscription of each of the tree, and one over."""
    found: Ids = {}
    for name, parent in (("top", None), ("mid", "top"), ("low", "mid"), ("other", None)):
        above = {"parent": {"externalId": parent}} if parent else {}
        found[name] = (await done(store, "createOrganization", name=name, externalId=name, **above))["id"]
    for name, at in (("carol", "mid"), ("dave", "other")):
        given = {"email": f"{name}@x.com", "organization": {"id": found[at]}}
        found[name] = (await done(store, "createSubscriber", **given))["id"]
    await done(store, "createPlan", key="p", name="P", currency="USD", charging="PASS_THROUGH")
    for name, at in (("top", "top"), ("mid", "mid"), ("low", "low"), ("over", "mid")):
        given = {"externalId": f"sub_{name}", "organization": {"id": found[at]}, "plan": {"key": "p"}}
        await done(store, "createSubscription", **given)
    await done(store, "updateSubscription", by={"externalId": "sub_over"}, status="ENDED")
    return found


CAROL = {"subscriber": {"email": "CAROL@x.com"}}


async def made(store: Store, key: str = "k1", **given: Any) -> Any:
    """A new credential, carol's unless it is said."""
    return await done(store, "createCredential", ALL, **{"name": "Key", "credentialId": key, **CAROL, **given})


async def keys(store: Store, **by: str) -> list[Doc]:
    """What is stored of a credential's keys."""
    found = await data(store, f"query Q($by: CredentialBy!) {{ credential(by: $by) {ALL[11:]} }}", by=by)
    return list(found["credential"]["keys"])


async def test_created_it_is_its_subscribers_organizations(store: Store, ids: Ids) -> None:
    found = await made(store, " k1 ")
    assert found["keys"] == [
        {"value": "k1", "status": "ACTIVE", "validFrom": "2026-06-15T12:00:00.000Z", "validTo": None}
    ]
    assert (found["organization"]["id"], found["subscriber"]["id"]) == (ids["mid"], ids["carol"])
    assert (found["subscription"], found["tags"], found["version"]) == (None, [], 1)


async def test_created_with_everything_it_has_everything_and_null_clears_it(store: Store, ids: Ids) -> None:
    given: dict[str, Any] = {"tags": [" a ", "two words", "a"], "organization": {"id": ids["low"]}}
    given |= {"subscription": {"externalId": "sub_top"}, "customMetadata": [{"name": "n", "value": True}]}
    period = {"validFrom": "2026-01-01T00:00:00.000Z", "expiresAt": "2027-01-01T00:00:00.000Z"}
    found = await made(store, externalSecret="hush", appMetadata=[{"app": "x", "data": {}}], **given, **period)
    assert (found["tags"], found["organization"]["id"]) == (["a", "two words"], ids["low"])
    assert (found["subscription"]["externalId"], found["appMetadata"]) == ("sub_top", {"x": {}})
    [key] = found["keys"]
    assert [key["validFrom"], key["validTo"]] == list(period.values())
    by = {"credentialId": "k1"}
    assert await done(store, "updateCredential", ALL, by=by, expiresAt=period["expiresAt"], **given) == found
    cleared = await done(store, "updateCredential", ALL, by=by, expiresAt=None, **dict.fromkeys(given))
    assert (cleared["tags"], cleared["subscription"], cleared["customMetadata"]) == ([], None, [])
    assert (cleared["organization"]["id"], cleared["keys"][0]["validTo"]) == (ids["mid"], None)
    [key] = (await stored(store, found["id"]))["keys"]
    assert CIPHER.decrypt(key[SECRET], found["id"]) == "hush"
    await done(store, "updateCredential", by=by, externalSecret=None)
    assert (await stored(store, found["id"]))["keys"][0][SECRET] is None
    assert await refused(store, "updateCredential", by=by, name=None, subscriber=None) == [
        ("name", "REQUIRED"),
        ("subscriber", "REQUIRED"),
    ]


async def test_everything_that_is_wrong_is_told_at_once(store: Store, ids: Ids) -> None:
    await made(store)
    before = await everything(store)
    given: dict[str, Any] = {
        "name": "n" * 257,
        "credentialId": "k1",
        "tags": ["t" * 257, "t", ""],
        "externalSecret": "",
    }
    given |= {"validFrom": "2026-02-01T00:00:00.000Z", "expiresAt": "2026-02-01T00:00:00.000Z"}
    given |= {"subscriber": {"email": "x@x.com"}, "organization": {"id": ids["carol"]}}
    given |= {"subscription": {"externalId": "none"}}
    assert await refused(store, "createCredential", **given) == [
        ("name", "TOO_LONG"),
        ("tags.0", "TOO_LONG"),
        ("tags.2", "REQUIRED"),
        ("externalSecret", "REQUIRED"),
        ("subscriber.email", "NOT_FOUND"),
        ("organization.id", "INVALID_ID"),
        ("subscription.externalId", "NOT_FOUND"),
        ("expiresAt", "INVALID_INSTANT"),
        ("credentialId", "TAKEN"),
    ]
    assert await everything(store) == before


async def test_a_subscriber_is_required(store: Store) -> None:
    answer = await send(store, "createCredential", {"name": "x", "credentialId": "x"})
    assert answer.codes == {"": "BAD_VARIABLES"}


@pytest.mark.parametrize(
    ("organization", "subscription", "code"),
    [
        ("mid", "sub_mid", None),
        ("mid", "sub_top", None),
        ("low", "sub_top", None),
        ("mid", "sub_low", "SUBSCRIPTION_ELSEWHERE"),
        ("other", "sub_top", "SUBSCRIPTION_ELSEWHERE"),
        ("mid", "sub_over", "ENDED"),
    ],
)
async def test_its_subscription_is_its_organizations_or_one_aboves_and_runs(
    store: Store, ids: Ids, organization: str, subscription: str, code: str | None
) -> None:
    given: Any = {"organization": {"id": ids[organization]}, "subscription": {"externalId": subscription}}
    whole = {"name": "x", "credentialId": "x", **CAROL, **given}
    by = {"id": (await made(store, "other"))["id"]}
    if code:
        assert await refused(store, "createCredential", **whole) == [("subscription", code)]
        assert await refused(store, "updateCredential", by=by, **given) == [("subscription", code)]
    else:
        assert (await made(store, **given))["subscription"]["externalId"] == subscription
        assert (await done(store, "updateCredential", ALL, by=by, **given))["subscription"]
        elsewhere = {"organization": {"externalId": "other"}}
        assert await refused(store, "updateCredential", by=by, **elsewhere) == [
            ("organization", "SUBSCRIPTION_ELSEWHERE")
        ]


async def test_rotating_retires_the_old_key_through_its_grace_period(store: Store, ids: Ids) -> None:
    first = await made(store)
    found = await done(store, "rotateCredential", ALL, by={"credentialId": "k1"}, credentialId=" k2 ")
    until = (NOW + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert (found["credentialId"], found["version"], found["id"]) == ("k2", 2, first["id"])
    assert [(key["value"], key["status"], key["validTo"]) for key in found["keys"]] == [
        ("k1", "RETIRING", until),
        ("k2", "ACTIVE", None),
    ]
    found = await done(
        store, "rotateCredential", ALL, by={"credentialId": "k1"}, credentialId="k3", gracePeriodSeconds=0
    )
    assert [(key["value"], key["status"]) for key in found["keys"]] == [
        ("k1", "ENDED"),
        ("k2", "ENDED"),
        ("k3", "ACTIVE"),
    ]
    for key in ("k1", "k2", "k3"):
        assert (await data(store, f'{{ credential(by: {{credentialId: "{key}"}}) {{ id }} }}'))["credential"] == {
            "id": first["id"]
        }
    later = await ask(store, f'{{ credential(by: {{id: "{first["id"]}"}}) {{ keys {{ status }} }} }}', now=NOW)
    assert [each["status"] for each in later.data["credential"]["keys"]] == ["ENDED", "ENDED", "ACTIVE"]


async def test_a_rotation_that_cannot_be_is_refused(store: Store, ids: Ids) -> None:
    await made(store)
    await made(store, "others")
    await done(store, "rotateCredential", by={"credentialId": "k1"}, credentialId="k2")
    before = await everything(store)
    for given, problems in (
        ({"credentialId": "k1"}, [("credentialId", "TAKEN")]),
        ({"credentialId": "k2"}, [("credentialId", "TAKEN")]),
        ({"credentialId": "others"}, [("credentialId", "TAKEN")]),
        ({"credentialId": "new", "expectedVersion": 1}, [("expectedVersion", "STALE_VERSION")]),
        (
            {"credentialId": " ", "externalSecret": "", "gracePeriodSeconds": -1},
            [("credentialId", "REQUIRED"), ("externalSecret", "REQUIRED"), ("gracePeriodSeconds", "INVALID_NUMBER")],
        ),
        (
            {"credentialId": "k" * 257, "externalSecret": "s" * 4097, "gracePeriodSeconds": 365 * 86400 + 1},
            [("credentialId", "TOO_LONG"), ("externalSecret", "TOO_LONG"), ("gracePeriodSeconds", "INVALID_NUMBER")],
        ),
    ):
        assert await refused(store, "rotateCredential", by={"credentialId": "k2"}, **given) == problems
    assert await refused(store, "rotateCredential", by={"credentialId": "none"}, credentialId="new") == [
        ("by.credentialId", "NOT_FOUND")
    ]
    assert await everything(store) == before


async def test_keys_are_revoked_all_or_some_and_stay_so(store: Store, ids: Ids) -> None:
    by = {"id": (await made(store, expiresAt="2027-01-01T00:00:00.000Z"))["id"]}
    for key in ("k2", "k3"):
        await done(store, "rotateCredential", by=by, credentialId=key)
    assert await refused(store, "revokeCredential", by=by, keys=["k1", "none"]) == [("keys.1", "NOT_FOUND")]
    found = await done(store, "revokeCredential", by=by, keys=["k1"])
    assert [key["status"] for key in found["keys"]] == ["ENDED", "RETIRING", "ACTIVE"]
    found = await done(store, "revokeCredential", by=by)
    assert [key["status"] for key in found["keys"]] == ["ENDED"] * 3
    assert {key["validTo"] for key in found["keys"]} == {"2026-06-15T12:00:00.000Z"}
    assert (await done(store, "revokeCredential", by=by))["version"] == found["version"] == 5
    assert await refused(store, "updateCredential", by=by, expiresAt=None, externalSecret="x") == [
        ("expiresAt", "ENDED")
    ]
    assert [key["status"] for key in (await done(store, "rotateCredential", by=by, credentialId="k4"))["keys"]] == [
        *["ENDED"] * 3,
        "ACTIVE",
    ]


async def test_revoking_no_keys_at_all_is_refused(store: Store, ids: Ids) -> None:
    by = {"id": (await made(store))["id"]}
    assert await refused(store, "revokeCredential", by=by, keys=[]) == [("keys", "REQUIRED")]


async def test_a_key_ends_by_itself_once_it_expires(store: Store, ids: Ids) -> None:
    await made(store, expiresAt="2026-06-16T00:00:00.000Z")
    for now, status in ((NOW, "ACTIVE"), (NOW + timedelta(days=1), "ENDED")):
        answer = await ask(store, '{ credential(by: {credentialId: "k1"}) { keys { status } } }', now=now)
        assert answer.data["credential"]["keys"] == [{"status": status}]
    answer = await send(
        store, "updateCredential", {"by": {"credentialId": "k1"}, "expiresAt": None}, now=NOW + timedelta(days=1)
    )
    assert [each["code"] for each in answer.data["updateCredential"]["userErrors"]] == ["ENDED"]


async def test_the_key_of_a_deleted_one_is_its_organizations_for_ever(store: Store, ids: Ids) -> None:
    first = await made(store)
    await done(store, "rotateCredential", by={"id": first["id"]}, credentialId="k2")
    await done(store, "deleteCredential", by={"id": first["id"]})
    assert await refused(store, "updateCredential", by={"credentialId": "k2"}) == [("by.credentialId", "NOT_FOUND")]
    assert (await keys(store, id=first["id"]))[1]["value"] == "k2"
    dave = {"name": "x", "subscriber": {"id": ids["dave"]}}
    daves = await done(store, "createCredential", credentialId="daves", **dave)
    for key in ("k1", "k2"):
        reserved = [("credentialId", "CREDENTIAL_KEY_RESERVED")]
        assert await refused(store, "createCredential", credentialId=key, **dave) == reserved
        assert await refused(store, "rotateCredential", by={"id": daves["id"]}, credentialId=key) == reserved
    again = await made(store, "k1")
    assert (await keys(store, credentialId="k1"))[0]["value"] == "k1"
    assert await refused(store, "restoreCredential", id=first["id"]) == [("id", "TAKEN")]
    await done(store, "deleteCredential", by={"id": again["id"]})
    await done(store, "restoreCredential", id=first["id"])
    for key in ("k1", "k2"):
        found = await data(store, f'{{ credential(by: {{credentialId: "{key}"}}) {{ id }} }}')
        assert found["credential"]["id"] == first["id"]


async def test_it_comes_back_only_where_its_subscription_still_covers_it(store: Store, ids: Ids) -> None:
    found = await made(store, subscription={"externalId": "sub_mid"})
    by = {"id": found["id"]}
    await done(store, "deleteCredential", by=by)
    subscription = {"externalId": "sub_mid"}
    await done(store, "updateSubscription", by=subscription, status="ENDED")
    await done(store, "deleteSubscription", by=subscription)
    assert await refused(store, "restoreCredential", **by) == [("id", "DELETED")]
    await done(store, "updateSubscriber", by={"id": ids["carol"]}, organization={"id": ids["other"]})
    assert (await stored(store, found["id"]))["organizationId"] == ids["mid"]


async def test_without_a_key_to_encrypt_with_no_secret_is_taken(
    store: Store, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.asking.CIPHER", None)
    await made(store, "k1", idempotencyKey="k")
    refusal = [("externalSecret", "SECRETS_NOT_CONFIGURED")]
    whole = {"name": "x", "credentialId": "x", **CAROL}
    by: Any = {"by": {"credentialId": "k1"}}
    for key in ({}, {"idempotencyKey": "k2"}):
        assert await refused(store, "createCredential", externalSecret="s", **whole, **key) == refusal
        assert await refused(store, "updateCredential", externalSecret="s", **by, **key) == refusal
        assert await refused(store, "rotateCredential", credentialId="k2", externalSecret="s", **by, **key) == refusal
