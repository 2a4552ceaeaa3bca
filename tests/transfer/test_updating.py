"""`import --update`: rows change the records that are there, by the rules of the mutations, and say what changed."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Doc, Store
from app.transfer.csv_header import UnreadableFile
from app.transfer.outcome import Outcome
from tests.commands import Commands
from tests.transfer.running import Files, codes, results
from tests.writing.doing import do, done, everything

ACME: dict[str, Any] = {
    "external_id": "acme",
    "name": "Acme",
    "description": "d",
    "city": "Bern",
    "country": "CH",
    "aliases": ["a1"],
    "custom_metadata": {"tier": "gold"},
    "app_metadata": {"stripe": {"customerId": "cus_1"}},
}


async def updated(files: Files, kind: str, *rows: dict[str, Any], **more: Any) -> list[Outcome]:
    """What becomes of rows that update."""
    return await files.rows(kind, *rows, updates=True, **more)


async def one(files: Files, kind: str, /, **row: Any) -> tuple[str, Doc]:
    """The result of one row that updates, and its changes: field → value afterwards."""
    [outcome] = await updated(files, kind, row)
    assert outcome.problems == ()
    return outcome.result.value, {each["field"]: each["after"] for each in outcome.changes}


async def test_what_differs_is_changed_and_what_is_left_out_is_left_alone(files: Files, store: Store) -> None:
    made = await files.made("organizations", **ACME)
    before = await everything(store)
    assert await one(files, "organizations", **ACME) == ("UNCHANGED", {})
    assert await one(files, "organizations", external_id="acme") == ("UNCHANGED", {})
    assert await everything(store) == before, "nothing is written"
    assert await one(files, "organizations", external_id="acme", name="Acme Inc") == (
        "CHANGED",
        {"name": "Acme Inc", "formerNames": ["Acme"]},
    )
    assert await one(files, "organizations", external_id="acme", city="Basel") == (
        "CHANGED",
        {"billing": {**made["billing"], "city": "Basel"}},
    )
    found = await store["organizations"].find_one({"_id": made["_id"]})
    assert found is not None
    assert (found["version"], found["description"], found["aliases"]) == (3, "d", ["a1"])
    assert found["formerNames"] == ["Acme"]
    entry = await store["auditEntries"].find_one({"recordId": made["_id"], "recordVersion": 3})
    assert entry is not None
    assert entry["operation"] == "import organizations"


async def test_an_empty_cell_clears_and_documents_of_other_apps_stay(files: Files, store: Store) -> None:
    made = await files.made("organizations", **ACME)
    cleared = {"description": None, "city": None, "country": "", "custom_metadata": None}
    assert (await one(files, "organizations", external_id="acme", **cleared))[0] == "CHANGED"
    crm = {"app_metadata": {"crm": {"id": 1}}}
    assert (await one(files, "organizations", external_id="acme", **crm))[0] == "CHANGED"
    assert (await one(files, "organizations", external_id="acme", **crm))[0] == "UNCHANGED"
    found = await store["organizations"].find_one({"_id": made["_id"]})
    assert found is not None
    assert (found["description"], found["billing"], found["customMetadata"]) == (None, None, [])
    assert [each["app"] for each in found["appMetadata"]] == ["stripe", "crm"]


async def test_new_rows_are_created_and_need_what_new_records_need(files: Files) -> None:
    await files.made("organizations", **ACME)
    outcomes = await updated(
        files, "organizations", {"external_id": "acme", "name": "A"}, {"external_id": "new", "name": "New"},
        {"external_id": "nameless"},
    )  # fmt: skip
    assert results(outcomes) == {"CHANGED": 1, "CREATED": 1, "REFUSED": 1}
    assert codes(outcomes[2]) == {("REQUIRED", "name")}


async def test_another_parent_moves_and_what_is_refused_moves_nothing(files: Files, store: Store) -> None:
    rows = [{"external_id": each, "name": each} for each in ("top", "other", "mid", "low")]
    rows[2]["parent_external_id"], rows[3]["parent_external_id"] = "top", "mid"
    await updated(files, "organizations", *rows)
    before = await everything(store)
    wrong = {"external_id": "mid", "parent_external_id": "other", "aliases": ["top"]}
    [outcome, cycle] = await updated(files, "organizations", wrong, {"external_id": "top", "parent_external_id": "low"})
    assert codes(outcome) == {("TAKEN", "aliases")}
    assert codes(cycle) == {("CYCLE", "parent_external_id")}
    assert {**await everything(store), "locks": []} == {**before, "locks": []}
    moved = {"external_id": "mid", "parent_external_id": "other"}
    assert (await one(files, "organizations", **moved))[0] == "CHANGED"
    low = await store["organizations"].find_one({"externalId": "low"})
    mid = await store["organizations"].find_one({"externalId": "mid"})
    other = await store["organizations"].find_one({"externalId": "other"})
    assert low
    assert mid
    assert other
    assert low["ancestorIds"] == [other["_id"], mid["_id"]]
    assert (await one(files, "organizations", external_id="mid", parent_external_id=None))[0] == "CHANGED"


async def test_a_dry_run_says_what_would_change(files: Files, store: Store) -> None:
    await files.made("organizations", **ACME)
    before = await everything(store)
    [outcome] = await updated(files, "organizations", {"external_id": "acme", "name": "New"}, dry_run=True)
    assert outcome.result.value == "CHANGED"
    assert outcome.changes == (
        {"field": "name", "before": "Acme", "after": "New"},
        {"field": "formerNames", "before": [], "after": ["Acme"]},
    )
    assert await everything(store) == before


async def test_subscribers_and_credentials_are_updated_too(files: Files, store: Store) -> None:
    await files.made("organizations", external_id="acme", name="Acme")
    await files.made("organizations", external_id="bolt", name="Bolt")
    await files.made("subscribers", email="c@x.com", organization_external_id="acme")
    key = {"credential_id": "k", "name": "K", "subscriber_email": "c@x.com", "external_secret": "hush"}
    await files.made("credentials", **key)
    assert await one(files, "subscribers", email="C@x.com", first_name="Carol") == ("CHANGED", {"firstName": "Carol"})
    assert (await one(files, "credentials", **key))[0] == "UNCHANGED"
    assert await one(files, "credentials", credential_id="k", tags=["prod"]) == ("CHANGED", {"tags": ["prod"]})
    result, changes = await one(files, "credentials", credential_id="k", external_secret="other")  # noqa: S106
    assert result == "CHANGED"
    assert "other" not in str(changes)
    moved = await one(files, "subscribers", email="c@x.com", organization_external_id="bolt")
    assert moved[0] == "CHANGED"
    credential = await store["credentials"].find_one({"credentialId": "k"})
    bolt = await store["organizations"].find_one({"externalId": "bolt"})
    assert credential
    assert bolt
    assert credential["organizationId"] == bolt["_id"], "its credentials go with it"


async def test_a_mutation_updates_rows_as_well(store: Store) -> None:
    await done(store, "createOrganization", name="Acme", externalId="acme")
    rows = [{"externalId": "acme", "name": "Acme Inc"}, {"externalId": "new", "name": "New"}]
    shown = "created changed unchanged rows { result changes { field before after } }"
    refused = await do(store, "importOrganizations", shown, rows=rows)
    assert [each["code"] for each in refused["userErrors"]] == ["EXISTS_DIFFERENT"]
    found = await done(store, "importOrganizations", shown, rows=rows, update=True)
    assert (found["created"], found["changed"], found["unchanged"]) == (1, 1, 0)
    assert found["rows"][0]["changes"][0] == {"field": "name", "before": "Acme", "after": "Acme Inc"}


@pytest.mark.parametrize("size", [10, 300])
async def test_unchanged_rows_cost_a_few_commands_a_chunk(files: Files, commands: Commands, size: int) -> None:
    rows = [{"external_id": f"o{n}", "name": f"O{n}", "domain": None} for n in range(size)]
    for row in rows:
        del row["domain"]
    await files.rows("organizations", *rows)
    with commands.counting() as sent:
        assert results(await updated(files, "organizations", *rows)) == {"UNCHANGED": size}
    assert sent.reads <= 3
    assert {name for name, _ in sent.seen} <= {"find", "aggregate", "commitTransaction"}


async def test_a_file_that_updates_needs_no_column_but_the_key(files: Files, store: Store) -> None:
    made = await files.made("organizations", **ACME)
    path = files.csv("external_id,description", "acme,Other", "new,X")
    for dry_run in (True, False):
        changed, refused = await files.run("organizations", path, updates=True, dry_run=dry_run)
        assert [each["field"] for each in changed.changes] == ["description"]
        assert codes(refused) == {("REQUIRED", "name")}
    found = await store["organizations"].find_one({"_id": made["_id"]})
    assert found is not None
    assert (found["name"], found["description"]) == ("Acme", "Other")
    with pytest.raises(UnreadableFile, match="Line 1 lacks required columns: external_id"):
        await files.run("organizations", files.csv("description", "Other"), updates=True)
    with pytest.raises(UnreadableFile, match="Line 1 lacks required columns: name"):
        await files.run("organizations", path)
