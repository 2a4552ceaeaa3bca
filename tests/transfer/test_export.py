"""Exports: what they write is what imports read, and says the same again."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.access.viewer import LOCAL_ADMIN
from app.main import prepare
from app.mongo.client import Client, Store, database
from app.schema import EXPORTERS, IMPORTERS
from app.transfer import exporting
from app.transfer.columns import flatten_columns
from app.transfer.exporting import ExportCounts, Exporter, export_records
from app.transfer.rows import Format, find_source
from app.transfer.runner import ImportRun
from tests.asking import CIPHER
from tests.demo_store import demo_store
from tests.transfer.running import NOW, Files, results, subscribed
from tests.writing.doing import done

ROOT = Path(__file__).parent.parent.parent
REAL = Path(__file__).parent.parent / "data" / "organizations.csv"


async def exported(store: Store, kind: str, written: Format = Format.NDJSON) -> tuple[bytes, ExportCounts]:
    """What an export writes, and what it says of it."""
    file = io.BytesIO()
    told = [each async for each in export_records(store, EXPORTERS[kind], written, file)]
    return file.getvalue(), told[-1]


async def written_rows(store: Store, kind: str) -> list[dict[str, Any]]:
    """What an export writes, as objects."""
    return [json.loads(line) for line in (await exported(store, kind))[0].splitlines()]


@pytest.fixture
async def empty(client: Client, worker_id: str) -> AsyncIterator[Store]:
    """Another database."""
    store = database(client, f"export_{worker_id}_{os.getpid()}")
    await prepare(store)
    yield store
    await client.drop_database(store.name)


async def imported(store: Store, kind: str, content: bytes, written: Format, folder: Path) -> dict[str, int]:
    """How many rows of a file came to what."""
    path = folder / f"{kind}.{written}"
    path.write_bytes(content)
    run = ImportRun(IMPORTERS[kind](), find_source(path), store, NOW, LOCAL_ADMIN)
    found = [each async for each in run.outcomes()]
    wrong = [each for each in found if each.problems]
    assert wrong == [], wrong[:3]
    return dict(results(found))


@pytest.mark.parametrize("written", [Format.CSV, Format.NDJSON])
async def test_the_demos_data_goes_round(
    client: Client, worker_id: str, empty: Store, tmp_path: Path, written: Format
) -> None:
    """The same database finds all of it UNCHANGED; an empty one, given the subscriptions, exports the same bytes."""
    async with demo_store(client, f"round_{worker_id}") as store:
        for kind in IMPORTERS:
            content, told = await exported(store, kind, written)
            assert told.records > 0
            assert (told.left_out, told.unrepresentable) == (0, 0) or written is Format.CSV
            if not told.unrepresentable:
                same = await imported(store, kind, content, written, tmp_path)
                assert same == {"UNCHANGED": told.records}
            made = await imported(empty, kind, content, written, tmp_path)
            assert made == {"CREATED": told.records}
            assert (await exported(empty, kind, written))[0] == content
            if kind == "organizations":
                await copy_subscriptions(store, empty)


async def copy_subscriptions(store: Store, empty: Store) -> None:
    """What imports do not make: the subscriptions, of the organizations that have the same external ids."""
    for doc in await store["subscriptions"].find({}).to_list():
        there = await store["organizations"].find_one({"_id": doc["organizationId"]})
        assert there is not None
        here = await empty["organizations"].find_one({"externalId": there["externalId"]})
        assert here is not None
        await subscribed(empty, here["_id"], doc["externalId"])


@pytest.mark.slow
@pytest.mark.parametrize("written", [Format.CSV, Format.NDJSON])
async def test_the_real_trees_go_round(store: Store, empty: Store, tmp_path: Path, written: Format) -> None:
    async for _ in ImportRun(IMPORTERS["organizations"](), find_source(REAL), store, NOW, LOCAL_ADMIN).outcomes():
        pass
    content, told = await exported(store, "organizations", written)
    assert (told.records, told.unrepresentable) == (23_617, 0)
    assert await imported(store, "organizations", content, written, tmp_path) == {"UNCHANGED": 23_617}
    assert await imported(empty, "organizations", content, written, tmp_path) == {"CREATED": 23_617}
    assert (await exported(empty, "organizations", written))[0] == content


WHOLE: dict[str, Any] = {
    "external_id": "acme", "name": 'Acme, "Inc."', "parent_external_id": "top", "kind": "BUSINESS_UNIT",
    "description": "Two\r\nlines, and\ra half", "currency": "EUR", "timezone": "Europe/Berlin",
    "aliases": ["crm-1", "b"],
    "associated_domains": ["acme.com"], "website": "https://acme.com/shop", "primary_email": "Info@acme.com",
    "address1": "Main Street 1", "address2": "Floor 2", "city": "Berlin", "state": "BE", "zip": "10115",
    "country": "DE", "phone": "+49 30 1", "billing_email": "bills@acme.com",
    "remittance_instructions": "Quote the number.",
    "custom_metadata": {"a.b": 1, "名": None, "share": 0.5},
    "app_metadata": {"stripe": {"customerId": "cus_1"}, "ours": {"$where": [1, {"x": 2}]}},
}  # fmt: skip


async def test_every_column_is_written(files: Files, store: Store) -> None:
    await files.rows("organizations", {"external_id": "top", "name": "Top"}, WHOLE)
    rows = await written_rows(store, "organizations")
    top = {"external_id": "top", "name": "Top", "kind": "COMPANY", "currency": "USD", "timezone": "UTC"}
    assert rows == [top, WHOLE]
    person: dict[str, Any] = {"email": "Carol@x.com", "first_name": "C", "last_name": "N", "subscriber_id": "7"}
    person["kind"] = "SERVICE_ACCOUNT"
    person |= {"organization_external_id": "acme", "custom_metadata": {"x": True}, "app_metadata": {"a": {"b": None}}}
    await files.made("subscribers", **person)
    assert await written_rows(store, "subscribers") == [person]
    await subscribed(store, (await files.store["organizations"].find_one({"externalId": "top"}) or {})["_id"], "gold")
    key = {
        "credential_id": "k", "name": "K", "subscriber_email": "Carol@x.com", "organization_external_id": "acme",
        "subscription_external_id": "gold", "tags": ["a", "b c"], "valid_from": "2026-01-01T00:00:00.000Z",
        "expires_at": "2027-01-01T00:00:00.125Z", "custom_metadata": {"x": 1}, "app_metadata": {"a": {}},
    }  # fmt: skip
    await files.made("credentials", **key)
    assert await written_rows(store, "credentials") == [key]
    for kind in ("organizations", "subscribers", "credentials"):
        inputs = {each.name for each in flatten_columns(IMPORTERS[kind]().columns) if each.is_exported}
        assert inputs - {name for row in await written_rows(store, kind) for name in row} <= {"subscriber_id"}


async def test_what_csv_cannot_say_is_left_out_and_counted(files: Files, store: Store) -> None:
    await files.rows("organizations", {"external_id": "top", "name": "Top"}, WHOLE)
    await files.made("subscribers", email="a@x.com")
    await files.made("credentials", credential_id="k", name="K", subscriber_email="a@x.com", tags=["a", "b c"])
    at = "2026-01-01T00:00:00.000Z"
    paid = {"paid_at": at, "paid_amount": 1}
    line = {"line_description": "x", "quantity": 1, "unit_price": 5}
    invoice = {"number": "N", "organization_external_id": "top", "issued_at": at, "lines": [line, line]}
    await files.made("invoices", **invoice, payments=[paid, paid])
    for kind, count in (("organizations", 2), ("credentials", 1), ("invoices", 1)):
        assert (await exported(store, kind, Format.CSV))[1].unrepresentable == count
        assert (await exported(store, kind))[1].unrepresentable == 0
    text = (await exported(store, "organizations", Format.CSV))[0].decode()
    assert '"Two\r\nlines, and\ra half"' in text
    assert (await exported(store, "invoices", Format.CSV))[0].count(b"\r\n") == 3


async def test_a_secret_is_never_written(files: Files, store: Store) -> None:
    await files.made("subscribers", email="a@x.com")
    row = {"credential_id": "k", "name": "K", "subscriber_email": "a@x.com", "external_secret": "hush"}
    run = ImportRun(IMPORTERS["credentials"](), find_source(files.ndjson(row)), store, NOW, LOCAL_ADMIN, cipher=CIPHER)
    assert results([each async for each in run.outcomes()]) == {"CREATED": 1}
    for written in (Format.CSV, Format.NDJSON):
        content, _ = await exported(store, "credentials", written)
        assert b"hush" not in content
        assert b"ecret" not in content


async def test_a_rotated_credential_is_written_with_its_current_key(files: Files, store: Store) -> None:
    await files.made("subscribers", email="a@x.com")
    made = await files.made("credentials", credential_id="old", name="K", subscriber_email="a@x.com")
    await done(store, "rotateCredential", by={"id": made["_id"]}, credentialId="new")
    (row,) = await written_rows(store, "credentials")
    assert (row["credential_id"], "expires_at" in row) == ("new", False)
    await done(store, "revokeCredential", by={"id": made["_id"]})
    (row,) = await written_rows(store, "credentials")
    assert "expires_at" in row


async def test_what_an_import_could_not_know_again_is_left_out_and_counted(files: Files, store: Store) -> None:
    alone = await done(store, "createOrganization", name="No key")
    aliased = await done(store, "createOrganization", name="Aliased", aliases=["zz", "b"])
    for email, organization in (("a@x.com", alone), ("b@x.com", aliased), ("c@x.com", {"id": "org_unclassified"})):
        await done(store, "createSubscriber", email=email, organization={"id": organization["id"]})
    deleted = await done(store, "createSubscriber", email="d@x.com")
    await done(store, "deleteSubscriber", by={"id": deleted["id"]})
    assert (await exported(store, "organizations"))[1] == ExportCounts(0, 2)
    rows = await written_rows(store, "subscribers")
    assert [each["organization_external_id"] for each in rows] == [alone["id"], "zz", "org_unclassified"]
    assert results(await files.rows("subscribers", *rows)) == {"UNCHANGED": 3}


async def test_parents_come_first_and_pages_miss_nothing(
    files: Files, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"external_id": f"o{n:03}", "name": "O", **({"parent_external_id": f"o{n * 2:03}"} if n < 50 else {})}
            for n in range(1, 100)]  # fmt: skip
    await files.rows("organizations", *rows)
    whole = await written_rows(store, "organizations")
    small = Exporter(
        **{name: getattr(EXPORTERS["organizations"], name) for name in Exporter.__slots__} | {"page_size": 7}
    )
    monkeypatch.setitem(EXPORTERS, "organizations", small)
    assert await written_rows(store, "organizations") == whole
    assert len(whole) == 99
    seen: set[str | None] = {None}
    for each in whole:
        assert each.get("parent_external_id") in seen
        seen.add(each["external_id"])


async def test_a_page_is_read_by_its_index(files: Files, store: Store) -> None:
    for kind, exporter in EXPORTERS.items():
        query = {exporter.order_key: {"$gt": "a"}, **exporting.LIVE}
        plan = await store[exporter.record.collection].find(query).sort(exporter.order_key, 1).limit(10).explain()
        assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"]), kind
        assert "SORT" not in str(plan["queryPlanner"]["winningPlan"]), kind


async def test_the_command_writes_to_stdout_or_a_file(
    files: Files, store: Store, mongod_uri: str, tmp_path: Path
) -> None:
    await files.made("organizations", **WHOLE | {"parent_external_id": None})

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        environment = os.environ | {"MONGODB_URI": mongod_uri, "CUSTOMER_GRAPH_DATABASE": store.name}
        command = [sys.executable, "-m", "app", "export", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=60)

    told = await asyncio.to_thread(run, "organizations")
    assert (told.returncode, told.stderr.decode()) == (0, "1 organizations were written.\n")
    assert json.loads(told.stdout) == {k: v for k, v in WHOLE.items() if k != "parent_external_id"}
    path = tmp_path / "customers.csv"
    told = await asyncio.to_thread(run, "organizations", "--output", str(path))
    assert (told.returncode, told.stdout) == (1, b"")
    assert told.stderr.decode().splitlines() == [
        "1 organizations were written.",
        "2 values were left out: CSV has no form for them. --format ndjson writes all of them.",
    ]
    assert path.read_bytes() == (await exported(store, "organizations", Format.CSV))[0]
    assert not path.with_name("customers.csv.part").exists()
    told = await asyncio.to_thread(run, "organizations", "--output", str(tmp_path / "x.txt"))
    assert (told.returncode, told.stdout) == (2, b"")
