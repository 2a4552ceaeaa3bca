"""A customer that is onboarded while something breaks, and what is there of it afterwards: all or nothing, once."""

from __future__ import annotations

import itertools
from typing import Any

from app.mongo.client import Store
from tests.records import plan, save

NUMBERS = itertools.count()
WHOLE = {"organizations": 1, "subscribers": 2, "subscriptions": 1, "credentials": 1, "auditEntries": 5, "keys": 7}
NOTHING = dict.fromkeys(WHOLE, 0)
SHOWN = "organization { id createdAt } subscribers { id } subscriptions { id } credentials { id } created"
QUERY = f"""mutation M($input: OnboardCustomerInput!) {{
    onboardCustomer(input: $input) {{ {SHOWN} userErrors {{ code field message }} }} }}"""


async def gold(store: Store) -> None:
    """What the customers subscribe to."""
    await save(store, plan("gold"))


def customer(key: str | None = None) -> dict[str, Any]:
    """The input of `onboardCustomer` for a customer that nobody knows yet; `key` is its idempotency key.

    The organization has no external id: without the key, onboarding it again would make another.
    """
    name = f"c{next(NUMBERS)}"
    return {
        "organization": {"name": name},
        "subscribers": [{"email": f"{who}@{name}.example"} for who in ("ann", "bob")],
        "subscriptions": [{"externalId": f"sub-{name}", "plan": {"key": "gold"}}],
        "credentials": [
            {
                "credentialId": f"key-{name}",
                "name": "K",
                "subscriber": {"email": f"ann@{name}.example"},
                "subscription": {"externalId": f"sub-{name}"},
            }
        ],
        **({"idempotencyKey": key} if key else {}),
    }


async def left_of(store: Store, given: dict[str, Any]) -> dict[str, int]:
    """How much there is of a customer, in each collection, at one instant."""
    name = given["organization"]["name"]
    queries: dict[str, Any] = {
        "organizations": {"name": name},
        "subscribers": {"email": {"$in": [each["email"] for each in given["subscribers"]]}},
        "subscriptions": {"externalId": f"sub-{name}"},
        "credentials": {"credentialId": f"key-{name}"},
    }
    async with store.client.start_session(snapshot=True) as session:
        found = {
            collection: [doc["_id"] async for doc in store[collection].find(query, {"_id": 1}, session=session)]
            for collection, query in queries.items()
        }
        own = {"recordId": {"$in": [each for ids in found.values() for each in ids]}}
        for collection in ("auditEntries", "keys"):
            found[collection] = [doc["_id"] async for doc in store[collection].find(own, session=session)]
        orphans = await store["keys"].find({"key": {"$regex": f"{name}(\\.|$)"}}, session=session).to_list()
    assert {doc["recordId"] for doc in orphans} <= {each for ids in found.values() for each in ids}
    return {collection: len(ids) for collection, ids in found.items()}
