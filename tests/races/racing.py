"""What races need: to begin together, to tell what each came to, and to look at what was left behind."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.mongo.client import Store
from tests.asking import Way
from tests.writing.doing import send

NAMES = itertools.count()
BELOW = ("subscribers", "credentials", "subscriptions", "usageAttributes")


class Racer(NamedTuple):
    """One client's view of the database, and the way in which its requests are answered."""

    store: Store
    way: Way


class Outcome(NamedTuple):
    """What a mutation came to: the payload, and the codes of its refusal."""

    payload: Any
    codes: tuple[str, ...]


class Call(NamedTuple):
    """A mutation to be sent: its name, its input, and what is selected of the payload."""

    mutation: str
    given: dict[str, Any]
    shown: str | None = None


def fresh(name: str = "r") -> str:
    """A name that no other round has."""
    return f"{name}{next(NAMES)}"


async def outcome(racer: Racer, call: Call) -> Outcome:
    """What a call came to. It fails where it was neither done nor refused: no race is answered with a fault.

    Now is now: what an idempotency key came to is forgotten after seven days.
    """
    answer = await send(racer.store, call.mutation, call.given, call.shown, way=racer.way, now=datetime.now(UTC))
    assert answer.messages == [], (call, answer.codes, answer.messages)
    payload = answer.data[call.mutation]
    errors = payload.pop("userErrors")
    return Outcome(payload, tuple(each["code"] for each in errors))


async def race(racers: Sequence[Racer], *calls: Call) -> list[Outcome]:
    """Send these all at once, in turn through each of the clients; their outcomes, in the order of the calls."""
    clients = itertools.cycle(racers)
    return await asyncio.gather(*(outcome(next(clients), call) for call in calls))


def codes(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """The codes of each refusal, sorted; an empty one for each that was done."""
    return sorted(each.codes for each in outcomes)


async def check_tree(store: Store) -> None:
    """No cycle, no live organization below one that is gone, and ancestors that are the chain of parents, everywhere.

    And nothing live belongs to an organization that was deleted or merged away.
    """
    everyone = {doc["_id"]: doc for doc in await store["organizations"].find().to_list()}
    live = {key: doc for key, doc in everyone.items() if doc.get("deletedAt") is None}
    for doc in live.values():
        chain: list[str] = []
        above = doc["parentId"]
        while above is not None:
            assert above in live, f"{doc['_id']} hangs below {above}, which is gone"
            assert above not in (*chain, doc["_id"]), f"a cycle: {doc['_id']} below {chain}"
            chain.insert(0, above)
            above = live[above]["parentId"]
        assert doc["ancestorIds"] == chain, doc["_id"]
        assert doc["payerId"] in (doc["_id"], *chain), f"{doc['_id']} is paid by {doc['payerId']}"
    for name in BELOW:
        for doc in await store[name].find({"deletedAt": None}).to_list():
            assert doc["organizationId"] in live, f"{doc['_id']} belongs to {doc['organizationId']}, which is gone"
    for doc in await store["credentials"].find({"deletedAt": None, "subscriptionId": {"$ne": None}}).to_list():
        subscription = await store["subscriptions"].find_one({"_id": doc["subscriptionId"]})
        own = live[doc["organizationId"]]
        assert subscription is not None
        assert subscription["organizationId"] in (own["_id"], *own["ancestorIds"]), doc["_id"]


async def check_keys(store: Store) -> None:
    """Every key of a live record finds that record, and every row of keys leads to a record."""
    rows = {(row["namespace"], row["key"]): row["recordId"] for row in await store["keys"].find().to_list()}
    for doc in await store["subscribers"].find({"deletedAt": None}).to_list():
        assert rows["email", doc["emailKey"]] == doc["_id"]
        assert rows["subscriberId", doc["subscriberId"]] == doc["_id"]
    for doc in await store["credentials"].find({"deletedAt": None}).to_list():
        for key in doc["keys"]:
            assert rows["credentialKey", key["value"]] == doc["_id"], key["value"]
    for doc in await store["organizations"].find({"deletedAt": None}).to_list():
        for key in (doc["_id"], *([doc["externalId"]] if doc.get("externalId") else []), *doc.get("aliases", ())):
            assert rows["customer", key] == doc["_id"], key
