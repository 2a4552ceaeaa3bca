"""What a write costs: a few commands, however much there is."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from tests.commands import Commands
from tests.records import credential, organization, save, subscriber, usage_attribute
from tests.writing.doing import METADATA, WHOLE, done, made_of_each

PAYLOADS = {
    "Organization": "organization { id name }",
    "Subscriber": "subscriber { id email }",
    "Credential": f"credential {{ id name {METADATA} }}",
    "Subscription": "subscription { id }",
    "UsageAttribute": "usageAttribute { id }",
    "Plan": "plan { id }",
}
FULL: dict[str, Any] = {
    "Organization": {
        "name": "New",
        "externalId": "new",
        "aliases": ["n1", "n2"],
        "parent": {"externalId": "acme"},
        "payer": {"name": "Acme"},
        "billingProfile": {"name": "Net 10"},
        "appMetadata": [{"app": "stripe", "data": {"customerId": "cus_1"}}],
    },
    "Subscriber": {"email": "new@acme.com", "subscriberId": "new"},
    "Credential": {
        "name": "New",
        "credentialId": "new",
        "externalSecret": "x",
        "subscriber": {"email": "c@x.com"},
        "subscription": {"externalId": "sub_gold"},
    },
    "Subscription": WHOLE["Subscription"] | {"externalId": "new"},
    "UsageAttribute": WHOLE["UsageAttribute"] | {"key": "new"},
    "Plan": WHOLE["Plan"] | {"key": "new"},
}
CREATED = "auditEntries+ commitTransaction idempotencyKeys+ idempotencyKeys? keys+ keys? "
CREATING = {
    "Organization": "keys? billingProfiles= billingProfiles? organizations+ organizations= organizations? "
    "organizations?",
    "Subscriber": "organizations= organizations? subscribers+",
    "Credential": "keys? credentials+ organizations= organizations? subscribers= subscribers? subscriptions= "
    "subscriptions?",
    "Subscription": "keys? organizations= organizations? plans= plans? subscriptions+",
    "UsageAttribute": "keys? organizations= organizations? usageAttributes+",
    "Plan": "keys? features= features? plans+",
}
UPDATED = "auditEntries+ commitTransaction "
UPDATING = {
    "Organization": "organizations= organizations?",
    "Subscriber": "subscribers= subscribers?",
    "Credential": "credentials= credentials? organizations?",
    "Subscription": "organizations? plans? subscriptions= subscriptions?",
    "UsageAttribute": "usageAttributes= usageAttributes?",
    "Plan": "plans= plans?",
}


def told(sent: Commands) -> list[str]:
    """The commands in short, sorted: `keys?` reads, `keys+` inserts, `keys=` updates, `keys-` deletes."""
    signs = {"find": "?", "aggregate": "?", "insert": "+", "update": "=", "delete": "-"}
    seen = [f"{each[name]}{signs[name]}" if name in signs else name for name, each in sent.seen]
    return sorted(seen)


async def crowd(store: Store) -> None:
    """A hundred organizations below each other's neighbour, with people, keys and attributes."""
    top = organization("top")
    units = [organization(f"unit{n}", top, associatedDomains=["acme.com"]) for n in range(100)]
    people = [subscriber(f"s{n}", each) for n, each in enumerate(units)]
    keys = [credential(f"c{n}", each) for n, each in enumerate(people)]
    await save(store, top, *units, *people, *keys, *(usage_attribute(f"a{n}", each) for n, each in enumerate(units)))


@pytest.mark.parametrize("crowded", [False, True])
@pytest.mark.parametrize("kind", CREATING)
async def test_a_create_and_an_update_take_a_few_commands(
    store: Store, commands: Commands, kind: str, crowded: bool
) -> None:
    ids = await made_of_each(store)
    if crowded:
        await crowd(store)
    with commands.counting() as sent:
        await done(store, f"create{kind}", PAYLOADS[kind], **FULL[kind], idempotencyKey="k")
    assert told(sent) == sorted((CREATED + CREATING[kind]).split())
    given = {"customMetadata": [{"name": "a", "value": 1}]}
    with commands.counting() as sent:
        await done(store, f"update{kind}", PAYLOADS[kind], by={"id": ids[kind]}, **given)
    assert told(sent) == sorted((UPDATED + UPDATING[kind]).split())
