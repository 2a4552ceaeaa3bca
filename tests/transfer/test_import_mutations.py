"""Imports by mutation: all rows or each by itself, dry or not, told by their places; and as large as they may be."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.access.viewer import Everything, Scope, Viewer
from app.main import application
from app.mongo.client import Store
from app.settings import Settings
from tests.asking import CIPHER, ask
from tests.commands import Commands

ROW = "index result recordId userErrors { code field message } warnings { code field }"
SHOWN = f"rows {{ {ROW} }} created unchanged refused userErrors {{ code field message }}"


def query(kind: str) -> str:
    """The mutation that imports rows of a kind."""
    return f"mutation M($input: Import{kind}Input!) {{ import{kind}(input: $input) {{ {SHOWN} }} }}"


async def imported(store: Store, kind: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The payload."""
    answer = await ask(store, query(kind), input={"rows": rows, **more})
    assert not answer.messages, answer.messages
    found: dict[str, Any] = answer.data[f"import{kind}"]
    return found


def told(errors: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(path, code) of each."""
    return [(".".join(each["field"]), each["code"]) for each in errors]


def results(payload: dict[str, Any]) -> list[str]:
    """What became of each row, in the order of the payload, which is theirs."""
    assert [each["index"] for each in payload["rows"]] == list(range(len(payload["rows"])))
    return [each["result"] for each in payload["rows"]]


CHILD: dict[str, Any] = {"externalId": "b", "name": "B", "parentExternalId": "a"}
TREE: list[dict[str, Any]] = [
    CHILD,
    {"externalId": "a", "name": "A", "aliases": ["x"], "associatedDomains": ["gmail.com"]},
]


async def test_rows_become_records_parents_first(store: Store) -> None:
    payload = await imported(store, "Organizations", *TREE)
    assert (payload["userErrors"], results(payload)) == ([], ["CREATED", "CREATED"])
    assert (payload["created"], payload["unchanged"], payload["refused"]) == (2, 0, 0)
    assert told(payload["rows"][1]["warnings"]) == [("rows.1.associatedDomains", "PUBLIC_MAIL_DOMAIN")]
    child, top = (each["recordId"] for each in payload["rows"])
    made = await store["organizations"].find_one({"_id": child})
    assert made is not None
    assert made["ancestorIds"] == [top]
    (entry,) = await store["auditEntries"].find({"recordId": child}).to_list()
    assert (entry["actor"], entry["operation"]) == ("local-admin", "importOrganizations")
    again = await imported(store, "Organizations", *TREE)
    assert results(again) == ["UNCHANGED", "UNCHANGED"]
    assert [each["recordId"] for each in again["rows"]] == [child, top]


WRONG = [
    {"email": "a@x.com"},
    {"email": "none", "organizationExternalId": "nobody"},
    {"email": "b@x.com", "firstName": "B"},
    {"email": "B@x.com", "firstName": "Other"},
    {"email": "a@x.com"},
]
PROBLEMS = [
    ("rows.1.email", "INVALID_EMAIL"),
    ("rows.1.organizationExternalId", "UNKNOWN_ORGANIZATION"),
    ("rows.3.email", "DUPLICATE_IN_FILE"),
]


@pytest.mark.parametrize("dry", [True, False])
async def test_atomic_stores_nothing_where_a_row_is_refused_and_tells_everything(store: Store, dry: bool) -> None:
    payload = await imported(store, "Subscribers", *WRONG, dryRun=dry)
    assert told(payload["userErrors"]) == PROBLEMS
    assert (payload["rows"], payload["created"]) == ([], None)
    assert (
        payload["userErrors"][2]["message"]
        == "Row 2 has the same email, 'B@x.com', and other values: keep one of them."
    )
    assert await store["subscribers"].count_documents({}) == 0
    assert await store["auditEntries"].count_documents({}) == 0


async def test_per_row_stores_the_others_and_tells_of_each(store: Store) -> None:
    payload = await imported(store, "Subscribers", *WRONG, mode="PER_ROW")
    assert payload["userErrors"] == []
    assert results(payload) == ["CREATED", "REFUSED", "CREATED", "REFUSED", "UNCHANGED"]
    assert (payload["created"], payload["unchanged"], payload["refused"]) == (2, 1, 2)
    assert [each for row in payload["rows"] for each in told(row["userErrors"])] == PROBLEMS
    assert payload["rows"][0]["recordId"] == payload["rows"][4]["recordId"] is not None
    assert payload["rows"][1]["recordId"] is None
    assert await store["subscribers"].count_documents({}) == 2


async def test_a_dry_run_says_what_would_be_and_leaves_nothing(store: Store) -> None:
    names = sorted(await store.list_collection_names())
    before = {name: await store[name].count_documents({}) for name in names if not name.startswith("system.")}
    given = {"mode": "PER_ROW", "dryRun": True, "idempotencyKey": "k"}
    payload = await imported(store, "Subscribers", *WRONG, **given)
    assert results(payload) == ["CREATED", "REFUSED", "CREATED", "REFUSED", "UNCHANGED"]
    assert [each["recordId"] for each in payload["rows"]] == [None] * 5
    assert before == {name: await store[name].count_documents({}) for name in before}
    real = await imported(store, "Subscribers", *WRONG, **given | {"dryRun": False})
    assert results(real) == results(payload)


async def test_a_retry_with_its_key_returns_the_first_result(store: Store) -> None:
    first = await imported(store, "Subscribers", *WRONG, mode="PER_ROW", idempotencyKey="k")
    assert await imported(store, "Subscribers", *WRONG, mode="PER_ROW", idempotencyKey="k") == first
    other = await imported(store, "Subscribers", *WRONG, mode="ATOMIC", idempotencyKey="k")
    assert told(other["userErrors"]) == [("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")]


async def test_every_column_is_an_input(store: Store) -> None:
    await imported(store, "Organizations", {"externalId": "o", "name": "O"})
    await imported(store, "Subscribers", {"email": "c@x.com", "subscriberId": "7"})
    row = {
        "credentialId": "k", "name": "K", "subscriberEmail": "C@x.com", "subscriberId": "7",
        "organizationExternalId": "o", "tags": ["a", "b c"], "validFrom": "2026-01-01T00:00:00+01:00",
        "expiresAt": "2027-01-01T00:00:00Z", "externalSecret": "hush", "customMetadata": {"a.b": 1.5},
        "appMetadata": {"stripe": {"customerId": "cus_1"}},
    }  # fmt: skip
    payload = await imported(store, "Credentials", row, idempotencyKey="k")
    assert results(payload) == ["CREATED"]
    made = await store["credentials"].find_one({"_id": payload["rows"][0]["recordId"]})
    assert made is not None
    assert made["customMetadata"] == [{"name": "a.b", "value": 1.5}]
    assert CIPHER.decrypt(made["keys"][0]["externalSecret"], made["_id"]) == "hush"
    names = await store.list_collection_names(filter={"name": {"$not": {"$regex": r"^system\\."}}})
    assert "hush" not in repr([await store[name].find({}).to_list() for name in names])
    assert results(await imported(store, "Credentials", row)) == ["UNCHANGED"]
    wrong = {**row, "subscriberId": "8", "tags": [" "], "customMetadata": [1], "expiresAt": "soon"}
    assert sorted(told((await imported(store, "Credentials", wrong))["userErrors"])) == [
        ("rows.0.customMetadata", "INVALID_TYPE"),
        ("rows.0.expiresAt", "INVALID_INSTANT"),
        ("rows.0.subscriberId", "UNKNOWN_SUBSCRIBER"),
        ("rows.0.tags", "REQUIRED"),
    ]


async def test_a_cycle_is_told_by_rows(store: Store) -> None:
    rows = [{"externalId": a, "name": a, "parentExternalId": b} for a, b in ("ab", "ba")]
    payload = await imported(store, "Organizations", *rows, mode="PER_ROW")
    assert results(payload) == ["REFUSED", "REFUSED"]
    message = "The parents form a cycle: a (row 0), b (row 1)."
    assert [row["userErrors"][0]["message"] for row in payload["rows"]] == [message, message]


@pytest.mark.parametrize(("count", "code"), [(0, "REQUIRED"), (1_001, "TOO_MANY")])
async def test_how_many_rows_there_may_be(store: Store, count: int, code: str) -> None:
    rows = ({"email": f"p{n}@x.com"} for n in range(count))
    payload = await imported(store, "Subscribers", *rows, mode="PER_ROW")
    assert told(payload["userErrors"]) == [("rows", code)]
    assert await store["subscribers"].count_documents({}) == 0


async def test_who_may_only_read_may_not_import(store: Store) -> None:
    reader = Viewer("reader", frozenset({Scope.CUSTOMERS}), Everything())
    answer = await ask(store, query("Subscribers"), viewer=reader, input={"rows": [{"email": "a@x.com"}]})
    assert answer.codes == {"importSubscribers": "FORBIDDEN"}


async def test_a_thousand_rows_take_a_handful_of_commands(store: Store, commands: Commands) -> None:
    rows = [{"externalId": f"o{n}", "name": "O", "parentExternalId": f"o{n // 10}"} for n in range(1, 1_001)]
    with commands.counting() as counted:
        payload = await imported(store, "Organizations", {"externalId": "o0", "name": "O"}, *rows[:-1])
    assert payload["created"] == 1_000
    assert len(counted.seen) <= 6


def test_a_thousand_ordinary_rows_pass_the_limits_of_a_request(store: Store, mongod_uri: str) -> None:
    """As a client sends them, in one body."""
    people = [{"email": f"first.last{n}@company{n}.com", "firstName": "First", "lastName": "L"} for n in range(1_000)]
    keys = [
        {
            "credentialId": f"hak-{n:032}", "name": f"Mobile App Production Key {n}", "subscriberEmail": each["email"],
            "organizationExternalId": "customer-1", "tags": ["mobile", "production", "eu"],
            "validFrom": "2026-01-01T00:00:00Z", "expiresAt": "2028-01-01T00:00:00Z", "externalSecret": "s" * 64,
            "customMetadata": {"team": "billing", "cost center": 4711, "vip": True},
            "appMetadata": {"ours": {"id": n, "kind": "api"}},
        }
        for n, each in enumerate(people)
    ]  # fmt: skip
    organizations = [
        {
            "externalId": f"customer-{n}", "name": f"Customer {n}, Inc.", "kind": "COMPANY", "currency": "EUR",
            "timezone": "Europe/Berlin", "aliases": [f"crm-{n}"], "associatedDomains": [f"customer{n}.com"],
            "address1": "Main Street 1", "city": "Berlin", "zip": "10115", "country": "DE",
            "billingEmail": f"bills@customer{n}.com", "primaryEmail": f"info@customer{n}.com",
            "customMetadata": {"segment": "b2b"},
        }
        for n in range(1_000)
    ]  # fmt: skip
    settings = Settings(database=store.name)
    with TestClient(application(settings, mongod_uri), base_url="http://127.0.0.1") as client:
        for kind, rows in (("Organizations", organizations), ("Subscribers", people), ("Credentials", keys)):
            if kind == "Credentials":
                rows = [{name: v for name, v in row.items() if name != "externalSecret"} for row in rows]
            answer = client.post("/graphql", json={"query": query(kind), "variables": {"input": {"rows": rows}}})
            assert answer.status_code == 200, answer.text[:500]
            found = answer.json()
            assert "errors" not in found, found["errors"]
            assert found["data"][f"import{kind}"]["created"] == 1_000


async def test_rows_that_update_need_what_is_to_change_and_a_new_one_what_every_new_one_needs(store: Store) -> None:
    await imported(store, "Organizations", *TREE)
    rows = [{"externalId": "a", "description": "d"}, {"externalId": "new"}]
    payload = await imported(store, "Organizations", *rows, update=True, mode="PER_ROW")
    assert results(payload) == ["CHANGED", "REFUSED"]
    assert payload["rows"][1]["userErrors"] == [
        {
            "code": "REQUIRED",
            "field": ["rows", "1", "name"],
            "message": "The record is not there yet, and a new one needs a value here.",
        }
    ]
    assert told((await imported(store, "Organizations", *rows))["userErrors"]) == [
        ("rows.0.name", "REQUIRED"),
        ("rows.1.name", "REQUIRED"),
    ]
    cleared = await imported(store, "Organizations", {"externalId": "a", "name": None}, update=True)
    assert told(cleared["userErrors"]) == [("rows.0.name", "REQUIRED")]
