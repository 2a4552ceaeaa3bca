"""Doing things through the API, and looking at what they came to."""

from __future__ import annotations

import re
from typing import Any

from app.mongo.client import Store
from tests.asking import ask

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


async def do(store: Store, mutation: str, shown: str | None = None, /, **given: Any) -> dict[str, Any]:
    """The payload of a mutation with that input, its errors with it. Fails on a top-level error."""
    name = re.sub("^(create|update|delete|restore|move|rotate|revoke)", "", mutation)
    field = name[0].lower() + name[1:]
    selected = shown if shown is not None else f"{field} {{ {SHOWN[field]} }}"
    kind = mutation[0].upper() + mutation[1:]
    payload = f"{{ {selected} userErrors {{ code field message }} }}"
    query = f"mutation M($input: {kind}Input!) {{ {mutation}(input: $input) {payload} }}"
    answer = await ask(store, query, input=given)
    assert not answer.messages, answer.messages
    found: dict[str, Any] = answer.data[mutation]
    return found


async def done(store: Store, mutation: str, shown: str | None = None, /, **given: Any) -> Any:
    """What a mutation made or changed. Fails where it was refused."""
    payload = await do(store, mutation, shown, **given)
    assert payload["userErrors"] == []
    rest = [value for name, value in payload.items() if name != "userErrors"]
    return rest[0] if len(rest) == 1 else payload


async def refused(store: Store, mutation: str, /, **given: Any) -> list[tuple[str, str]]:
    """(path, code) of everything that a mutation was refused for, in order."""
    payload = await do(store, mutation, **given)
    assert payload["userErrors"], "it was not refused"
    assert [each for name, each in payload.items() if name != "userErrors" and each] == []
    return [(".".join(each["field"]), each["code"]) for each in payload["userErrors"]]
