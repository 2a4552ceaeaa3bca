"""A whole customer in one call: all of it or nothing, found or made, and the same again."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from tests.asking import data
from tests.commands import Commands
from tests.records import organization, plan, save, subscriber, subscription
from tests.writing.doing import do, done

SHOWN = """organization { id name externalId } subscribers { id email organization { externalId } }
subscriptions { id externalId status } credentials { id credentialId subscriber { email } subscription { externalId } }
created moved warnings { code field }"""

WHOLE: dict[str, Any] = {
    "organization": {"name": "Acme", "externalId": "acme", "associatedDomains": ["acme.com"]},
    "subscribers": [{"email": "ann@acme.com"}, {"email": "bob@acme.com", "subscriberId": "b0b"}],
    "subscriptions": [{"externalId": "sub_gold", "plan": {"key": "gold"}}],
    "credentials": [
        {
            "credentialId": "key-1",
            "name": "Production",
            "subscriber": {"email": "ANN@acme.com"},
            "subscription": {"externalId": "sub_gold"},
            "externalSecret": "s3cret",
            "tags": ["prod"],
        }
    ],
}


@pytest.fixture(autouse=True)
async def gold(store: Store) -> None:
    """What can be subscribed to."""
    await save(store, plan("gold"), plan("euro", currency="EUR"))


async def counts(store: Store) -> dict[str, int]:
    """How much there is."""
    names = ("organizations", "subscribers", "subscriptions", "credentials", "keys", "auditEntries")
    return {name: await store[name].count_documents({}) for name in names}


async def wrong(store: Store, **given: Any) -> dict[str, str]:
    """Path → code of what is wrong with an onboarding; nothing is stored."""
    before = await counts(store)
    payload = await do(store, "onboardCustomer", SHOWN, **given)
    assert await counts(store) == before
    assert payload["organization"] is None
    return {".".join(each["field"]): each["code"] for each in payload["userErrors"]}


async def test_everything_is_made_at_once(store: Store) -> None:
    payload = await done(store, "onboardCustomer", SHOWN, **WHOLE)
    assert payload["organization"]["externalId"] == "acme"
    assert [each["organization"]["externalId"] for each in payload["subscribers"]] == ["acme", "acme"]
    assert payload["credentials"][0]["subscriber"] == {"email": "ann@acme.com"}
    assert payload["credentials"][0]["subscription"] == {"externalId": "sub_gold"}
    assert len(payload["created"]) == 5
    assert await store["auditEntries"].count_documents({"operation": "onboardCustomer"}) == 5


async def test_the_same_call_again_finds_it_all(store: Store) -> None:
    first = await done(store, "onboardCustomer", SHOWN, **WHOLE)
    before = await counts(store)
    again = await done(store, "onboardCustomer", SHOWN, **WHOLE)
    assert await counts(store) == before
    not_compared = {"code": "EXISTS_DIFFERENT", "field": ["credentials", "0", "externalSecret"]}
    assert (again["created"], again.pop("warnings"), first.pop("warnings")) == ([], [not_compared], [])
    assert again | {"created": first["created"]} == first


async def test_an_existing_customer_gets_what_is_new(store: Store) -> None:
    await done(store, "onboardCustomer", SHOWN, **WHOLE)
    more = {"email": "carl@acme.com"}
    key = {"credentialId": "key-2", "name": "Carl's", "subscriber": {"email": "carl@acme.com"}}
    payload = await done(store, "onboardCustomer", SHOWN, existing={"externalId": "acme"}, subscribers=[more],
                         credentials=[key])  # fmt: skip
    assert len(payload["created"]) == 2


async def test_what_is_there_is_left_as_it_is_and_said(store: Store) -> None:
    await done(store, "onboardCustomer", SHOWN, **WHOLE)
    other = {"organization": {"name": "Acme Inc.", "externalId": "acme"}, "subscribers": [{"email": "ann@acme.com",
             "firstName": "Ann"}]}  # fmt: skip
    payload = await done(store, "onboardCustomer", SHOWN, **other)
    assert payload["organization"]["name"] == "Acme"
    assert payload["warnings"] == [
        {"code": "EXISTS_DIFFERENT", "field": ["organization", "name"]},
        {"code": "EXISTS_DIFFERENT", "field": ["subscribers", "0", "firstName"]},
    ]


async def test_other_references_than_those_that_are_there_are_said_too(store: Store) -> None:
    await save(store, plan("free", charging="FREE"))
    await done(store, "onboardCustomer", SHOWN, **WHOLE)
    key = {**WHOLE["credentials"][0], "subscriber": {"email": "bob@acme.com"}}
    again = {"subscriptions": [{"externalId": "sub_gold", "plan": {"key": "free"}}], "credentials": [key]}
    payload = await done(store, "onboardCustomer", SHOWN, **{**WHOLE, **again})
    assert [(each["code"], ".".join(each["field"])) for each in payload["warnings"]] == [
        ("EXISTS_DIFFERENT", "subscriptions.0.plan"),
        ("EXISTS_DIFFERENT", "credentials.0.externalSecret"),
        ("EXISTS_DIFFERENT", "credentials.0.subscriber"),
    ]


async def test_every_problem_of_every_part_is_told_at_once(store: Store) -> None:
    other = organization("other")
    await save(store, other, subscriber("taken", other, email="taken@acme.com"))
    assert await wrong(
        store,
        organization={"name": " ", "timezone": "Mars/Base"},
        subscribers=[{"email": each} for each in ("no address", "taken@acme.com", "x@acme.com", "X@acme.com")],
        subscriptions=[{"externalId": "s", "plan": {"key": "euro"}}, {"externalId": "t", "plan": {"key": "none"}}],
        credentials=[{"credentialId": "k", "name": "K", "subscriber": {"email": "nobody@acme.com"}}],
    ) == {
        "organization.name": "REQUIRED",
        "organization.timezone": "INVALID_TIMEZONE",
        "subscribers.0.email": "INVALID_EMAIL",
        "subscribers.1.email": "ELSEWHERE",
        "subscribers.3.email": "DUPLICATE",
        "subscriptions.0.plan": "CURRENCY_MISMATCH",
        "subscriptions.1.plan.key": "NOT_FOUND",
        "credentials.0.subscriber.email": "NOT_FOUND",
    }  # fmt: skip


async def test_an_unknown_customer_hides_no_other_problem(store: Store) -> None:
    assert await wrong(
        store,
        existing={"externalId": "none"},
        subscribers=[{"email": "no address"}],
        usageAttributes=[{"kind": "SUBJECT", "key": " "}],
        subscriptions=[{"plan": {"key": "none"}}],
        credentials=[{"credentialId": "k", "name": "K", "subscriber": {"email": "nobody@acme.com"}}],
    ) == {
        "existing.externalId": "NOT_FOUND",
        "subscribers.0.email": "INVALID_EMAIL",
        "usageAttributes.0.key": "REQUIRED",
        "subscriptions.0.plan.key": "NOT_FOUND",
        "credentials.0.subscriber.email": "NOT_FOUND",
    }


async def test_a_record_that_cannot_move_hides_no_other_problem(store: Store) -> None:
    other = organization("other", externalId="other")
    await save(store, other, subscription("elsewhere", other, plan("silver")))
    await done(store, "createSubscriber", email="ann@acme.com")
    await done(store, "createCredential", credentialId="k", name="K", subscriber={"email": "ann@acme.com"})
    key = {"credentialId": "k", "name": "K", "subscriber": {"email": "ann@acme.com"}}
    assert await wrong(
        store,
        organization={"name": "Acme"},
        credentials=[
            {**key, "subscription": {"externalId": "elsewhere"}},
            {"credentialId": "l", "name": "L", "subscriber": {"email": "nobody@acme.com"}},
        ],
    ) == {
        "credentials.0.subscription": "SUBSCRIPTION_ELSEWHERE",
        "credentials.1.subscriber.email": "NOT_FOUND",
    }


async def test_messages_name_records_as_people_do(store: Store) -> None:
    other = organization("other", externalId="other")
    await save(store, other, subscriber("taken", other, email="taken@acme.com"))
    payload = await do(
        store, "onboardCustomer", SHOWN, organization={"name": "New"}, subscribers=[{"email": "taken@acme.com"}]
    )
    [error] = payload["userErrors"]
    assert error["message"].startswith("It is the subscriber 'taken@acme.com' of the organization 'other'.")


async def test_a_deleted_customer_is_named_too(store: Store) -> None:
    gone = await done(store, "createOrganization", name="Gone", externalId="gone")
    await done(store, "deleteOrganization", by={"id": gone["id"]})
    payload = await do(store, "onboardCustomer", SHOWN, existing={"id": gone["id"]})
    [error] = payload["userErrors"]
    assert error["message"] == "The organization 'Gone' (gone) was deleted. Restore it first, or name another."


ATTRIBUTES = [{"kind": "SUBJECT", "key": "department1"}, {"kind": "CONSUMER", "key": "department2", "displayName": "D"}]


async def test_usage_attributes_come_with_a_customer_that_is_made_or_found(store: Store) -> None:
    shown = "organization { id } usageAttributes { id kind key displayName organization { name } } created"
    made = await done(store, "onboardCustomer", shown, **WHOLE, usageAttributes=ATTRIBUTES[:1])
    assert [(each["key"], each["organization"]["name"]) for each in made["usageAttributes"]] == [
        ("department1", "Acme")
    ]
    found = await done(store, "onboardCustomer", shown, **WHOLE, usageAttributes=ATTRIBUTES)
    assert found["created"] == [found["usageAttributes"][1]["id"]]
    other = {"organization": {"name": "Other", "externalId": "other"}}
    assert await wrong(store, **other, usageAttributes=ATTRIBUTES[:1]) == {"usageAttributes.0.key": "ELSEWHERE"}


async def test_one_of_two_ways_to_say_whose(store: Store) -> None:
    assert await wrong(store, subscribers=[]) == {"organization": "REQUIRED"}
    both = {"organization": {"name": "A"}, "existing": {"externalId": "a"}}
    assert await wrong(store, **both) == {"organization": "REQUIRED"}
    assert await wrong(store, existing={"externalId": "a"}) == {"existing.externalId": "NOT_FOUND"}
    assert await wrong(store, organization={"name": "A"}, subscribers=[{"email": "a@a.com"}] * 101) == {
        "subscribers": "TOO_MANY"
    }


async def test_who_was_unclassified_comes_home(store: Store) -> None:
    lost = await done(store, "createSubscriber", email="ann@acme.com")
    assert lost["organization"]["name"] == "UNCLASSIFIED"
    key = {"credentialId": "key-1", "name": "Seen", "subscriber": {"email": "ann@acme.com"}}
    await done(store, "createCredential", **key)
    payload = await done(store, "onboardCustomer", SHOWN, **WHOLE)
    assert payload["subscribers"][0]["id"] == lost["id"]
    assert payload["moved"] == [lost["id"], payload["credentials"][0]["id"]]
    assert payload["credentials"][0]["subscription"] == {"externalId": "sub_gold"}
    found = await data(store, '{ credential(by: {credentialId: "key-1"}) { organization { externalId } } }')
    assert found["credential"]["organization"] == {"externalId": "acme"}


async def test_four_calls_come_to_the_same_graph(store: Store) -> None:
    """As `docs/onboarding.md` has them."""
    await done(store, "onboardCustomer", SHOWN, **WHOLE)
    query = """{ organization(by: {externalId: "%s"}) { name associatedDomains
        subscribers { nodes { firstName credentials { nodes { name tags subscription { plan { key } status } } } } }
        subscriptions { nodes { plan { key } credentials { totalCount } } } } }"""
    at_once = await data(store, query % "acme")
    own: dict[str, Any] = {"organization": {"externalId": "acme2"}}
    await done(store, "createOrganization", **{**WHOLE["organization"], "externalId": "acme2"})
    for each in ("1", "2"):
        await done(store, "createSubscriber", email=f"a{each}@acme.org", **own)
    await done(store, "createSubscription", externalId="sub_2", plan={"key": "gold"}, **own)
    await done(store, "createCredential", credentialId="key-2", name="Production", tags=["prod"],
               subscriber={"email": "a1@acme.org"}, subscription={"externalId": "sub_2"})  # fmt: skip
    assert await data(store, query % "acme2") == at_once


async def test_a_large_call_takes_as_few_commands_as_a_small_one(store: Store, commands: Commands) -> None:
    async def count(name: str, size: int) -> int:
        people = [{"email": f"{name}{n}@acme.com"} for n in range(size)]
        keys = [{"credentialId": f"{name}{n}", "name": "K", "subscriber": people[n]} for n in range(size)]
        with commands.counting() as counted:
            await done(store, "onboardCustomer", "created", organization={"name": name, "externalId": name},
                       subscribers=people, credentials=keys)  # fmt: skip
        return len(counted.seen)

    assert await count("many", 50) == await count("few", 1)
