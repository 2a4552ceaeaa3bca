"""Upserts of one key at the same instant make one record, whichever comes first; what each says adds up."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from app.mongo.client import Store
from tests.races.racing import Call, Racer, check_keys, check_tree, codes, fresh, race
from tests.records import organization, save, subscriber

MANY = 30


@pytest.mark.parametrize(
    ("kind", "collection", "key"),
    [
        ("Organization", "organizations", "externalId"),
        ("Subscriber", "subscribers", "subscriberId"),
        ("Credential", "credentials", "credentialId"),
    ],
)
async def test_of_thirty_upserts_of_one_new_key_one_creates_and_the_others_find_it(
    store: Store, racers: list[Racer], rounds: int, kind: str, collection: str, key: str
) -> None:
    own, who = (made := organization("o")), subscriber("who", made)
    await save(store, own, who)
    for _ in range(rounds):
        value = fresh("key")
        rest: dict[str, dict[str, Any]] = {
            "Organization": {"name": value},
            "Subscriber": {"email": f"{value}@example.com"},
            "Credential": {"name": "K", "subscriber": {"id": who.id}},
        }
        call = Call(f"upsert{kind}", {key: value, **rest[kind]}, f"result {kind.lower()} {{ id version }}")
        outcomes = await race(racers, *[call] * MANY)
        assert codes(outcomes) == [()] * MANY
        assert Counter(each.payload["result"] for each in outcomes) == {"CREATED": 1, "UNCHANGED": MANY - 1}
        [shown] = {(each.payload[kind.lower()]["id"], each.payload[kind.lower()]["version"]) for each in outcomes}
        [stored] = await store[collection].find({key: value}).to_list()
        assert (stored["_id"], stored["version"]) == shown
        assert await store["auditEntries"].count_documents({"recordId": stored["_id"]}) == 1
    await check_keys(store)


async def test_upserts_of_one_key_that_differ_are_all_done_one_after_the_other(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    many = 10
    for _ in range(rounds):
        key = fresh("acme")
        given = [{"externalId": key, "name": "Acme", "description": f"{n}"} for n in range(many)]
        outcomes = await race(racers, *[Call("upsertOrganization", each, "result") for each in given])
        assert codes(outcomes) == [()] * many
        assert Counter(each.payload["result"] for each in outcomes) == {"CREATED": 1, "CHANGED": many - 1}
        [stored] = await store["organizations"].find({"externalId": key}).to_list()
        assert stored["version"] == many
        assert await store["auditEntries"].count_documents({"recordId": stored["_id"]}) == many
    await check_tree(store)
    await check_keys(store)


async def test_an_upsert_beside_a_delete_of_its_record_leaves_what_came_last(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    """Deletion releases keys: the upsert finds the record that is to be deleted, or creates another."""
    for _ in range(rounds):
        key = fresh("acme")
        given = {"externalId": key, "name": "Acme"}
        [made] = await race(racers, Call("upsertOrganization", given, "organization { id }"))
        first = made.payload["organization"]["id"]
        upserted, deleted = await race(
            racers,
            Call("upsertOrganization", {**given, "description": "d"}, "result organization { id }"),
            Call("deleteOrganization", {"by": {"id": first}}, "organization { id }"),
        )
        assert (upserted.codes, deleted.codes) == ((), ())
        live = await store["organizations"].find({"externalId": key, "deletedAt": None}).to_list()
        found = upserted.payload["organization"]["id"]
        assert [each["_id"] for each in live] == ([] if found == first else [found])
        assert upserted.payload["result"] == ("CHANGED" if found == first else "CREATED")
    await check_keys(store)
