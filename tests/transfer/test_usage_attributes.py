"""Usage attributes from files: in the rows of their organizations, and in rows of their own."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from tests.races.racing import check_keys
from tests.transfer.running import Files, codes, results
from tests.writing.doing import done, everything

ACME: dict[str, Any] = {
    "external_id": "acme",
    "name": "Acme",
    "usage_subjects": ["west", "east"],
    "usage_consumers": ["gateway"],
    "usage_applications": ["app"],
}


async def attributes(store: Store) -> dict[str, tuple[str, str]]:
    """Key → (kind, external id of the organization) of the live ones."""
    names = {doc["_id"]: doc["externalId"] async for doc in store["organizations"].find({})}
    found = store["usageAttributes"].find({"deletedAt": None})
    return {doc["key"]: (doc["kind"], names[doc["organizationId"]]) async for doc in found}


async def test_they_are_made_with_their_organization(files: Files, store: Store) -> None:
    await files.made("organizations", **ACME)
    assert await attributes(store) == {
        "west": ("SUBJECT", "acme"),
        "east": ("SUBJECT", "acme"),
        "gateway": ("CONSUMER", "acme"),
        "app": ("APPLICATION", "acme"),
    }
    before = await everything(store)
    for updates in (False, True):
        assert results(await files.rows("organizations", ACME, updates=updates)) == {"UNCHANGED": 1}
    assert await everything(store) == before
    await check_keys(store)


async def test_a_csv_file_lists_them_by_spaces(files: Files, store: Store) -> None:
    [outcome] = await files.run("organizations", files.csv("external_id,name,usage_subjects", "acme,Acme,west east"))
    assert outcome.problems == ()
    assert set(await attributes(store)) == {"west", "east"}


async def test_an_update_adds_those_that_are_new_and_leaves_the_others(files: Files, store: Store) -> None:
    await files.made("organizations", **ACME)
    row = {"external_id": "acme", "usage_subjects": ["north", "west"]}
    [refused] = await files.rows("organizations", {**row, "name": "Acme"})
    assert codes(refused) == {("EXISTS_DIFFERENT", "usage_subjects")}
    [would] = await files.rows("organizations", row, updates=True, dry_run=True)
    assert "north" not in await attributes(store)
    [outcome] = await files.rows("organizations", row, updates=True)
    assert outcome.changes == would.changes
    assert outcome.changes == ({"field": "usage_subjects", "before": ["west"], "after": ["north", "west"]},)
    assert set(await attributes(store)) == {"north", "west", "east", "gateway", "app"}
    [emptied] = await files.rows("organizations", {"external_id": "acme", "usage_subjects": []}, updates=True)
    assert emptied.result.value == "UNCHANGED"
    [elsewhere] = await files.rows("organizations", {"external_id": "acme", "usage_consumers": ["west"]}, updates=True)
    assert codes(elsewhere) == {("TAKEN", "usage_consumers")}, "it is a subject"


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"usage_subjects": ["theirs"]}, {("TAKEN", "usage_subjects")}),
        ({"usage_subjects": ["acme"]}, {("TAKEN", "usage_subjects")}),
        ({"aliases": ["a1"], "usage_consumers": ["a1"]}, {("TAKEN", "usage_consumers")}),
        ({"usage_subjects": ["x"], "usage_consumers": ["x"]}, {("TAKEN", "usage_consumers")}),
        ({"usage_subjects": ["x" * 257], "kind": "nothing"}, {
            ("TOO_LONG", "usage_subjects"), ("INVALID_CHOICE", "kind"),
        }),
        ({"usage_subjects": ["theirs"], "parent_external_id": "no"}, {
            ("TAKEN", "usage_subjects"), ("UNKNOWN_PARENT", "parent_external_id"),
        }),
    ],
)  # fmt: skip
async def test_a_row_with_a_key_that_is_taken_leaves_nothing(
    files: Files, store: Store, more: dict[str, Any], wrong: set[tuple[str, str]]
) -> None:
    await files.made("organizations", external_id="other", name="Other", usage_subjects=["theirs"])
    before = await everything(store)
    rows = [{"external_id": "acme", "name": "Acme", **more}, {"external_id": "fine", "name": "Fine"}]
    refused, _ = await files.rows("organizations", *rows, dry_run=True)
    assert await everything(store) == before
    assert codes(refused) == wrong
    outcomes = await files.rows("organizations", *rows)
    assert codes(outcomes[0]) == wrong
    assert results(outcomes) == {"REFUSED": 1, "CREATED": 1}
    assert await store["organizations"].count_documents({"externalId": "acme"}) == 0
    assert set(await attributes(store)) == {"theirs"}
    await check_keys(store)


async def test_a_refused_update_adds_none(files: Files, store: Store) -> None:
    await files.rows("organizations", ACME, {"external_id": "other", "name": "Other", "usage_subjects": ["theirs"]})
    before = await everything(store)
    for more in ({"usage_subjects": ["new", "theirs"]}, {"usage_subjects": ["new"], "aliases": ["other"]}):
        [refused] = await files.rows("organizations", {"external_id": "acme", "name": "New", **more}, updates=True)
        assert refused.result.value == "REFUSED"
    assert await everything(store) == before


async def test_rows_of_their_own_say_all_of_them(files: Files, store: Store) -> None:
    await files.made("organizations", external_id="acme", name="Acme")
    row = {
        "key": "west",
        "kind": "subject",
        "organization_external_id": "acme",
        "display_name": "The west",
        "custom_metadata": {"floor": 2},
    }
    assert results(await files.rows("usage-attributes", row)) == {"CREATED": 1}
    found = await store["usageAttributes"].find_one({"key": "west"})
    assert found is not None
    assert (found["kind"], found["displayName"]) == ("SUBJECT", "The west")
    assert results(await files.rows("usage-attributes", row)) == {"UNCHANGED": 1}
    changed = {"key": "west", "display_name": "West"}
    assert results(await files.rows("usage-attributes", changed, updates=True)) == {"CHANGED": 1}
    [refused] = await files.rows("usage-attributes", {"key": "north", "kind": "SUBJECT"})
    assert codes(refused) == {("REQUIRED", "organization_external_id")}


async def test_they_are_rows_of_the_import_mutation_too(store: Store) -> None:
    row = {"externalId": "acme", "name": "Acme", "usageSubjects": ["west"]}
    shown = "created rows { result changes { field after } }"
    query = {"rows": [row]}
    payload = await done(store, "importOrganizations", shown, **query)
    assert payload["created"] == 1
    assert await attributes(store) == {"west": ("SUBJECT", "acme")}
    more = {"rows": [{"externalId": "acme", "usageSubjects": ["west", "east"]}], "update": True}
    payload = await done(store, "importOrganizations", shown, **more)
    [changed] = payload["rows"]
    assert changed == {"result": "CHANGED", "changes": [{"field": "usage_subjects", "after": ["west", "east"]}]}
