"""Subscribers: their keys, whose they are where that is not said, and what goes along when they change hands."""

from __future__ import annotations

from typing import Any

import pytest

from app.entities.identifiers import UNCLASSIFIED_ID
from app.migrations.derived_fields import fill_subscribers
from app.mongo.client import Store
from tests.asking import data
from tests.writing.doing import done, everything, refused, stored

ALL = """subscriber { id email firstName lastName subscriberId organization { id } customMetadata { name value }
    appMetadata version deletedAt }"""


@pytest.fixture
async def acme(store: Store) -> str:
    """An organization that alone claims acme.com; two others share shared.com, one claims gmail.com."""
    found = await done(store, "createOrganization", name="Acme", associatedDomains=["acme.com"], externalId="acme")
    for name, domains in (("A", ["shared.com"]), ("B", ["shared.com", "gmail.com"])):
        await done(store, "createOrganization", name=name, associatedDomains=domains)
    return str(found["id"])


async def test_created_with_an_email_alone_it_has_every_default(store: Store) -> None:
    found = await done(store, "createSubscriber", ALL, email=" Carol@Nowhere.com ")
    assert found == {
        "id": found["id"],
        "email": "Carol@Nowhere.com",
        "firstName": None,
        "lastName": None,
        "subscriberId": found["id"],
        "organization": {"id": UNCLASSIFIED_ID},
        "customMetadata": [],
        "appMetadata": {},
        "version": 1,
        "deletedAt": None,
    }


async def test_created_with_everything_it_has_everything_and_null_clears_it(store: Store, acme: str) -> None:
    given: dict[str, Any] = {"firstName": "c" * 256, "lastName": " L ", "subscriberId": " 1473847563 "}
    given |= {"customMetadata": [{"name": "$x", "value": None}], "organization": {"externalId": "acme"}}
    app = [{"app": "salesforce", "data": {"accountId": "0015e"}}]
    found = await done(store, "createSubscriber", ALL, email="carol@gmail.com", appMetadata=app, **given)
    assert (found["firstName"], found["lastName"], found["subscriberId"]) == ("c" * 256, "L", "1473847563")
    assert (found["customMetadata"], found["organization"]) == (given["customMetadata"], {"id": acme})
    by = {"subscriberId": "1473847563"}
    assert await done(store, "updateSubscriber", ALL, by=by, **given) == found
    cleared = await done(store, "updateSubscriber", ALL, by=by, **dict.fromkeys(given))
    empty = {"firstName": None, "lastName": None, "subscriberId": found["id"], "customMetadata": [], "version": 2}
    assert cleared == found | empty | {"organization": {"id": UNCLASSIFIED_ID}}
    assert await refused(store, "updateSubscriber", by={"id": found["id"]}, email=None, firstName="") == [
        ("email", "REQUIRED"),
        ("firstName", "REQUIRED"),
    ]
    assert await done(store, "updateSubscriber", ALL, by={"email": "CAROL@gmail.com"}) == cleared


async def test_everything_that_is_wrong_is_told_at_once(store: Store) -> None:
    await done(store, "createSubscriber", email="carol@x.com", subscriberId="1")
    before = await everything(store)
    given: dict[str, Any] = {"email": "no", "firstName": "x" * 257, "lastName": "a\0", "subscriberId": "1"}
    given |= {"organization": {"name": "nobody"}, "customMetadata": [{"name": "", "value": 1}]}
    assert await refused(store, "createSubscriber", **given) == [
        ("email", "INVALID_EMAIL"),
        ("firstName", "TOO_LONG"),
        ("lastName", "INVALID_TEXT"),
        ("customMetadata.0", "INVALID_METADATA"),
        ("organization.name", "NOT_FOUND"),
        ("subscriberId", "TAKEN"),
    ]
    assert await everything(store) == before


async def test_they_are_listed_by_the_domains_of_their_addresses(store: Store) -> None:
    for email in ("zoe@Bücher.de", "ann@acme.com", "bob@eu.acme.com"):
        await done(store, "createSubscriber", email=email)
    query = "query Q($of: StringFilter) { subscribers(filter: {emailDomain: $of}) { nodes { email emailDomain } } }"
    found = await data(store, query, of={"in": ["BÜCHER.de", "Acme.COM"]})
    assert found["subscribers"]["nodes"] == [
        {"email": "ann@acme.com", "emailDomain": "acme.com"},
        {"email": "zoe@Bücher.de", "emailDomain": "xn--bcher-kva.de"},
    ]
    changed = await done(store, "updateSubscriber", by={"email": "ann@acme.com"}, email="ann@acme.org")
    assert (await stored(store, changed["id"]))["emailDomain"] == "acme.org"


async def test_those_of_before_it_was_stored_get_their_domain_when_the_program_starts(store: Store) -> None:
    made = await done(store, "createSubscriber", email="ann@acme.com")
    before = await stored(store, made["id"])
    await store["subscribers"].update_one({"_id": made["id"]}, {"$unset": {"emailDomain": 1}})
    await fill_subscribers(store)
    assert await stored(store, made["id"]) == before


ONE = ("Zoë@Bücher.de", "zoe\u0308@BÜCHER.DE", "ＺＯË@bücher.de", "zoë@xn--bcher-kva.de", "ZOË@ｂücher.de")


@pytest.mark.parametrize("other", ONE[1:])
async def test_addresses_in_another_case_or_form_are_one(store: Store, other: str) -> None:
    found = await done(store, "createSubscriber", email=ONE[0])
    assert found["email"] == ONE[0]
    assert await refused(store, "createSubscriber", email=other) == [("email", "TAKEN")]
    assert (await done(store, "updateSubscriber", by={"email": other}, firstName="Z"))["id"] == found["id"]
    shown = await done(store, "updateSubscriber", by={"id": found["id"]}, email=other)
    assert (shown["email"], shown["version"]) == (other, 3)


@pytest.mark.parametrize(
    ("email", "finds"),
    [
        ("carol@acme.com", True),
        ("carol@ACME.COM", True),
        ("carol@ａｃｍｅ.com", True),
        ("carol@evilacme.com", False),
        ("carol@eu.acme.com", False),
        ("carol@acme.com.evil.com", False),
        ("carol@acme.co", False),
        ("carol@аcme.com", False),  # the first letter is Cyrillic
        ("carol@shared.com", False),
        ("carol@gmail.com", False),
    ],
)
async def test_it_goes_to_the_one_that_alone_claims_its_domain(
    store: Store, acme: str, email: str, finds: bool
) -> None:
    found = await done(store, "createSubscriber", ALL, email=email)
    assert found["organization"]["id"] == (acme if finds else UNCLASSIFIED_ID)


async def test_an_explicit_organization_wins_and_a_deleted_one_claims_nothing(store: Store, acme: str) -> None:
    said = await done(store, "createSubscriber", ALL, email="carol@acme.com", organization={"name": "A"})
    assert said["organization"]["id"] not in (acme, UNCLASSIFIED_ID)
    by = {"id": said["id"]}
    assert (await done(store, "updateSubscriber", ALL, by=by, firstName="C"))["organization"] == said["organization"]
    assert (await done(store, "updateSubscriber", ALL, by=by, organization=None))["organization"]["id"] == acme
    await done(store, "updateSubscriber", by=by, organization={"id": UNCLASSIFIED_ID})
    await done(store, "deleteOrganization", by={"id": acme})
    assert (await done(store, "updateSubscriber", ALL, by=by, organization=None))["organization"]["id"] == (
        UNCLASSIFIED_ID
    )
    assert await refused(store, "createSubscriber", email="x@x.com", organization={"id": acme}) == [
        ("organization.id", "DELETED")
    ]
    assert await refused(store, "createSubscriber", email="x@x.com", organization={"id": "crd_1"}) == [
        ("organization.id", "INVALID_ID")
    ]


async def test_a_deleted_one_gives_up_its_keys_and_comes_back_unless_they_were_taken(store: Store) -> None:
    found = await done(store, "createSubscriber", email="carol@x.com", subscriberId="1")
    node = {"id": found["id"]}
    assert await refused(store, "deleteSubscriber", by=node, expectedVersion=2) == [
        ("expectedVersion", "STALE_VERSION")
    ]
    await done(store, "deleteSubscriber", by=node)
    for by in ({"email": "carol@x.com"}, {"subscriberId": "1"}):
        [(path, code)] = await refused(store, "updateSubscriber", by=by)
        assert (path, code) == (f"by.{next(iter(by))}", "NOT_FOUND")
    other = await done(store, "createSubscriber", email="CAROL@x.com", subscriberId="1")
    assert await refused(store, "restoreSubscriber", **node) == [("id", "TAKEN"), ("id", "TAKEN")]
    await done(store, "deleteSubscriber", by={"id": other["id"]})
    assert (await done(store, "restoreSubscriber", **node))["version"] == 3
    assert (await data(store, '{ subscriber(by: {email: "carol@X.com"}) { id } }'))["subscriber"] == node


async def test_its_credentials_go_with_it_but_for_those_that_were_elsewhere(store: Store, acme: str) -> None:
    there = await done(store, "createOrganization", name="There", parent={"id": acme})
    carol = await done(store, "createSubscriber", email="carol@acme.com")
    by, own = {"id": carol["id"]}, {"subscriber": {"id": carol["id"]}}
    ids = {}
    for key, more in (("own", {}), ("elsewhere", {"organization": {"name": "A"}}), ("gone", {})):
        ids[key] = (await done(store, "createCredential", name=key, credentialId=key, **own, **more))["id"]
    await done(store, "deleteCredential", by={"id": ids["gone"]})
    elsewhere, gone = [await stored(store, ids[each]) for each in ("elsewhere", "gone")]
    moved = await done(store, "updateSubscriber", ALL, by=by, organization={"id": there["id"]})
    assert moved["organization"] == {"id": there["id"]}
    own_one = await stored(store, ids["own"])
    assert (own_one["organizationId"], own_one["version"]) == (there["id"], 2)
    assert [await stored(store, ids[each]) for each in ("elsewhere", "gone")] == [elsewhere, gone]
    assert await refused(store, "deleteSubscriber", by=by) == [("by", "IN_USE")]


async def test_a_subscription_has_to_cover_its_credentials_where_it_goes(store: Store, acme: str) -> None:
    below = await done(store, "createOrganization", name="Below", parent={"id": acme})
    carol = await done(store, "createSubscriber", email="carol@acme.com")
    plan = await done(store, "createPlan", key="p", name="P", currency="USD", charging="FREE")
    given = {"organization": {"id": acme}, "plan": {"id": plan["id"]}, "externalId": "gold"}
    await done(store, "createSubscription", **given)
    named = {"subscriber": {"id": carol["id"]}, "subscription": {"externalId": "gold"}}
    for n in range(2):
        await done(store, "createCredential", name=f"n{n}", credentialId=f"k{n}", **named)
    by = {"id": carol["id"]}
    assert (
        await refused(store, "updateSubscriber", by=by, organization={"name": "A"})
        == [("organization", "SUBSCRIPTION_ELSEWHERE")] * 2
    )
    assert (await done(store, "updateSubscriber", by=by, organization={"id": below["id"]}))["version"] == 2


async def test_it_is_a_person_or_a_service_account(store: Store) -> None:
    shown = "subscriber { kind }"
    assert await done(store, "createSubscriber", shown, email="carol@x.com") == {"kind": "PERSON"}
    robot = {"email": "robot@x.com", "kind": "SERVICE_ACCOUNT"}
    assert await done(store, "createSubscriber", shown, **robot) == {"kind": "SERVICE_ACCOUNT"}
    found = await data(store, "{ subscribers(filter: {kind: {equals: SERVICE_ACCOUNT}}) { nodes { email } } }")
    assert found["subscribers"]["nodes"] == [{"email": "robot@x.com"}]
    assert await done(store, "updateSubscriber", shown, by={"email": "robot@x.com"}, kind=None) == {"kind": "PERSON"}
