"""What callers and other systems keep beside a record: any name, plain values, one document for each app."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from tests.asking import ask, data
from tests.writing.doing import done, everything, refused, send, stored

ALL = "organization { id version customMetadata { name value } appMetadata }"
NAMES = ["$where", "a.b", "$x", "$set", "__proto__", "constructor", "名", " ", " a ", "n" * 256, "名" * 256, "😀", "\n"]
VALUES: list[Any] = ["", "$externalSecret", "$name", 0, -1, 2**53, 2**63 - 1, -(2**63), 1.5, True, False, None]
RECORDS: dict[str, Any] = {
    "Organization": {"name": "x"},
    "Subscriber": {"email": "c@x.com"},
    "Credential": {"name": "x", "credentialId": "x", "subscriber": {"email": "x@x.com"}},
    "UsageAttribute": {"kind": "SUBJECT", "key": "x", "organization": {"externalId": "owner"}},
    "Plan": {"key": "x", "name": "x", "currency": "USD", "charging": "FREE"},
    "Subscription": {"organization": {"externalId": "owner"}, "plan": {"key": "free"}},
}


def entries(*pairs: tuple[str, Any]) -> list[dict[str, Any]]:
    """Entries of custom metadata."""
    return [{"name": name, "value": value} for name, value in pairs]


async def found_by(store: Store, **entry: Any) -> list[str]:
    """The names of the organizations whose custom metadata has that."""
    query = "query Q($filter: OrganizationFilter) { organizations(filter: $filter) { nodes { name } } }"
    found = await data(store, query, filter={"customMetadata": entry})
    return [each["name"] for each in found["organizations"]["nodes"]]


async def test_any_name_and_value_comes_back_and_is_found(store: Store) -> None:
    pairs = [(name, f"value of {name}") for name in NAMES]
    made = await done(store, "createOrganization", ALL, name="Acme", customMetadata=entries(*pairs))
    assert made["customMetadata"] == entries(*pairs)
    await done(store, "createOrganization", name="Other", customMetadata=entries(("other", 1)))
    for name, value in pairs:
        assert await found_by(store, name=name, equals=value) == ["Acme"], name
        assert await found_by(store, name=name, equals="another") == [], name
    values = entries(*((f"v{n}", value) for n, value in enumerate(VALUES)))
    by = {"id": made["id"]}
    changed = await done(store, "updateOrganization", ALL, by=by, customMetadata=values)
    assert (changed["customMetadata"], changed["version"]) == (values, 2)
    read = f'{{ organization(by: {{id: "{made["id"]}"}}) {ALL.removeprefix("organization")} }}'
    assert (await data(store, read))["organization"] == changed
    for n, value in enumerate(VALUES):
        assert await found_by(store, name=f"v{n}", equals=value) == ["Acme"], value
    assert (await done(store, "updateOrganization", ALL, by=by, customMetadata=values))["version"] == 2
    nothing: tuple[Any, ...] = ([], None)
    for empty in nothing:
        assert (await done(store, "updateOrganization", ALL, by=by, customMetadata=empty))["customMetadata"] == []


WRONG: list[tuple[list[dict[str, Any]], str]] = [
    (entries(("", 1)), "INVALID_METADATA"),
    (entries(("n" * 257, 1)), "INVALID_METADATA"),
    (entries(("名" * 300, 1)), "INVALID_METADATA"),
    (entries(("a", 1), ("a", 2)), "DUPLICATE"),
    (entries(("a", {"b": 1})), "INVALID_METADATA"),
    (entries(("a", {"$gt": ""})), "INVALID_METADATA"),
    (entries(("a", [1])), "INVALID_METADATA"),
    (entries(("a", float("nan"))), "INVALID_NUMBER"),
    (entries(("a", float("inf"))), "INVALID_NUMBER"),
    (entries(("a", 2**63)), "INVALID_NUMBER"),
    (entries(("a", 10**400)), "INVALID_NUMBER"),
    (entries(("a", "\ud800")), "INVALID_TEXT"),
    (entries(("a\0", 1)), "INVALID_TEXT"),
    (entries(("a", "b\0")), "INVALID_TEXT"),
    (entries(("\ud800", 1)), "INVALID_TEXT"),
    (entries(("a", "x" * 65 * 1024)), "TOO_LONG"),
    (entries(*((f"{n:03}", "x" * 250) for n in range(260))), "TOO_LONG"),
]


@pytest.mark.parametrize(("given", "code"), WRONG, ids=[f"{code}-{n}" for n, (_, code) in enumerate(WRONG)])
async def test_what_does_not_hold_is_refused_as_data(store: Store, given: Any, code: str) -> None:
    acme = await done(store, "createOrganization", name="Acme")
    before = await everything(store)
    path = "customMetadata" if code in ("DUPLICATE", "TOO_LONG") else "customMetadata.0"
    for key in ({}, {"idempotencyKey": "k"}):
        assert await refused(store, "createOrganization", name="x", customMetadata=given, **key) == [(path, code)]
        assert await refused(store, "updateOrganization", by={"id": acme["id"]}, customMetadata=given, **key) == [
            (path, code)
        ]
    assert await everything(store) == before


async def test_every_entry_that_does_not_hold_is_told(store: Store) -> None:
    given = entries(("good", 1), ("", 1), ("a", {}), ("b", 2**63))
    apps = [{"app": "x", "data": {}}, {"app": "y", "data": 1}, {"app": "stripe", "data": {"customerId": "no"}}]
    assert await refused(store, "createOrganization", name="x", customMetadata=given, appMetadata=apps) == [
        ("customMetadata.1", "INVALID_METADATA"),
        ("customMetadata.2", "INVALID_METADATA"),
        ("customMetadata.3", "INVALID_NUMBER"),
        ("appMetadata.1", "INVALID_APP_METADATA"),
        ("appMetadata.2", "INVALID_APP_METADATA"),
    ]


@pytest.mark.parametrize("kind", RECORDS)
async def test_every_record_that_has_it_keeps_it_and_refuses_it_alike(store: Store, kind: str) -> None:
    await done(store, "createOrganization", name="Owner", externalId="owner")
    await done(store, "createSubscriber", email="x@x.com")
    await done(store, "createPlan", key="free", name="x", currency="USD", charging="FREE")
    field = kind[0].lower() + kind[1:]
    given = entries(("$x", None), ("a.b", 1.5))
    shown = f"{field} {{ id version customMetadata {{ name value }} }}"
    made = await done(store, f"create{kind}", shown, **RECORDS[kind], customMetadata=given)
    assert made["customMetadata"] == given
    assert await refused(store, f"update{kind}", by={"id": made["id"]}, customMetadata=entries(("", 1))) == [
        ("customMetadata.0", "INVALID_METADATA")
    ]
    cleared = await done(store, f"update{kind}", shown, by={"id": made["id"]}, customMetadata=None)
    assert (cleared["customMetadata"], cleared["version"]) == ([], 2)


DOCUMENTS: list[Any] = [
    {},
    {"$where": "1", "a.b": {"$x": [None, {"$gt": 1}]}, "": 1, "__proto__": {}},
    {"$ref": "#/definitions/a", "id": 1, "a": [{"$id": 1}, {"$ref": None, "$id": 1}]},
    {"$oid": "5f0000000000000000000000", "$numberDecimal": "1"},
    {"externalSecret": "not one of ours"},
    {"n": 2**63 - 1, "f": 0.1, "t": "2026-01-01T00:00:00Z"},
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
async def test_an_unknown_app_keeps_any_object(store: Store, document: Any) -> None:
    given = {"name": "Acme", "appMetadata": [{"app": "other", "data": document}], "idempotencyKey": "k"}
    made = await done(store, "createOrganization", ALL, **given)
    assert made["appMetadata"] == {"other": document}
    assert await done(store, "createOrganization", ALL, **given) == made
    changed = await done(store, "updateOrganization", ALL, by={"name": "Acme"}, name="B")
    assert changed["appMetadata"] == {"other": document}
    shown = await data(store, '{ organization(by: {name: "B"}) { appMetadata(app: "other") history { totalCount } } }')
    assert shown["organization"] == {"appMetadata": document, "history": {"totalCount": 2}}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"app": "stripe", "data": {}}], "INVALID_APP_METADATA"),
        ([{"app": "stripe", "data": {"customerId": "acct_1"}}], "INVALID_APP_METADATA"),
        ([{"app": "stripe", "data": {"customerId": "cus_"}}], "INVALID_APP_METADATA"),
        ([{"app": "stripe", "data": {"customerId": "cus_1\n"}}], "INVALID_APP_METADATA"),
        ([{"app": "stripe", "data": {"customerId": 1}}], "INVALID_APP_METADATA"),
        ([{"app": "stripe", "data": {"customerId": "cus_1", "defaultPaymentMethodId": ""}}], "INVALID_APP_METADATA"),
        ([{"app": "salesforce", "data": {"accountId": None}}], "INVALID_APP_METADATA"),
        ([{"app": "", "data": {}}], "INVALID_APP_METADATA"),
        ([{"app": "other", "data": [1]}], "INVALID_APP_METADATA"),
        ([{"app": "other", "data": "x"}], "INVALID_APP_METADATA"),
        ([{"app": "other", "data": {"a": "x" * 65 * 1024}}], "TOO_LONG"),
        ([{"app": "other", "data": {"a\0": 1}}], "INVALID_TEXT"),
        ([{"app": "other", "data": {"a": [{"b": "\0"}]}}], "INVALID_TEXT"),
        ([{"app": "other", "data": {"a": 2**64}}], "INVALID_NUMBER"),
        ([{"app": "other", "data": {"$ref": "organizations", "$id": "org_1"}}], "INVALID_TYPE"),
        ([{"app": "other", "data": {"a": [{"$id": 1, "b": 2, "$ref": ""}]}}], "INVALID_TYPE"),
        ([{"app": "other", "data": {"a": {"b": float("nan")}}}], "INVALID_NUMBER"),
        ([{"app": "a", "data": {}}, {"app": "a", "data": {}}], "DUPLICATE"),
    ],
)
async def test_an_app_document_that_does_not_hold_is_refused(store: Store, rows: Any, code: str) -> None:
    for kind in ("Organization", "Subscriber"):
        answer = await send(store, f"create{kind}", RECORDS[kind] | {"appMetadata": rows})
        wrong = answer.data[f"create{kind}"]["userErrors"]
        path = ["appMetadata"] if code in ("DUPLICATE", "TOO_LONG") else ["appMetadata", "0"]
        assert [(each["field"], each["code"]) for each in wrong] == [(path, code)]


async def test_an_app_without_a_document_is_none_of_a_new_record(store: Store) -> None:
    made = await done(store, "createOrganization", ALL, name="Acme", appMetadata=[{"app": "other", "data": None}])
    assert made["appMetadata"] == {}


async def test_an_external_id_belongs_to_one_live_record_an_app(store: Store) -> None:
    def given(app: str, name: str) -> Any:
        return {"appMetadata": [{"app": app, "data": {name: "cus_1"}}]}

    stripe, salesforce = given("stripe", "customerId"), given("salesforce", "accountId")
    acme = await done(store, "createOrganization", name="Acme", **stripe)
    await done(store, "createOrganization", name="Other", **salesforce)
    await done(store, "createOrganization", name="Another", **given("hubspot", "customerId"))
    for kind in ("Organization", "Subscriber"):
        assert await refused(store, f"create{kind}", **RECORDS[kind], **stripe) == [("appMetadata", "TAKEN")]
    await done(store, "deleteOrganization", by={"id": acme["id"]})
    carol = await done(store, "createSubscriber", email="c@x.com", **stripe)
    assert await refused(store, "restoreOrganization", id=acme["id"]) == [("id", "TAKEN")]
    assert (await stored(store, carol["id"]))["appMetadata"] == [{"app": "stripe", "data": {"customerId": "cus_1"}}]


@pytest.mark.parametrize(
    ("literal", "value"), [("1e400", None), ("9" * 5000, None), ("-1.5e2", -150.0), ('"$a"', "$a")]
)
async def test_a_value_written_into_the_document_is_read_alike(store: Store, literal: str, value: Any) -> None:
    given = f'{{name: "x", customMetadata: [{{name: "a", value: {literal}}}]}}'
    answer = await ask(store, f"mutation {{ createOrganization(input: {given}) {{ {ALL} userErrors {{ code }} }} }}")
    if value is None and answer.codes:
        assert set(answer.codes.values()) == {"GRAPHQL_VALIDATION_FAILED"}
        return
    found = answer.data["createOrganization"]
    if value is None:
        assert found == {"organization": None, "userErrors": [{"code": "INVALID_NUMBER"}]}
    else:
        assert found["organization"]["customMetadata"] == entries(("a", value))


@pytest.mark.parametrize("kind", ["Organization", "Subscriber", "Credential"])
async def test_an_update_sets_documents_of_apps_and_leaves_those_of_others(store: Store, kind: str) -> None:
    await done(store, "createSubscriber", email="x@x.com")
    field = kind[0].lower() + kind[1:]
    shown = f"{field} {{ id version appMetadata }}"
    apps = [{"app": "stripe", "data": {"customerId": "cus_1"}}, {"app": "crm", "data": {"id": 1}}]
    by = {"id": (await done(store, f"create{kind}", shown, **RECORDS[kind], appMetadata=apps))["id"]}
    stripe = [{"app": "stripe", "data": {"customerId": "cus_2"}}]
    found = await done(store, f"update{kind}", shown, by=by, appMetadata=stripe)
    assert found["appMetadata"] == {"stripe": {"customerId": "cus_2"}, "crm": {"id": 1}}
    assert (await done(store, f"update{kind}", shown, by=by, appMetadata=stripe))["version"] == 2
    assert await store["keys"].count_documents({"key": {"$in": ["cus_1", "cus_2"]}}) == 1
    large = [{"app": "large", "data": {"text": "x" * 64 * 1024}}]
    assert await refused(store, f"update{kind}", by=by, appMetadata=large) == [("appMetadata", "TOO_LONG")]
    removed = [{"app": "stripe", "data": None}, {"app": "none", "data": None}]
    found = await done(store, f"update{kind}", shown, by=by, appMetadata=removed)
    assert (found["appMetadata"], found["version"]) == ({"crm": {"id": 1}}, 3)
    assert await store["keys"].count_documents({"key": {"$in": ["cus_1", "cus_2"]}}) == 0
    assert (await done(store, f"update{kind}", shown, by=by, appMetadata=None))["appMetadata"] == {}
