"""An event is of its own time: keys mean what they meant then, whoever has them now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.mongo.client import Store
from tests.asking import Data
from tests.commands import Commands
from tests.records import NOW
from tests.writing.doing import send

QUERY = """query ($event: JSON!) { attribution(event: $event) { rule conflicts { code } organization { name deletedAt }
  subscriber { email } } }"""
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def month(number: int) -> datetime:
    """Midnight of the first day of a month."""
    return JANUARY.replace(month=number)


async def does(store: Store, at: datetime, mutation: str, shown: str | None = None, /, **given: Any) -> None:
    """A mutation at an instant; it is not refused."""
    answer = await send(store, mutation, given, shown, now=at)
    assert not answer.messages, answer.messages
    assert answer.data[mutation]["userErrors"] == []


async def name_at(data: Data, store: Store, at: datetime, **said: Any) -> tuple[str, str]:
    """The rule and the organization of an event of that instant, which comes in today."""
    event = {"source": "s", "id": "1", "time": at.isoformat(), "usageMetadata": said}
    [found] = (await data(store, QUERY, event=event, now=NOW))["attribution"]
    return found["rule"], found["organization"]["name"]


async def test_a_key_that_changed_hands_means_who_had_it_at_the_time(store: Store, data: Data) -> None:
    await does(store, month(2), "createOrganization", name="First", externalId="crm-1")
    await does(store, month(3), "updateOrganization", by={"externalId": "crm-1"}, externalId="crm-9")
    await does(store, month(5), "createOrganization", name="Second", externalId="crm-1")
    for at, expected in (
        (month(1), ("ORGANIZATION", "First")),  # before anybody had it, whoever had it first
        (month(2) + timedelta(days=3), ("ORGANIZATION", "First")),
        (month(3), ("UNCLASSIFIED", "UNCLASSIFIED")),
        (month(4), ("UNCLASSIFIED", "UNCLASSIFIED")),
        (month(5), ("ORGANIZATION", "Second")),
        (month(6), ("ORGANIZATION", "Second")),
    ):
        assert await name_at(data, store, at, organization_id="crm-1") == expected, at
    assert await name_at(data, store, month(1), organization_id="crm-9") == ("ORGANIZATION", "First")


async def test_a_late_event_finds_what_was_deleted_since(store: Store, data: Data) -> None:
    await does(store, month(2), "createOrganization", name="Gone", externalId="gone")
    await does(store, month(2), "createSubscriber", email="ann@gone.com", organization={"externalId": "gone"})
    await does(store, month(4), "deleteSubscriber", by={"email": "ann@gone.com"})
    await does(store, month(4), "deleteOrganization", by={"externalId": "gone"})
    assert await name_at(data, store, month(3), organization_id="gone") == ("ORGANIZATION", "Gone")
    assert await name_at(data, store, month(3), subscriber={"email": "ann@gone.com"}) == ("SUBSCRIBER", "Gone")
    assert await name_at(data, store, month(5), organization_id="gone") == ("UNCLASSIFIED", "UNCLASSIFIED")
    await does(store, month(6), "createSubscriber", email="ann@gone.com")
    assert (await name_at(data, store, month(3), subscriber={"email": "ann@gone.com"}))[1] == "Gone"


async def test_what_was_merged_since_is_the_survivors(store: Store, data: Data) -> None:
    for name in ("Target", "Source"):
        await does(store, month(2), "createOrganization", name=name, externalId=name.lower())
    await does(store, month(3), "updateOrganization", by={"externalId": "source"}, externalId="source-2")
    target, sources = {"externalId": "target"}, [{"externalId": "source-2"}]
    await does(store, month(4), "mergeOrganizations", "organization { id }", target=target, sources=sources)
    for key, at in (("source", month(2)), ("source-2", month(3)), ("source-2", month(5)), ("target", month(5))):
        assert await name_at(data, store, at, organization_id=key) == ("ORGANIZATION", "Target"), key


async def test_an_address_that_changed_is_of_the_same_person(store: Store, data: Data) -> None:
    await does(store, month(2), "createOrganization", name="Acme", externalId="acme")
    await does(store, month(2), "createSubscriber", email="ann@old.com", organization={"externalId": "acme"})
    await does(store, month(3), "updateSubscriber", by={"email": "ann@old.com"}, email="ann@new.com")
    event = {
        "source": "s",
        "id": "1",
        "time": month(2).isoformat(),
        "usageMetadata": {"subscriberEmail": "ann@old.com"},
    }
    [found] = (await data(store, QUERY, event=event))["attribution"]
    assert (found["rule"], found["subscriber"]) == ("SUBSCRIBER", {"email": "ann@new.com"})


async def test_a_key_with_a_long_past_costs_no_more_commands(store: Store, data: Data, commands: Commands) -> None:
    async def reads() -> int:
        with commands.counting() as counted:
            await name_at(data, store, month(3), organization_id="crm-1")
        return counted.reads

    await does(store, month(1), "createOrganization", name="Acme", externalId="crm-1")
    before = await reads()
    for day in range(1, 12):
        at = month(2) + timedelta(days=day)
        await does(store, at, "updateOrganization", by={"externalId": "crm-1"}, externalId="crm-2")
        await does(store, at + timedelta(hours=1), "updateOrganization", by={"externalId": "crm-2"}, externalId="crm-1")
    assert await reads() == before


async def owners(store: Store, collection: str) -> list[tuple[str | None, ...]]:
    """The former owners of the one record of a collection: the organization's name, and the month in which it ended."""
    [doc] = await store[collection].find({}).to_list()
    names = {each["_id"]: each["name"] async for each in store["organizations"].find({})}
    return [(names.get(each["organizationId"]), f"{each['until']:%m}") for each in doc.get("formerOwners", ())]


KEY = {"name": "K", "credentialId": "hak-1", "subscriber": {"email": "ann@x.com"}}
BY_KEY = {"subscriber": {"credential": {"value": "hak-1"}}}


async def test_usage_is_of_whom_a_key_belonged_to_at_the_time(store: Store, data: Data) -> None:
    for name in ("A", "B", "C"):
        await does(store, month(1), "createOrganization", name=name, externalId=name)
    await does(store, month(1), "createSubscriber", email="ann@x.com", organization={"externalId": "A"})
    await does(store, month(1), "createCredential", **KEY)
    await does(store, month(3), "updateSubscriber", by={"email": "ann@x.com"}, organization={"externalId": "B"})
    merged = {"target": {"externalId": "C"}, "sources": [{"externalId": "B"}]}
    await does(store, month(5), "mergeOrganizations", "organization { id }", **merged)
    assert await owners(store, "subscribers") == await owners(store, "credentials") == [("A", "03"), ("B", "05")]
    for said, rule in ((BY_KEY, "CREDENTIAL"), ({"subscriberEmail": "ann@x.com"}, "SUBSCRIBER")):
        for at, expected in ((month(2), "A"), (month(3), "C"), (month(4), "C"), (month(6), "C")):
            assert await name_at(data, store, at, **said) == (rule, expected), at


async def test_who_is_recognised_belonged_there_before(store: Store, data: Data) -> None:
    """UNCLASSIFIED is no owner: that nobody was known is not kept."""
    await does(store, month(1), "createSubscriber", email="ann@x.com")
    await does(store, month(1), "createCredential", **KEY)
    given = {"name": "Acme", "associatedDomains": ["x.com"], "moveWaitingSubscribers": True}
    await does(store, month(3), "createOrganization", "organization { id }", **given)
    assert await owners(store, "subscribers") == await owners(store, "credentials") == []
    assert await name_at(data, store, month(2), subscriberEmail="ann@x.com") == ("SUBSCRIBER", "Acme")
    assert await name_at(data, store, month(2), **BY_KEY) == ("CREDENTIAL", "Acme")


async def test_a_subscription_is_that_of_the_time(store: Store, data: Data) -> None:
    await does(store, month(1), "createOrganization", name="A", externalId="A")
    await does(store, month(1), "createPlan", key="gold", name="Gold", currency="USD", charging="FREE")
    for name in ("s1", "s2"):
        more = {"organization": {"externalId": "A"}, "plan": {"key": "gold"}}
        await does(store, month(1), "createSubscription", externalId=name, **more)
    await does(store, month(1), "createSubscriber", email="ann@x.com", organization={"externalId": "A"})
    await does(store, month(1), "createCredential", **KEY)
    by = {"by": {"credentialId": "hak-1"}}
    await does(store, month(2), "updateCredential", **by, subscription={"externalId": "s1"})
    await does(store, month(4), "updateCredential", **by, subscription={"externalId": "s2"})
    await does(store, month(5), "updateCredential", **by, name="K2")
    shown = QUERY.replace("rule", "rule subscription { externalId }")
    for at, expected in ((month(1), "s1"), (month(3), "s1"), (month(4), "s2"), (month(6), "s2")):
        event = {"source": "s", "id": "1", "time": at.isoformat(), "usageMetadata": BY_KEY}
        [found] = (await data(store, shown, event=event))["attribution"]
        assert found["subscription"] == {"externalId": expected}, at
    told = await data(store, "{ credentials { nodes { formerOwners { organizationId subscriptionId until } } } }")
    [former] = told["credentials"]["nodes"][0]["formerOwners"]
    assert former["until"] == "2026-04-01T00:00:00.000Z"
