"""Usage attributes: a key has one owner, among external ids and aliases too."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from tests.asking import data
from tests.commands import Commands
from tests.writing.doing import done, everything, refused

ALL = """usageAttribute { id kind key displayName customMetadata { name value } organization { externalId } version
    deletedAt }"""
ACME = {"organization": {"externalId": "acme"}}


@pytest.fixture(autouse=True)
async def there(store: Store) -> None:
    """Two organizations."""
    for name in ("acme", "other"):
        await done(store, "createOrganization", name=name, externalId=name)


async def test_it_has_what_it_was_given_and_null_clears_it(store: Store) -> None:
    given: dict[str, Any] = {"displayName": "n" * 256, "customMetadata": [{"name": "n", "value": 1}]}
    found = await done(store, "createUsageAttribute", ALL, kind="SUBJECT", key=" dept ", **ACME, **given)
    assert found == found | given | ACME | {"kind": "SUBJECT", "key": "dept", "version": 1, "deletedAt": None}
    by = {"key": "dept"}
    assert await done(store, "updateUsageAttribute", ALL, by=by, **ACME, **given) == found
    moved = {"organization": {"externalId": "other"}, "kind": "APPLICATION"}
    assert await done(store, "updateUsageAttribute", ALL, by=by, **moved) == found | moved | {"version": 2}
    cleared = await done(store, "updateUsageAttribute", ALL, by=by, **dict.fromkeys(given))
    assert cleared == found | moved | {"displayName": None, "customMetadata": [], "version": 3}
    required = ("kind", "key", "organization")
    assert await refused(store, "updateUsageAttribute", by=by, **dict.fromkeys(required)) == [
        (name, "REQUIRED") for name in required
    ]


async def test_everything_that_is_wrong_is_told_at_once(store: Store) -> None:
    before = await everything(store)
    given = {"kind": "SUBJECT", "displayName": "n" * 257, "organization": {"externalId": "none"}}
    for key, code in (("", "REQUIRED"), ("k" * 257, "TOO_LONG"), ("org_unclassified", "RESERVED"), ("acme", "TAKEN")):
        wrong = [("key", code), ("displayName", "TOO_LONG"), ("organization.externalId", "NOT_FOUND")]
        told = wrong if code != "TAKEN" else [*wrong[1:], wrong[0]]
        assert await refused(store, "createUsageAttribute", key=key, **given) == told
    assert await everything(store) == before


async def test_a_key_is_freed_by_delete_and_taken_again_by_anything_of_a_customer(store: Store) -> None:
    given = {"kind": "CONSUMER", "key": "dept", **ACME}
    first = await done(store, "createUsageAttribute", **given)
    for kind, name in (("UsageAttribute", "key"), ("Organization", "externalId"), ("Organization", "aliases")):
        again = given if name == "key" else {"name": "x", name: ["dept"] if name == "aliases" else "dept"}
        assert await refused(store, f"create{kind}", **again) == [(name.replace("aliases", "aliases.0"), "TAKEN")]
        await done(store, "deleteUsageAttribute", by={"key": "dept"})
        assert await refused(store, "updateUsageAttribute", by={"key": "dept"}) == [("by.key", "NOT_FOUND")]
        assert await refused(store, "updateUsageAttribute", by={"id": first["id"]}) == [("by.id", "DELETED")]
        other = await done(store, f"create{kind}", **again)
        assert await refused(store, "restoreUsageAttribute", id=first["id"]) == [("id", "TAKEN")]
        await done(store, f"delete{kind}", by={"id": other["id"]})
        await done(store, "restoreUsageAttribute", id=first["id"])
    shown = await data(
        store, '{ usageAttribute(by: {key: "dept"}) { id } organization(by: {externalId: "acme"}) { id } }'
    )
    assert shown["usageAttribute"]["id"] == first["id"]


async def test_the_key_of_an_attribute_is_no_key_of_its_organization(store: Store) -> None:
    await done(store, "createUsageAttribute", kind="CONSUMER", key="dept", **ACME)
    assert await refused(store, "updateOrganization", by={"externalId": "dept"}) == [("by.externalId", "NOT_FOUND")]
    assert await refused(store, "updateUsageAttribute", by={"key": "acme"}) == [("by.key", "NOT_FOUND")]


async def test_they_are_given_with_the_organization_that_they_belong_to(store: Store, commands: Commands) -> None:
    attributes = [{"kind": "SUBJECT", "key": f"department{n}", "displayName": f"D{n}"} for n in range(10, 30)]
    shown = "organization { usageAttributes { nodes { kind key displayName } } }"
    one = {"usageAttributes": [{"kind": "SUBJECT", "key": "one"}]}
    with commands.counting() as counted:
        await done(store, "createOrganization", shown, name="Small", **one)
    few = [name for name, _ in counted.seen]
    with commands.counting() as counted:
        made = await done(store, "createOrganization", shown, name="Acme", usageAttributes=attributes)
    assert [name for name, _ in counted.seen] == few
    assert made["usageAttributes"]["nodes"] == attributes
    wrong = [{"kind": "SUBJECT", "key": "department10"}, {"kind": "SUBJECT", "key": " "}]
    assert await refused(store, "createOrganization", name=" ", usageAttributes=wrong) == [
        ("name", "REQUIRED"),
        ("usageAttributes.0.key", "TAKEN"),
        ("usageAttributes.1.key", "REQUIRED"),
    ]
    too_many = [{"kind": "SUBJECT", "key": f"k{n}"} for n in range(101)]
    assert await refused(store, "createOrganization", name="x", usageAttributes=too_many) == [
        ("usageAttributes", "TOO_MANY")
    ]
