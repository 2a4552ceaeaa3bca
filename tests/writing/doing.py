"""Doing things through the API, and looking at what they came to."""

from __future__ import annotations

import re
from typing import Any

from app.graph.record import stored_records
from app.mongo.client import Doc, Store
from tests.asking import Answer, ask

METADATA = "customMetadata { name value } appMetadata"
SHOWN = {
    "organization": "id name version externalId deletedAt parent { id }",
    "subscriber": "id email subscriberId version deletedAt organization { id name }",
    "credential": "id name credentialId version deletedAt keys { value status validTo } organization { id }",
    "usageAttribute": "id key version organization { id }",
    "plan": "id key version currency unitPrices { quantity price { amount currency } } features { key }",
    "feature": "id key version",
    "subscription": "id externalId status activeFrom activeTo version",
    "billingProfile": "id name isDefault version",
}
WARNING = {"createOrganization", "updateOrganization"}


async def send(store: Store, mutation: str, given: Any, shown: str | None = None, /, **how: Any) -> Answer:
    """The whole answer of a mutation with that input, top-level errors included; `how`: viewer, now."""
    name = re.sub("^(create|update|upsert|delete|restore|move|rotate|revoke)", "", mutation)
    field = name[0].lower() + name[1:]
    selected = shown if shown is not None else f"{field} {{ {SHOWN[field]} }}"
    kind = mutation[0].upper() + mutation[1:]
    payload = f"{{ {selected} userErrors {{ code field message }} }}"
    query = f"mutation M($input: {kind}Input!) {{ {mutation}(input: $input) {payload} }}"
    return await ask(store, query, input=given, **how)


async def do(store: Store, mutation: str, shown: str | None = None, /, **given: Any) -> dict[str, Any]:
    """The payload of a mutation with that input, its errors with it. Fails on a top-level error."""
    answer = await send(store, mutation, given, shown)
    assert not answer.messages, answer.messages
    found: dict[str, Any] = answer.data[mutation]
    return found


async def done(store: Store, mutation: str, shown: str | None = None, /, **given: Any) -> Any:
    """What a mutation made or changed. Fails where it was refused."""
    payload = await do(store, mutation, shown, **given)
    assert payload["userErrors"] == []
    rest = [value for name, value in payload.items() if name != "userErrors"]
    return rest[0] if len(rest) == 1 else payload


async def refused(store: Store, mutation: str, shown: str | None = None, /, **given: Any) -> list[tuple[str, str]]:
    """(path, code) of everything that a mutation was refused for, in order."""
    payload = await do(store, mutation, shown, **given)
    assert payload["userErrors"], "it was not refused"
    assert [each for name, each in payload.items() if name != "userErrors" and each] == []
    return [(".".join(each["field"]), each["code"]) for each in payload["userErrors"]]


async def stored(store: Store, record_id: str) -> Doc:
    """The document behind an id."""
    [collection] = [r.collection for r in stored_records().values() if r.prefix == record_id.partition("_")[0]]
    found = await store[collection].find_one({"_id": record_id})
    assert found is not None
    return found


async def everything(store: Store) -> dict[str, list[Doc]]:
    """Every document of the database, by collection."""
    names = await store.list_collection_names(filter={"name": {"$not": {"$regex": r"^system\."}}})
    return {name: await store[name].find(sort=[("_id", 1)]).to_list() for name in sorted(names)}


WHOLE: dict[str, dict[str, Any]] = {
    "Organization": {"name": "Acme", "externalId": "acme"},
    "Subscriber": {"email": "c@x.com", "organization": {"externalId": "acme"}},
    "UsageAttribute": {"kind": "SUBJECT", "key": "dept", "organization": {"externalId": "acme"}},
    "Feature": {"key": "sso", "name": "SSO"},
    "Plan": {"key": "gold", "name": "Gold", "currency": "USD", "charging": "FREE", "features": [{"key": "sso"}]},
    "Subscription": {"externalId": "sub_gold", "organization": {"externalId": "acme"}, "plan": {"key": "gold"}},
    "Credential": {"name": "Key", "credentialId": "k", "subscriber": {"email": "c@x.com"}},
    "BillingProfile": {"name": "Net 10"},
}
"""What makes one record of every kind, in an order in which each finds what it refers to."""


async def made_of_each(store: Store) -> dict[str, str]:
    """One record of every kind; their ids."""
    ids = {}
    for kind, given in WHOLE.items():
        field = kind[0].lower() + kind[1:]
        ids[kind] = (await done(store, f"create{kind}", f"{field} {{ id }}", **given))["id"]
    return ids
