"""Subscriptions: to a plan in the customer's currency, with a status that follows from their dates and the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.mongo.client import Store
from tests.records import NOW
from tests.writing.doing import do, done, everything, refused

ALL = """subscription { id externalId status activeFrom activeTo customMetadata { name value } version
    organization { externalId } plan { key } }"""


def told(at: datetime) -> str:
    """An instant as the API shows it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


PAST, YESTERDAY, TODAY, TOMORROW, FUTURE = (told(NOW + timedelta(days=days)) for days in (-30, -1, 0, 1, 30))


@pytest.fixture(autouse=True)
async def there(store: Store) -> None:
    """An organization in dollars and one in euros; plans in both, and a free one."""
    for name, currency in (("us", "USD"), ("eu", "EUR")):
        await done(store, "createOrganization", name=name, externalId=name, currency=currency)
        await done(store, "createPlan", key=name, name=name, currency=currency, charging="PASS_THROUGH")
    await done(store, "createPlan", key="free", name="free", currency="USD", charging="FREE")


async def made(store: Store, organization: str = "us", plan: str = "us", **given: Any) -> Any:
    """A new subscription."""
    named = {"organization": {"externalId": organization}, "plan": {"key": plan}}
    return await done(store, "createSubscription", ALL, **named, **given)


async def test_created_it_runs_from_now_on(store: Store) -> None:
    found = await made(store)
    assert found == {
        "id": found["id"],
        "externalId": found["id"],
        "status": "ACTIVE",
        "activeFrom": TODAY,
        "activeTo": None,
        "customMetadata": [],
        "version": 1,
        "organization": {"externalId": "us"},
        "plan": {"key": "us"},
    }


async def test_created_with_everything_it_has_everything_and_null_clears_it(store: Store) -> None:
    given: dict[str, Any] = {"status": "CANCELED", "activeFrom": PAST, "activeTo": FUTURE, "externalId": " gold "}
    given |= {"customMetadata": [{"name": "n", "value": "v"}]}
    found = await made(store, **given)
    assert found == found | given | {"externalId": "gold"}
    by = {"externalId": "gold"}
    assert await done(store, "updateSubscription", ALL, by=by, **given) == found
    cleared = await done(store, "updateSubscription", ALL, by=by, **dict.fromkeys(given))
    empty = {"status": "ACTIVE", "activeFrom": TODAY, "activeTo": None, "externalId": found["id"]}
    assert cleared == found | empty | {"customMetadata": [], "version": 2}
    assert await refused(store, "updateSubscription", by={"id": found["id"]}, plan=None) == [("plan", "REQUIRED")]
    assert (await made(store, activeFrom=FUTURE))["status"] == "PENDING"


async def test_everything_that_is_wrong_is_told_at_once(store: Store) -> None:
    await made(store, externalId="gold")
    before = await everything(store)
    given: dict[str, Any] = {"externalId": "gold", "activeFrom": FUTURE, "activeTo": PAST}
    given |= {"organization": {"externalId": "none"}, "plan": {"key": "none"}, "customMetadata": [{"name": ""}]}
    assert await refused(store, "createSubscription", **given) == [
        ("customMetadata.0", "INVALID_METADATA"),
        ("organization.externalId", "NOT_FOUND"),
        ("plan.key", "NOT_FOUND"),
        ("activeTo", "INVALID_INSTANT"),
        ("externalId", "TAKEN"),
    ]
    assert await refused(store, "updateSubscription", by={"externalId": "gold"}, externalId="x" * 257) == [
        ("externalId", "TOO_LONG")
    ]
    assert await everything(store) == before


async def test_a_plan_is_in_the_customers_currency_or_free(store: Store) -> None:
    mismatch = [("plan", "CURRENCY_MISMATCH")]
    for organization, plan in (("us", "eu"), ("eu", "us")):
        named = {"organization": {"externalId": organization}, "plan": {"key": plan}}
        assert await refused(store, "createSubscription", **named) == mismatch
    for organization in ("us", "eu"):
        found = await made(store, organization, "free")
        other = {"us": "eu", "eu": "us"}[organization]
        assert await refused(store, "updateSubscription", by={"id": found["id"]}, plan={"key": other}) == mismatch
        await done(store, "updateSubscription", by={"id": found["id"]}, plan={"key": organization})


PERIODS = {
    "PENDING": (TOMORROW, FUTURE),
    "ACTIVE": (PAST, FUTURE),
    "CANCELED": (PAST, FUTURE),
    "ENDED": (PAST, YESTERDAY),
}
ACTS = {"CANCELED", "ENDED"}
TAKEN = {"PENDING": {"PENDING", *ACTS}, "ACTIVE": {"ACTIVE", *ACTS}, "CANCELED": {"ACTIVE", *ACTS}, "ENDED": {"ENDED"}}


@pytest.mark.parametrize("before", PERIODS)
async def test_only_a_status_that_the_dates_do_not_contradict_is_taken(store: Store, before: str) -> None:
    """Canceling and ending are acts; the rest follows from the dates. What is yet to start may be canceled."""
    starts, ends = PERIODS[before]
    for after in PERIODS:
        by = {"id": (await made(store, activeFrom=starts, activeTo=ends, status=before))["id"]}
        if after in TAKEN[before]:
            found = await done(store, "updateSubscription", ALL, by=by, status=after)
            is_ahead = (before, after) == ("PENDING", "CANCELED")
            assert (found["status"], found["version"]) == (
                "PENDING" if is_ahead else after,
                1 if after == before else 2,
            )
            if after == "ENDED" != before:
                assert found["activeTo"] == max(TODAY, starts)
        else:
            code = "ENDED" if before == "ENDED" else "MISMATCH"
            assert await refused(store, "updateSubscription", by=by, status=after) == [("status", code)]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"status": "PENDING"}, "status"),
        ({"status": "PENDING", "activeFrom": PAST}, "status"),
        ({"status": "ACTIVE", "activeFrom": FUTURE}, "status"),
        ({"status": "ACTIVE", "activeFrom": PAST, "activeTo": YESTERDAY}, "status"),
        ({"status": "CANCELED", "activeFrom": PAST, "activeTo": YESTERDAY}, "status"),
        ({"status": "ENDED", "activeFrom": PAST, "activeTo": FUTURE}, "activeTo"),
    ],
)
async def test_a_status_that_contradicts_its_dates_is_refused(store: Store, given: dict[str, str], path: str) -> None:
    named = {"organization": {"externalId": "us"}, "plan": {"key": "us"}}
    assert await refused(store, "createSubscription", **named, **given) == [(path, "MISMATCH")]


async def test_what_runs_does_not_start_later(store: Store) -> None:
    by = {"id": (await made(store))["id"]}
    assert await refused(store, "updateSubscription", by=by, activeFrom=FUTURE) == [("activeFrom", "MISMATCH")]
    pending = {"id": (await made(store, activeFrom=TOMORROW))["id"]}
    found = await done(store, "updateSubscription", ALL, by=pending, activeFrom=FUTURE)
    assert (found["status"], found["activeFrom"]) == ("PENDING", FUTURE)


async def test_canceled_says_until_when_it_runs_and_ended_is_over(store: Store) -> None:
    named = {"organization": {"externalId": "us"}, "plan": {"key": "us"}}
    until = [("activeTo", "REQUIRED")]
    assert await refused(store, "createSubscription", status="CANCELED", **named) == until
    by = {"id": (await made(store))["id"]}
    assert await refused(store, "updateSubscription", by=by, status="CANCELED") == until
    await done(store, "updateSubscription", by=by, status="CANCELED", activeTo=FUTURE)
    assert await refused(store, "updateSubscription", by=by, activeTo=None) == until
    await done(store, "updateSubscription", by=by, status="ENDED")
    for given in ({"activeTo": FUTURE}, {"plan": {"key": "free"}}, {"externalId": "other"}):
        assert await refused(store, "updateSubscription", by=by, **given) == [("by", "ENDED")]
    await done(store, "updateSubscription", by=by, customMetadata=[{"name": "why", "value": "moved"}])
    ended = await made(store, status="ENDED", activeFrom=PAST)
    assert ended["activeTo"] == TODAY
    assert (await made(store, status="ENDED", activeFrom=FUTURE))["activeTo"] == FUTURE


async def test_it_is_deleted_once_it_is_over_and_nothing_is_linked_to_it(store: Store) -> None:
    found = await made(store, externalId="gold")
    await done(store, "createSubscriber", email="c@x.com", organization={"externalId": "us"})
    named = {"subscriber": {"email": "c@x.com"}, "subscription": {"externalId": "gold"}}
    await done(store, "createCredential", credentialId="k", name="k", **named)
    by = {"externalId": "gold"}
    assert await refused(store, "deleteSubscription", by=by) == [("by", "IN_USE")] * 2
    await done(store, "updateSubscription", by=by, status="ENDED")
    assert await refused(store, "deleteSubscription", by=by) == [("by", "IN_USE")]
    await done(store, "updateCredential", by={"credentialId": "k"}, subscription=None)
    await done(store, "deleteSubscription", by=by, expectedVersion=2)
    assert await refused(store, "updateSubscription", by=by) == [("by.externalId", "NOT_FOUND")]
    other = await made(store, externalId="gold", activeFrom=FUTURE)
    assert await refused(store, "restoreSubscription", id=found["id"]) == [("id", "TAKEN")]
    await done(store, "deleteSubscription", by={"id": other["id"]})
    back = await done(store, "restoreSubscription", ALL, id=found["id"])
    assert (back["status"], back["version"]) == ("ENDED", 4)
    assert await refused(store, "updateCredential", by={"credentialId": "k"}, subscription=by) == [
        ("subscription", "ENDED")
    ]


async def test_another_organization_takes_it_over_where_all_its_credentials_are_covered(store: Store) -> None:
    await made(store, externalId="gold")
    for name, parent in (("above", None), ("other", None)):
        await done(store, "createOrganization", name=name, externalId=name, parent=parent)
    await done(store, "moveOrganization", by={"externalId": "us"}, parent={"externalId": "above"})
    await done(store, "createSubscriber", email="c@x.com", organization={"externalId": "us"})
    named = {"subscriber": {"email": "c@x.com"}, "subscription": {"externalId": "gold"}}
    await done(store, "createCredential", credentialId="k", name="Engineering", **named)
    by = {"externalId": "gold"}
    sent = await do(store, "updateSubscription", by=by, organization={"externalId": "other"})
    assert [(each["field"], each["code"]) for each in sent["userErrors"]] == [
        (["organization"], "SUBSCRIPTION_ELSEWHERE")
    ]
    assert "'Engineering'" in sent["userErrors"][0]["message"]
    for organization, code in (({"externalId": "eu"}, "CURRENCY_MISMATCH"), (None, "REQUIRED")):
        assert code in {
            each for _, each in await refused(store, "updateSubscription", by=by, organization=organization)
        }
    handed_over = await done(store, "updateSubscription", ALL, by=by, organization={"externalId": "above"})
    assert (handed_over["organization"], handed_over["version"]) == ({"externalId": "above"}, 2)
    await done(store, "updateCredential", by={"credentialId": "k"}, subscription=None)
    handed_over = await done(store, "updateSubscription", ALL, by=by, organization={"externalId": "other"})
    assert handed_over["organization"] == {"externalId": "other"}
    assert await refused(store, "updateCredential", by={"credentialId": "k"}, subscription=by) == [
        ("subscription", "SUBSCRIPTION_ELSEWHERE")
    ]
    await done(store, "updateSubscription", by=by, status="ENDED")
    assert await refused(store, "updateSubscription", by=by, organization={"externalId": "above"}) == [("by", "ENDED")]
