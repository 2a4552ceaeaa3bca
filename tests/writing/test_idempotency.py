"""Idempotency keys: a retry returns the first result and changes nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.access.viewer import Everything, Scope, Viewer
from app.mongo.client import Store
from app.writing.idempotency import COLLECTION, KEPT_SECONDS
from tests.asking import data
from tests.records import NOW
from tests.writing.doing import done, everything, refused, send, stored

ALL = """organization { id name version createdAt updatedAt aliases customMetadata { name value }
    payerTerms { validFrom } billing { city } parent { name } } warnings { code field message }"""
GIVEN: dict[str, Any] = {
    "name": "Acme",
    "externalId": "acme",
    "aliases": ["a", "b"],
    "associatedDomains": ["gmail.com"],
    "billing": {"city": "Berlin"},
    "customMetadata": [{"name": "$x", "value": 1.5}],
    "idempotencyKey": "key-1",
}


async def test_a_retry_returns_the_first_result_and_changes_nothing(store: Store) -> None:
    later = NOW + timedelta(hours=1, microseconds=1)
    first = await send(store, "createOrganization", GIVEN, ALL, now=NOW + timedelta(microseconds=123456))
    assert (first.codes, first.data["createOrganization"]["userErrors"]) == ({}, [])
    before = await everything(store)
    again = await send(store, "createOrganization", dict(reversed(GIVEN.items())), ALL, now=later)
    assert again.data == first.data
    assert await everything(store) == before
    assert len(before["auditEntries"]) == len(before[COLLECTION]) == 1


async def test_a_retry_shows_the_first_result_whatever_happened_since(store: Store) -> None:
    first = await send(store, "createOrganization", GIVEN, ALL)
    by = {"externalId": "acme"}
    change = {"by": by, "name": "B", "expectedVersion": 1, "idempotencyKey": "key-1"}
    renamed = await send(store, "updateOrganization", change, ALL)
    assert renamed.data["updateOrganization"]["organization"]["name"] == "B"
    await done(store, "updateOrganization", by=by, name="C", billing=None)
    again = await send(store, "updateOrganization", change, ALL)
    assert again.data == renamed.data
    delete = {"by": by, "idempotencyKey": "d"}
    deleted = await done(store, "deleteOrganization", **delete)
    before = await everything(store)
    assert await done(store, "deleteOrganization", **delete) == deleted
    assert (await send(store, "createOrganization", GIVEN, ALL)).data == first.data
    assert await everything(store) == before


@pytest.mark.parametrize(
    "other",
    [
        {"name": "B"},
        {"aliases": ["b", "a"]},
        {"kind": "COMPANY"},
        {"description": None},
        {"customMetadata": [{"name": "$x", "value": True}]},
        {"billing": {"city": "Berlin", "zip": None}},
    ],
)
async def test_the_same_key_with_another_input_is_refused(store: Store, other: Any) -> None:
    await done(store, "createOrganization", **GIVEN)
    before = await everything(store)
    assert await refused(store, "createOrganization", **GIVEN | other) == [("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")]
    assert await everything(store) == before


async def test_a_key_is_one_callers_for_one_mutation(store: Store) -> None:
    other = Viewer(id="other", scopes=frozenset(Scope), reach=Everything())
    given = {"name": "x", "idempotencyKey": "k"}
    ids = set()
    for viewer in (None, other, None, other):
        answer = await send(store, "createOrganization", given, **({"viewer": viewer} if viewer else {}))
        ids.add(answer.data["createOrganization"]["organization"]["id"])
    made = await done(store, "createBillingProfile", name="x", idempotencyKey="k")
    assert len(ids) == 2
    assert made["id"].startswith("bpr_")


async def test_a_refusal_is_not_recorded(store: Store) -> None:
    there = await done(store, "createOrganization", name="There", externalId="acme")
    assert await refused(store, "createOrganization", **GIVEN) == [("externalId", "TAKEN")]
    assert (await everything(store))[COLLECTION] == []
    await done(store, "deleteOrganization", by={"id": there["id"]})
    assert (await done(store, "createOrganization", **GIVEN))["name"] == "Acme"


@pytest.mark.parametrize(("key", "code"), [("", "REQUIRED"), (" \t", "REQUIRED"), ("k" * 256, "TOO_LONG")])
async def test_a_key_has_1_to_255_characters(store: Store, key: str, code: str) -> None:
    assert await refused(store, "createOrganization", name="x", idempotencyKey=key) == [("idempotencyKey", code)]
    for number, good in enumerate(("k" * 255, "名", "$where", "a.b", "\0", "\ud800", '","')):
        given = {"name": f"x{number}", "idempotencyKey": good}
        first = await done(store, "createOrganization", **given)
        assert await done(store, "createOrganization", **given) == first
    for none in ({}, {"idempotencyKey": None}):
        assert (await done(store, "createOrganization", name="x", **none))["name"] == "x"


async def test_many_at_once_with_one_key_are_one(store: Store) -> None:
    answers = await asyncio.gather(*(done(store, "createOrganization", **GIVEN) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    found = await data(store, "{ organizations { totalCount } auditLog { totalCount } }")
    assert found == {"organizations": {"totalCount": 2}, "auditLog": {"totalCount": 1}}


async def test_a_secret_is_told_apart_and_not_kept(store: Store) -> None:
    await done(store, "createSubscriber", email="c@x.com")
    given = {"name": "x", "credentialId": "k", "subscriber": {"email": "c@x.com"}, "idempotencyKey": "k"}
    first = await done(store, "createCredential", **given, externalSecret="canary-1")
    assert await done(store, "createCredential", **given, externalSecret="canary-1") == first
    for other in ({"externalSecret": "canary-2"}, {}):
        assert await refused(store, "createCredential", **given, **other) == [
            ("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")
        ]
    [row] = (await everything(store))[COLLECTION]
    [key] = (await stored(store, first["id"]))["keys"]
    assert "canary" not in str(row)
    assert key["externalSecret"]["sealed"] not in str(row).encode()
    assert "sealed" not in str(row)


async def test_keys_are_kept_for_seven_days(store: Store) -> None:
    assert timedelta(days=7).total_seconds() == KEPT_SECONDS
    indexes = await store[COLLECTION].index_information()
    [index] = [each for each in indexes.values() if "expireAfterSeconds" in each]
    assert (index["key"], index["expireAfterSeconds"]) == ([("createdAt", 1)], KEPT_SECONDS)
