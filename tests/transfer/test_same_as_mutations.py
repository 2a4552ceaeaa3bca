"""What an import stores is what the mutation that makes one record would: the same document, the same keys."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Doc, Store
from tests.transfer.running import Files, codes
from tests.writing.doing import done

METADATA = {"a.b": 1, "名": None}
APPS = {"stripe": {"customerId": "cus_1"}, "ours": {"x": [1]}}
OWN = {"_id", "createdAt", "updatedAt", "version", "guard", "recordId"}
"""What no two records have in common."""

ENTRIES = [{"name": name, "value": value} for name, value in METADATA.items()]
DOCUMENTS = [{"app": app, "data": data} for app, data in APPS.items()]
GIVEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "organizations": (
        {
            "external_id": "acme", "name": "Acme", "parent_external_id": "top", "aliases": ["b"], "kind": "individual",
            "associated_domains": ["Acme.com"], "website": "https://acme.com", "city": "Bonn",
            "billing_email": "b@x.com", "primary_email": "P@x.com", "custom_metadata": METADATA, "app_metadata": APPS,
        },
        {
            "externalId": "acme", "name": "Acme", "parent": {"externalId": "top"}, "aliases": ["b"],
            "kind": "INDIVIDUAL", "associatedDomains": ["Acme.com"], "storefrontUrl": "https://acme.com",
            "billing": {"city": "Bonn", "email": "b@x.com"}, "primaryEmail": "P@x.com",
            "customMetadata": ENTRIES, "appMetadata": DOCUMENTS,
        },
    ),
    "subscribers": (
        {
            "email": "Carol@x.com", "first_name": "Carol", "subscriber_id": "7", "organization_external_id": "top",
            "custom_metadata": METADATA, "app_metadata": APPS,
        },
        {
            "email": "Carol@x.com", "firstName": "Carol", "subscriberId": "7", "organization": {"externalId": "top"},
            "customMetadata": ENTRIES, "appMetadata": DOCUMENTS,
        },
    ),
    "credentials": (
        {
            "credential_id": "k", "name": "K", "subscriber_email": "a@top.com", "tags": ["x", "y z"],
            "valid_from": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z",
            "custom_metadata": METADATA, "app_metadata": APPS,
        },
        {
            "credentialId": "k", "name": "K", "subscriber": {"email": "a@top.com"}, "tags": ["x", "y z"],
            "validFrom": "2026-01-01T00:00:00Z", "expiresAt": "2027-01-01T00:00:00Z",
            "customMetadata": ENTRIES, "appMetadata": DOCUMENTS,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", GIVEN)
async def test_an_import_stores_what_the_mutation_stores(files: Files, store: Store, kind: str) -> None:
    await files.made("organizations", external_id="top", name="Top", associated_domains=["top.com"])
    await files.made("subscribers", email="a@top.com")
    row, given = GIVEN[kind]
    imported = await files.made(kind, **row)
    keys = await store["keys"].find({"recordId": imported["_id"]}).to_list()
    await store["keys"].delete_many({"recordId": imported["_id"]})
    name = kind.removesuffix("s").capitalize()
    made = await done(store, f"create{name}", **given)
    stored = await store[kind].find_one({"_id": made["id"]})
    assert stored is not None
    assert plain(imported) == plain(stored)
    claimed = await store["keys"].find({"recordId": made["id"]}).to_list()
    assert sorted(map(str, map(plain, keys))) == sorted(map(str, map(plain, claimed)))


def plain(doc: Doc) -> Doc:
    """A document without what is its own; its own id, where it names itself, as "itself"."""
    own = doc.get("recordId") or doc["_id"]
    return {name: "itself" if value == own else value for name, value in doc.items() if name not in OWN}


async def test_nothing_stands_below_unclassified(files: Files) -> None:
    outcome = await files.one("organizations", external_id="x", name="X", parent_external_id="org_unclassified")
    assert codes(outcome) == {("UNCLASSIFIED_FIXED", "parent_external_id")}


async def test_an_app_id_belongs_to_one_record_of_any_kind(files: Files) -> None:
    await files.made("organizations", external_id="x", name="X", app_metadata=APPS)
    outcome = await files.one("subscribers", email="a@x.com", app_metadata=APPS)
    assert codes(outcome) == {("TAKEN", "app_metadata")}
