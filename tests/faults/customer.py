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
    """How much there is of a customer, in each collection."""
    name = given["organization"]["name"]
    own = [doc["_id"] async for doc in store["organizations"].find({"name": name})]
    mail = {"email": {"$in": [each["email"] for each in given["subscribers"]]}}
    found = {
        "organizations": own,
        "subscribers": [doc["_id"] async for doc in store["subscribers"].find(mail)],
        "subscriptions": [doc["_id"] async for doc in store["subscriptions"].find({"externalId": f"sub-{name}"})],
        "credentials": [doc["_id"] async for doc in store["credentials"].find({"credentialId": f"key-{name}"})],
    }
    ids = [each for rows in found.values() for each in rows]
    rows: dict[str, Any] = {"auditEntries": {"recordId": {"$in": ids}}, "keys": {"key": {"$regex": f"{name}(\\.|$)"}}}
    counts = {each: await store[each].count_documents(query) for each, query in rows.items()}
    counts["keys"] += await store["keys"].count_documents({"key": {"$in": ids}})
    return {each: len(found[each]) for each in found} | counts
