"""Organizations: each rule of theirs, and what a mutation is refused for where it is broken."""

from __future__ import annotations

from typing import Any

import pytest

from app.entities.identifiers import UNCLASSIFIED_ID
from app.mongo.client import Store
from tests.asking import ask, data
from tests.records import NOW
from tests.writing.doing import done, everything, refused, stored

ALL = """organization { id name kind description externalId aliases currency timezone formerNames associatedDomains
    storefrontUrl primaryEmail billing { address1 address2 city state zip country phone email remittanceInstructions }
    payerTerms { payerId validFrom } customMetadata { name value } appMetadata version createdAt updatedAt deletedAt
    parent { id } payer { id } billingProfile { id } ancestors { id } }"""
NO_BILLING = dict.fromkeys(
    ("address1", "address2", "city", "state", "zip", "country", "phone", "email", "remittanceInstructions")
)
DEFAULTS: dict[str, Any] = {
    "kind": "COMPANY",
    "description": None,
    "externalId": None,
    "aliases": [],
    "currency": "USD",
    "timezone": "UTC",
    "associatedDomains": [],
    "storefrontUrl": None,
    "primaryEmail": None,
    "billing": None,
    "customMetadata": [],
}
SET: dict[str, Any] = {
    "kind": "BUSINESS_UNIT",
    "description": "d" * 1024,
    "externalId": "CRM-1",
    "aliases": ["a 1", "crm-1"],
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "associatedDomains": ["acme.com"],
    "storefrontUrl": "https://acme.com/x?y=1",
    "primaryEmail": "Carol@Acme.com",
    "billing": {**dict.fromkeys(NO_BILLING, "x"), "country": "DE", "email": "bills@acme.com"},
    "customMetadata": [{"name": "a.b", "value": 1}],
}


async def made(store: Store, name: str, **given: Any) -> str:
    """The id of a new organization."""
    found = await done(store, "createOrganization", name=name, **given)
    return str(found["id"])


async def test_created_with_a_name_alone_it_has_every_default(store: Store) -> None:
    found = await done(store, "createOrganization", ALL, name="  Acme ")
    assert found == found | DEFAULTS
    assert (found["name"], found["version"], found["parent"], found["payerTerms"]) == ("Acme", 1, None, [])
    assert (found["payer"]["id"], found["appMetadata"]) == (found["id"], {})
    assert found["createdAt"] == found["updatedAt"] == "2026-06-15T12:00:00.000Z"
    assert await data(store, f'{{ organization(by: {{id: "{found["id"]}"}}) {ALL.removeprefix("organization")} }}') == {
        "organization": found
    }


async def test_created_with_everything_it_has_everything(store: Store) -> None:
    parent = await made(store, "Top", currency="EUR", externalId="top")
    profile = await done(store, "createBillingProfile", name="Net 10")
    given = SET | {"appMetadata": [{"app": "hubspot", "data": {"id": 1}}], "payer": {"id": parent}}
    given |= {"parent": {"externalId": "top"}, "billingProfile": {"name": "Net 10"}}
    found = await done(store, "createOrganization", ALL, name="n" * 256, **given)
    assert found == found | SET
    assert found["appMetadata"] == {"hubspot": {"id": 1}}
    assert [found["parent"]["id"], found["payer"]["id"], found["ancestors"]] == [parent, parent, [{"id": parent}]]
    assert found["billingProfile"]["id"] == profile["id"]
    assert found["payerTerms"] == [{"payerId": parent, "validFrom": "2026-06-15T12:00:00.000Z"}]


async def test_an_update_leaves_alone_what_is_absent_and_null_clears_to_the_default(store: Store) -> None:
    node = {"id": await made(store, "Acme", **SET)}
    before = await done(store, "updateOrganization", ALL, by=node, name="New name")
    assert before == before | SET | {"name": "New name", "formerNames": ["Acme"], "version": 2}
    cleared = await done(store, "updateOrganization", ALL, by=node, **dict.fromkeys(SET))
    assert cleared == before | DEFAULTS | {"version": 3}
    assert await refused(store, "updateOrganization", by=node, name=None) == [("name", "REQUIRED")]
    assert (await stored(store, node["id"]))["version"] == 3


async def test_an_update_that_changes_nothing_is_no_version(store: Store) -> None:
    node = {"id": await made(store, "Acme", **SET)}
    before = await everything(store)
    for given in ({}, {"name": " Acme "}, SET, {"billing": {"city": "x"}}, {"associatedDomains": ["ACME.com"]}):
        found = await done(store, "updateOrganization", by=node, **given)
        assert found["version"] == 1, given
    assert await everything(store) == before


async def test_billing_is_merged_field_by_field(store: Store) -> None:
    node = {"id": await made(store, "Acme", billing={"city": "Berlin", "zip": "10115"})}
    for given, shown in (
        ({"zip": None, "country": "DE"}, {"city": "Berlin", "country": "DE"}),
        ({"city": None, "country": None, "phone": " 1 "}, {"phone": "1"}),
        (None, None),
        ({"state": "BE"}, {"state": "BE"}),
    ):
        found = await done(store, "updateOrganization", ALL, by=node, billing=given)
        assert found["billing"] == (shown and NO_BILLING | shown)
        assert await data(store, '{ organization(by: {name: "Acme"}) { billing { city zip country phone state } } }')
    wrong = {"city": "x" * 257, "email": "no", "zip": "", "remittanceInstructions": "r" * 2049}
    assert await refused(store, "updateOrganization", by=node, billing=wrong) == [
        ("billing.city", "TOO_LONG"),
        ("billing.zip", "REQUIRED"),
        ("billing.email", "INVALID_EMAIL"),
        ("billing.remittanceInstructions", "TOO_LONG"),
    ]


async def test_everything_that_is_wrong_is_told_at_once(store: Store) -> None:
    await made(store, "Other", externalId="taken", appMetadata=[{"app": "stripe", "data": {"customerId": "cus_1"}}])
    before = await everything(store)
    given: dict[str, Any] = {
        "name": "n" * 257,
        "description": "d" * 1025,
        "externalId": "org_01J00000000000000000000000",
        "aliases": ["free", "taken"],
        "currency": "XAU",
        "timezone": "Mars/Base",
        "associatedDomains": ["acme.com", "not a host", " "],
        "storefrontUrl": "ftp://x",
        "primaryEmail": "nobody",
        "parent": {"externalId": "nowhere"},
        "payer": {"id": "sbr_x"},
        "billingProfile": {"name": "nothing"},
        "appMetadata": [{"app": "stripe", "data": {"customerId": "cus_1"}}],
    }
    assert await refused(store, "createOrganization", **given) == [
        ("name", "TOO_LONG"),
        ("description", "TOO_LONG"),
        ("externalId", "RESERVED"),
        ("currency", "INVALID_CURRENCY"),
        ("timezone", "INVALID_TIMEZONE"),
        ("associatedDomains.1", "INVALID_DOMAIN"),
        ("associatedDomains.2", "REQUIRED"),
        ("storefrontUrl", "INVALID_URL"),
        ("primaryEmail", "INVALID_EMAIL"),
        ("parent.externalId", "NOT_FOUND"),
        ("payer.id", "INVALID_ID"),
        ("billingProfile.name", "NOT_FOUND"),
        ("aliases.1", "TAKEN"),
        ("appMetadata", "TAKEN"),
    ]
    whole = await refused(store, "createOrganization", **given)
    fixed = {"parent.externalId", "appMetadata", "aliases.1"}  # set once, or asked of a record that is there
    wrong = [each for each in whole if each[0] not in fixed]
    later = {name: value for name, value in given.items() if name not in ("parent", "appMetadata")}
    by = {"externalId": "none"}
    assert await refused(store, "updateOrganization", by=by, **later) == [("by.externalId", "NOT_FOUND"), *wrong]
    assert await refused(store, "updateOrganization", by={"name": "Other"}, expectedVersion=9, **later) == [
        ("expectedVersion", "STALE_VERSION"),
        *wrong,
    ]
    assert await everything(store) == before


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "REQUIRED"), (" \u3000\n", "REQUIRED"), ("a\0b", "INVALID_TEXT"), ("a\ud800", "INVALID_TEXT")],
    ids=["empty", "blank", "NUL", "half a surrogate"],
)
async def test_a_text_has_something_that_can_be_kept(store: Store, text: str, code: str) -> None:
    for name in ("name", "description", "externalId", "timezone"):
        assert await refused(store, "createOrganization", **{"name": "x"} | {name: text}) == [(name, code)]
    for name in ("aliases", "associatedDomains"):
        assert await refused(store, "createOrganization", name="x", **{name: [text]}) == [(f"{name}.0", code)]
    assert await refused(store, "createOrganization", name="x", billing={"city": text}) == [("billing.city", code)]


async def test_lengths_are_counted_after_trimming_in_characters(store: Store) -> None:
    for number, letter in enumerate("x名😀"):
        given = {"name": f" {letter * 256}\t", "externalId": f"  {number}{letter * 255} "}
        found = await done(store, "createOrganization", **given)
        assert (found["name"], found["externalId"]) == (letter * 256, f"{number}{letter * 255}")
        long = {"name": letter * 257, "externalId": letter * 257, "aliases": [letter * 257]}
        assert {code for _, code in await refused(store, "createOrganization", **long)} == {"TOO_LONG"}


async def test_external_ids_aliases_and_attribute_keys_share_one_namespace_of_exact_texts(store: Store) -> None:
    first = await made(store, "First", externalId="one", aliases=["two"])
    await done(store, "createUsageAttribute", key="three", kind="SUBJECT", organization={"id": first})
    for key in ("one", "two", "three"):
        assert await refused(store, "createOrganization", name="x", externalId=key) == [("externalId", "TAKEN")]
        assert await refused(store, "createOrganization", name="x", aliases=["new", key]) == [("aliases.1", "TAKEN")]
        attribute = {"key": key, "kind": "CONSUMER", "organization": {"id": first}}
        assert await refused(store, "createUsageAttribute", **attribute) == [("key", "TAKEN")]
    other = await made(store, "Other", externalId="ONE", aliases=["Two"])
    for key, owner in (("one", first), ("two", first), ("ONE", other), ("Two", other)):
        assert await data(store, f'{{ organization(by: {{externalId: "{key}"}}) {{ id }} }}') == {
            "organization": {"id": owner}
        }
    for key in (first, UNCLASSIFIED_ID):
        assert await refused(store, "updateOrganization", by={"id": other}, externalId=key) == [
            ("externalId", "RESERVED")
        ]
    assert await refused(store, "createOrganization", name="x", externalId="y", aliases=["y"]) == [
        ("aliases.0", "DUPLICATE")
    ]
    assert await refused(store, "updateOrganization", by={"id": other}, aliases=["ONE"]) == [("aliases.0", "DUPLICATE")]


async def test_a_key_is_free_again_once_it_is_given_up(store: Store) -> None:
    first, other = await made(store, "First", externalId="one", aliases=["two"]), await made(store, "Other")
    await done(store, "updateOrganization", by={"id": first}, externalId="two", aliases=["three"])
    await done(store, "updateOrganization", by={"id": other}, externalId="one")
    await done(store, "updateOrganization", by={"id": first}, externalId=None)
    await done(store, "updateOrganization", by={"id": other}, aliases=["two"])
    claims = {(row["key"], row["recordId"]) async for row in store["keys"].find({"key": {"$not": {"$regex": "^org_"}}})}
    assert claims == {("one", other), ("two", other), ("three", first)}


async def test_a_deleted_one_is_found_by_id_only_and_comes_back_unless_its_key_was_taken(store: Store) -> None:
    node = {"id": await made(store, "Acme", externalId="one", aliases=["two"])}
    deleted = await done(store, "deleteOrganization", by={"externalId": "two"})
    assert (deleted["deletedAt"], deleted["version"]) == ("2026-06-15T12:00:00.000Z", 2)
    assert (await data(store, f'{{ organization(by: {{id: "{node["id"]}"}}) {{ name }} }}'))["organization"]
    for by in ('externalId: "one"', 'externalId: "two"', 'name: "Acme"'):
        assert (await ask(store, f"{{ organization(by: {{{by}}}) {{ id }} }}")).codes == {"organization": "NOT_FOUND"}
    assert (await data(store, "{ organizations { nodes { id } } }"))["organizations"]["nodes"] == [
        {"id": UNCLASSIFIED_ID}
    ]
    for mutation in ("updateOrganization", "deleteOrganization"):
        assert await refused(store, mutation, by=node) == [("by.id", "DELETED")]
        assert await refused(store, mutation, by={"externalId": "one"}) == [("by.externalId", "NOT_FOUND")]
    other = {"id": await made(store, "Other", externalId="two")}
    assert await refused(store, "restoreOrganization", **node) == [("id", "TAKEN")]
    await done(store, "updateOrganization", by=other, externalId=None)
    assert await refused(store, "restoreOrganization", expectedVersion=1, **node) == [
        ("expectedVersion", "STALE_VERSION")
    ]
    back = await done(store, "restoreOrganization", expectedVersion=2, **node)
    assert (back["deletedAt"], back["version"]) == (None, 3)
    assert (await data(store, '{ organization(by: {externalId: "two"}) { id } }'))["organization"] == node
    assert await refused(store, "restoreOrganization", **node) == [("id", "NOT_DELETED")]


async def test_a_stale_version_is_refused_and_the_right_one_taken(store: Store) -> None:
    node = {"id": await made(store, "Acme")}
    for mutation in ("updateOrganization", "deleteOrganization"):
        for version in (0, 2):
            assert await refused(store, mutation, by=node, expectedVersion=version) == [
                ("expectedVersion", "STALE_VERSION")
            ]
    assert (await done(store, "updateOrganization", by=node, expectedVersion=1, name="B"))["version"] == 2
    assert (await done(store, "updateOrganization", by=node, expectedVersion=None, name="C"))["version"] == 3


async def test_a_name_is_not_unique_and_a_former_one_still_finds_it(store: Store) -> None:
    first = await made(store, "Acme")
    for name in ("Acme Labs", "Acme", "Acme Inc"):
        await done(store, "updateOrganization", by={"id": first}, name=name)
    assert (await stored(store, first))["formerNames"] == ["Acme Labs", "Acme"]
    assert (await done(store, "updateOrganization", by={"name": "Acme Labs"}, name="Acme Inc"))["id"] == first
    await made(store, "Acme")
    assert await refused(store, "deleteOrganization", by={"name": "Acme"}) == [("by.name", "AMBIGUOUS")]
    assert await refused(store, "createOrganization", name="x", parent={"name": "Acme"}) == [
        ("parent.name", "AMBIGUOUS")
    ]


async def test_a_public_mail_domain_is_a_warning_told_when_it_is_claimed(store: Store) -> None:
    shown = "organization { id associatedDomains } warnings { code field }"
    found = await done(store, "createOrganization", shown, name="x", associatedDomains=["Acme.com", "GMAIL.com."])
    warning = [{"code": "PUBLIC_MAIL_DOMAIN", "field": ["associatedDomains"]}]
    assert found["organization"]["associatedDomains"] == ["acme.com", "gmail.com"]
    assert found["warnings"] == warning
    by, domains = {"id": found["organization"]["id"]}, ["gmail.com", "web.de"]
    assert (await done(store, "updateOrganization", shown, by=by, name="y"))["warnings"] == []
    assert (await done(store, "updateOrganization", shown, by=by, associatedDomains=domains))["warnings"] == warning


async def test_domains_are_kept_as_they_are_compared(store: Store) -> None:
    given = ["ＡＣＭＥ.com", "BÜCHER.de", "faß.de", "acme.com"]
    found = await done(store, "createOrganization", ALL, name="x", associatedDomains=given)
    assert found["associatedDomains"] == ["acme.com", "xn--bcher-kva.de", "xn--fa-hia.de"]
    for wrong in ("a b.com", "-acme.com", "a@acme.com", "http://acme.com", "acme..com", "."):
        assert await refused(store, "createOrganization", name="x", associatedDomains=[wrong]) == [
            ("associatedDomains.0", "INVALID_DOMAIN")
        ]


async def test_what_a_mutation_shows_is_what_is_read_later_to_the_instant(store: Store) -> None:
    node = await made(store, "Acme")
    later = NOW.replace(microsecond=123456)
    answer = await ask(
        store,
        'mutation { updateOrganization(input: {by: {name: "Acme"}, name: "B"}) { organization { id updatedAt } } }',
        now=later,
    )
    shown = answer.data["updateOrganization"]["organization"]
    assert shown == (await data(store, '{ organization(by: {name: "B"}) { id updatedAt } }'))["organization"]
    assert (shown["id"], shown["updatedAt"]) == (node, "2026-06-15T12:00:00.123Z")
