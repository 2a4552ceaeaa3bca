"""The demo: what its README says is there, the documented example, and that loading it again changes nothing."""

from __future__ import annotations

import asyncio
import csv
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.demo import catalogue, load
from app.demo.load import load_demo
from app.entities.identifiers import UNCLASSIFIED_ID
from app.mongo.client import Doc, Store
from app.organizations.unclassified import ensure_defaults
from tests.commands import Commands

DATA = Path(load.__file__).parent / "data"
COLLECTIONS = {
    "billingProfiles": 1,
    "credentials": 6,
    "creditNotes": 0,
    "features": 3,
    "invoiceLines": 2_248,
    "invoices": 413,
    "organizations": 364,
    "payments": 399,
    "plans": 2,
    "subscribers": 64,
    "subscriptions": 2,
    "usageAttributes": 2,
}


@pytest.fixture
async def demo(store: Store) -> Store:
    """A database with the demo in it."""
    assert await load_demo(store)
    return store


async def one(store: Store, collection: str, **query: Any) -> Doc:
    """The document that answers."""
    found = await store[collection].find_one(query)
    assert found is not None
    return found


async def everything(store: Store) -> dict[str, list[Doc]]:
    """All documents that the demo makes; the claims but for UNCLASSIFIED's, and without the driver's ids."""
    found = {name: await store[name].find({}).sort("_id").to_list() for name in COLLECTIONS}
    shown = {"_id": 0}
    made = {"recordId": {"$ne": UNCLASSIFIED_ID}}
    found["keys"] = await store["keys"].find(made, shown).sort({"namespace": 1, "key": 1}).to_list()
    return found


async def test_it_holds_what_the_readme_says(demo: Store) -> None:
    assert {name: await demo[name].count_documents({}) for name in COLLECTIONS} == COLLECTIONS
    groups = await (await demo["invoices"].aggregate([{"$group": {"_id": "$status", "n": {"$sum": 1}}}])).to_list()
    assert {each["_id"]: each["n"] for each in groups} == {"PAID": 398, "OPEN": 13, "VOID": 1, "UNCOLLECTIBLE": 1}
    readme = (DATA / "README.md").read_text()
    assert (
        "398 invoices paid, 13 open (Finoptic's among them), one void and one uncollectible; and 399 payments" in readme
    )
    assert "300 organizations: seven whole trees, up to five levels deep" in readme


async def test_whole_trees_are_there(demo: Store) -> None:
    zurich = await one(demo, "organizations", externalId="05a28rw58")
    assert await demo["organizations"].count_documents({"parentId": zurich["_id"]}) == 102
    docs = await demo["organizations"].find({}, {"ancestorIds": 1, "parentId": 1}).to_list()
    assert max(len(doc["ancestorIds"]) for doc in docs) == 4
    with (DATA / "research_organizations.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row["external_id"] for row in rows}
    assert len(rows) == len(names) == 300
    assert all(row["parent_external_id"] in names for row in rows if row["parent_external_id"])


async def test_the_special_invoices_are_as_stated(demo: Store) -> None:
    found = {number: await one(demo, "invoices", number=f"INV-0{number}") for number in (392, 393, 394, 395)}
    assert [doc["status"] for doc in found.values()] == ["OPEN", "PAID", "VOID", "UNCOLLECTIBLE"]
    assert found[392]["amountDue"]["amount"] == Decimal("0.98")
    assert found[393]["excess"] == Decimal(5)
    first = await one(demo, "invoices", number="INV-0001")
    assert (first["issuedAt"], first["dueAt"]) == (datetime(2021, 1, 1, tzinfo=UTC), datetime(2021, 1, 31, tzinfo=UTC))
    assert first["billedTo"]["name"] == "Leonie Köhler"


async def test_the_documented_example_is_there(demo: Store) -> None:
    group, labs, research = [
        await one(demo, "organizations", externalId=f"finoptic-{name}") for name in ("group", "labs", "research")
    ]
    carol = await one(demo, "subscribers", email="carol@finoptic.com")
    key = await one(demo, "credentials", credentialId="hak-abc123456")
    assert (labs["name"], labs["parentId"], labs["payerId"]) == ("Finoptic Labs", group["_id"], group["_id"])
    assert research["ancestorIds"] == [group["_id"], labs["_id"]]
    assert (carol["subscriberId"], carol["organizationId"]) == ("1473847563", labs["_id"])
    assert (key["name"], key["subscriberId"]) == ("Engineering API Key", carol["_id"])
    subscription = await one(demo, "subscriptions", externalId="sub_gold_1234567890")
    assert (subscription["organizationId"], key["subscriptionId"]) == (labs["_id"], subscription["_id"])
    rotated = await one(demo, "credentials", credentialId="hak-mobile-2026")
    assert [(each["value"], each["status"]) for each in rotated["keys"]] == [
        ("hak-mobile-2025", "RETIRING"),
        ("hak-mobile-2026", "ACTIVE"),
    ]
    invoice = await one(demo, "invoices", number="FIN-2026-0001")
    lines = await demo["invoiceLines"].find({"invoiceId": invoice["_id"]}).to_list()
    assert invoice["organizationId"] == group["_id"]
    assert invoice["total"]["amount"] == Decimal("626.18")
    assert len(lines) == 8
    assert all(line["chargedElsewhere"] and line["credentialId"] and line["subscriberId"] for line in lines)


async def test_payers_and_rotations_are_written_as_callers_write_them(demo: Store) -> None:
    """With a version and an audit entry each, and with the term in which the customer paid for itself."""
    group, labs = [await one(demo, "organizations", externalId=f"finoptic-{name}") for name in ("group", "labs")]
    assert [each["payerId"] for each in labs["payerTerms"]] == [labs["_id"], group["_id"]]
    assert labs["version"] == 2
    entries = await demo["auditEntries"].find({"recordId": labs["_id"]}).sort("_id").to_list()
    assert [(each["action"], each["actor"]) for each in entries] == [("CREATED", "demo"), ("UPDATED", "demo")]
    assert {change["field"] for change in entries[-1]["changes"]} == {"payerId", "payerTerms"}
    rotated = await one(demo, "credentials", credentialId="hak-mobile-2026")
    actions = await demo["auditEntries"].distinct("action", {"recordId": rotated["_id"]})
    assert (rotated["version"], sorted(actions)) == (2, ["CREATED", "ROTATED"])


async def test_loading_it_again_is_one_read(demo: Store, commands: Commands) -> None:
    before = await everything(demo)
    with commands.counting() as counted:
        assert not await load_demo(demo)
    assert [name for name, _ in counted.seen] == ["find"]
    assert await everything(demo) == before


async def test_a_load_that_was_cut_short_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut(_store: Store, _now: datetime) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(catalogue, "finish", cut)
        with pytest.raises(KeyboardInterrupt):
            await load_demo(store)
    assert await load_demo(store)
    assert await store["invoices"].count_documents({}) == COLLECTIONS["invoices"]


async def test_several_that_load_it_at_once_all_succeed(store: Store) -> None:
    await asyncio.gather(*(load_demo(store) for _ in range(3)))
    assert {name: await store[name].count_documents({}) for name in COLLECTIONS} == COLLECTIONS
    rotated = await one(store, "credentials", credentialId="hak-mobile-2026")
    assert (rotated["version"], len(rotated["keys"])) == (2, 2)


async def test_one_that_is_overtaken_while_it_loads_succeeds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process finishes the demo, rotation of a key included, before the subscribers of this one."""
    go_on = catalogue.load

    async def overtake(store: Store, now: datetime) -> None:
        monkeypatch.setattr(catalogue, "load", go_on)
        assert await load_demo(store)
        await go_on(store, now)

    monkeypatch.setattr(catalogue, "load", overtake)
    assert await load_demo(store)
    assert {name: await store[name].count_documents({}) for name in COLLECTIONS} == COLLECTIONS


async def test_every_load_gives_the_same_records(demo: Store) -> None:
    before = await everything(demo)
    for name in await demo.list_collection_names(filter={"name": {"$not": {"$regex": r"^system\."}}}):
        await demo[name].delete_many({})
    await ensure_defaults(demo)
    await load_demo(demo)
    after = await everything(demo)
    always = {"org_unclassified", "bpr_default"}  # dated when the database was made
    for name in COLLECTIONS:
        assert [doc for doc in after[name] if doc["_id"] not in always] == [
            doc for doc in before[name] if doc["_id"] not in always
        ]
    assert after["keys"] == before["keys"]


def test_the_readme_names_source_and_licence_of_every_file() -> None:
    readme = (DATA / "README.md").read_text()
    for path in DATA.iterdir():
        pattern = "finoptic_*" if path.name.startswith("finoptic_") else path.name
        assert path.name == "README.md" or pattern in readme
    assert re.search("CC0 1.0", readme)
    assert re.search("Copyright .c. 2008-2017 Luis Rocha", readme)
