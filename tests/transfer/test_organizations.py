"""Organizations from files: every column, every rule, and parents in any order."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from app.transfer.outcome import Result
from tests.records import organization, save, subscriber
from tests.transfer.running import NOW, Files, by_line, codes, results

WHOLE: dict[str, Any] = {
    "external_id": "acme",
    "name": " Acme, Inc. ",
    "kind": "business_unit",
    "description": "Makes everything.",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "aliases": ["crm-1", "erp-1"],
    "associated_domains": ["ACME.com", "büro.de"],
    "website": "https://acme.com/shop",
    "primary_email": "Info@acme.com",
    "address1": "Main Street 1",
    "address2": "Floor 2",
    "city": "Berlin",
    "state": "BE",
    "zip": "10115",
    "country": "DE",
    "phone": "+49 30 1",
    "billing_email": "bills@acme.com",
    "remittance_instructions": "Quote the number.",
    "custom_metadata": {"a.b": 1, "$x": "y", "名": None, "share": 0.5, "vip": True},
    "app_metadata": {"stripe": {"customerId": "cus_1"}, "ours": {"$where": {"a.b": [1, "x"]}}},
}


async def test_every_column_is_kept(files: Files) -> None:
    made = await files.made("organizations", **WHOLE)
    assert (made["name"], made["kind"], made["externalId"]) == ("Acme, Inc.", "BUSINESS_UNIT", "acme")
    assert (made["currency"], made["timezone"], made["aliases"]) == ("EUR", "Europe/Berlin", ["crm-1", "erp-1"])
    assert made["associatedDomains"] == ["acme.com", "xn--bro-hoa.de"]
    assert (made["storefrontUrl"], made["primaryEmail"]) == ("https://acme.com/shop", "Info@acme.com")
    assert made["billing"] == {
        "address1": "Main Street 1",
        "address2": "Floor 2",
        "city": "Berlin",
        "state": "BE",
        "zip": "10115",
        "country": "DE",
        "phone": "+49 30 1",
        "email": "bills@acme.com",
        "remittanceInstructions": "Quote the number.",
    }
    assert [(each["name"], each["value"]) for each in made["customMetadata"]] == list(WHOLE["custom_metadata"].items())
    assert {each["app"]: each["data"] for each in made["appMetadata"]} == WHOLE["app_metadata"]
    assert (made["payerId"], made["parentId"], made["createdAt"], made["version"]) == (made["_id"], None, NOW, 1)


async def test_what_is_not_said_has_its_default(files: Files) -> None:
    made = await files.made("organizations", external_id="x", name="X", city="", currency=None)
    assert (made["kind"], made["currency"], made["timezone"], made["billing"]) == ("COMPANY", "USD", "UTC", None)


async def test_every_key_is_claimed_in_the_same_namespace(files: Files, store: Store) -> None:
    made = await files.made("organizations", **WHOLE)
    claims = await store["keys"].find({"recordId": made["_id"]}).to_list()
    assert {(each["namespace"], each["key"], each["field"]) for each in claims} == {
        ("customer", "acme", "externalId"),
        ("customer", "crm-1", "aliases"),
        ("customer", "erp-1", "aliases"),
        ("customer", made["_id"], "id"),
        ("app:stripe", "cus_1", "appMetadata"),
    }


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("name", "", "REQUIRED"),
        ("name", "  ", "REQUIRED"),
        ("name", "x" * 257, "TOO_LONG"),
        ("name", 7, "INVALID_TYPE"),
        ("name", "a\0b", "INVALID_TEXT"),
        ("external_id", None, "REQUIRED"),
        ("external_id", "x" * 257, "TOO_LONG"),
        ("external_id", "org_01KF0RDQG07ZWM063WSWS55XHK", "RESERVED"),
        ("external_id", "org_unclassified", "RESERVED"),
        ("aliases", ["ok", "org_01KF0RDQG07ZWM063WSWS55XHK"], "RESERVED"),
        ("aliases", {"a": 1}, "INVALID_TYPE"),
        ("aliases", ["a", " "], "REQUIRED"),
        ("kind", "FIRM", "INVALID_CHOICE"),
        ("description", "x" * 1025, "TOO_LONG"),
        ("currency", "EURO", "INVALID_CURRENCY"),
        ("currency", "XXX", "INVALID_CURRENCY"),
        ("currency", "XTS", "INVALID_CURRENCY"),
        ("country", "UK", "INVALID_COUNTRY"),
        ("country", "ﬁ", "INVALID_COUNTRY"),
        ("custom_metadata", {"a": "b\0"}, "INVALID_TEXT"),
        ("timezone", "Berlin", "INVALID_TIMEZONE"),
        ("timezone", "../etc/passwd", "INVALID_TIMEZONE"),
        ("associated_domains", ["acme com"], "INVALID_DOMAIN"),
        ("associated_domains", ["a@acme.com"], "INVALID_DOMAIN"),
        ("website", "ftp://acme.com", "INVALID_URL"),
        ("website", "acme.com", "INVALID_URL"),
        ("website", "https://[bad", "INVALID_URL"),
        ("primary_email", "info(at)acme.com", "INVALID_EMAIL"),
        ("billing_email", "info@", "INVALID_EMAIL"),
        ("custom_metadata", {"a": [1]}, "INVALID_METADATA"),
        ("custom_metadata", {"": 1}, "INVALID_METADATA"),
        ("custom_metadata", {"x" * 257: 1}, "INVALID_METADATA"),
        ("custom_metadata", {"big": 2**63}, "INVALID_NUMBER"),
        ("custom_metadata", {"a": "x" * 65_536}, "TOO_LONG"),
        ("custom_metadata", ["a"], "INVALID_TYPE"),
        ("app_metadata", {"stripe": {"customerId": "1"}}, "INVALID_APP_METADATA"),
        ("app_metadata", {"stripe": {}}, "INVALID_APP_METADATA"),
        ("app_metadata", {"ours": 1}, "INVALID_APP_METADATA"),
        ("app_metadata", {"ours": {"a\0": 1}}, "INVALID_TEXT"),
        ("parent_external_id", "nobody", "UNKNOWN_PARENT"),
        ("parent_external_id", "acme", "CYCLE"),
        ("colour", "red", "UNKNOWN_COLUMN"),
    ],
)
async def test_a_value_that_breaks_a_rule_is_refused(files: Files, column: str, value: Any, code: str) -> None:
    outcome = await files.one("organizations", **{**WHOLE, column: value})
    assert outcome.result is Result.REFUSED
    assert (code, column) in codes(outcome)


async def test_deeply_nested_app_metadata_is_refused(files: Files) -> None:
    deep: dict[str, Any] = {}
    for _ in range(30):
        deep = {"a": deep}
    assert codes(await files.one("organizations", **{**WHOLE, "app_metadata": {"ours": deep}})) == {
        ("TOO_DEEP", "app_metadata")
    }


async def test_all_problems_of_a_row_come_at_once(files: Files) -> None:
    await files.made("organizations", external_id="there", name="There", aliases=["taken"])
    outcome = await files.one(
        "organizations", external_id="x", name="", currency="EURO", aliases=["taken"], parent_external_id="nobody", y=1
    )
    assert {code for code, _ in codes(outcome)} == {
        "REQUIRED",
        "INVALID_CURRENCY",
        "TAKEN",
        "UNKNOWN_PARENT",
        "UNKNOWN_COLUMN",
    }


async def test_a_refused_row_leaves_nothing_behind_and_stops_no_other(files: Files, store: Store) -> None:
    outcomes = await files.rows(
        "organizations", {"external_id": "bad", "name": ""}, {"external_id": "good", "name": "Good"}
    )
    assert results(outcomes) == {"REFUSED": 1, "CREATED": 1}
    assert await store["organizations"].count_documents({}) == 2  # UNCLASSIFIED is the other
    assert await store["keys"].count_documents({"key": "bad"}) == 0


@pytest.mark.parametrize("taken", [{"external_id": "crm-1"}, {"aliases": ["acme"]}, {"aliases": ["erp-1"]}])
async def test_a_key_of_another_cannot_be_taken(files: Files, taken: dict[str, Any]) -> None:
    await files.made("organizations", **WHOLE)
    outcome = await files.one("organizations", **{"external_id": "new", "name": "New", **taken})
    assert codes(outcome) == {("TAKEN", next(iter(taken)))}
    assert outcome.problems[0].message.endswith("finds the organization 'Acme, Inc.' (acme) already.")


async def test_an_alias_may_not_stand_for_its_own_external_id(files: Files) -> None:
    assert codes(await files.one("organizations", external_id="x", name="X", aliases=["x"])) == {("TAKEN", "aliases")}


async def test_a_usage_attributes_key_cannot_be_taken(files: Files, store: Store) -> None:
    await store["keys"].insert_one({"namespace": "customer", "key": "department1", "recordId": "att_1", "field": "key"})
    outcome = await files.one("organizations", external_id="department1", name="Department")
    assert codes(outcome) == {("TAKEN", "external_id")}


async def test_an_external_id_of_an_app_belongs_to_one_record(files: Files) -> None:
    await files.made("organizations", **WHOLE)
    app_metadata = {"stripe": {"customerId": "cus_1"}}
    outcome = await files.one("organizations", external_id="y", name="Y", app_metadata=app_metadata)
    assert codes(outcome) == {("TAKEN", "app_metadata")}


async def test_claiming_a_public_mail_domain_is_allowed_with_a_warning(files: Files) -> None:
    outcome = await files.one("organizations", external_id="x", name="X", associated_domains=["gmail.com", "x.com"])
    assert outcome.result is Result.CREATED
    assert [warning.code for warning in outcome.warnings] == ["PUBLIC_MAIL_DOMAIN"]


async def test_values_that_look_like_operators_stay_values(files: Files) -> None:
    made = await files.made("organizations", external_id="$where", name="$x", aliases=["$gt"], city="{$ne: null}")
    child = await files.made("organizations", external_id="$in", name="$set", parent_external_id="$where")
    assert (made["externalId"], made["name"], made["billing"]["city"]) == ("$where", "$x", "{$ne: null}")
    assert child["parentId"] == made["_id"]


async def test_a_row_that_comes_again_is_unchanged(files: Files) -> None:
    first, again = await files.one("organizations", **WHOLE), await files.one("organizations", **WHOLE)
    assert (again.result, again.record_id) == (Result.UNCHANGED, first.record_id)


async def test_a_row_that_says_less_than_is_there_is_unchanged(files: Files) -> None:
    await files.made("organizations", **WHOLE)
    assert (await files.one("organizations", external_id="acme", name="Acme, Inc.")).result is Result.UNCHANGED


async def test_a_row_that_differs_from_what_is_there_is_refused_naming_each_field(files: Files) -> None:
    await files.made("organizations", external_id="top", name="Top")
    await files.made("organizations", **WHOLE)
    changed = WHOLE | {"name": "Acme GmbH", "country": None, "custom_metadata": {}, "parent_external_id": "top"}
    outcome = await files.one("organizations", **changed)
    assert codes(outcome) == {
        ("EXISTS_DIFFERENT", "name"),
        ("EXISTS_DIFFERENT", "country"),
        ("EXISTS_DIFFERENT", "custom_metadata"),
        ("EXISTS_DIFFERENT", "parent_external_id"),
    }
    message = next(problem.message for problem in outcome.problems if problem.field == ("parent_external_id",))
    assert message == (
        "'acme' exists already, with nothing; the row has 'top'. "
        "To change it, import with --update, or in a mutation with `update: true`."
    )


async def test_an_address_in_another_case_is_the_same(files: Files) -> None:
    await files.made("organizations", **WHOLE)
    again = WHOLE | {"primary_email": "info@ACME.com", "billing_email": "BILLS@acme.com"}
    assert (await files.one("organizations", **again)).result is Result.UNCHANGED


async def test_a_second_row_with_the_same_key_is_compared_with_the_first(files: Files) -> None:
    row = {"external_id": "a", "name": "A"}
    first, same, other = await files.rows("organizations", row, row, row | {"name": "B"})
    assert (first.result, same.result, same.record_id) == (Result.CREATED, Result.UNCHANGED, first.record_id)
    assert codes(other) == {("DUPLICATE_IN_FILE", "external_id")}
    assert "Line 1" in other.problems[0].message


async def test_a_duplicate_is_known_across_chunks(files: Files) -> None:
    rows = [{"external_id": f"n{n}", "name": f"N{n}"} for n in range(1_200)]
    outcomes = await files.rows("organizations", *rows, {"external_id": "n0", "name": "other"}, rows[1])
    assert codes(outcomes[-2]) == {("DUPLICATE_IN_FILE", "external_id")}
    assert outcomes[-1].result is Result.UNCHANGED


async def test_parents_may_stand_in_any_order(files: Files, store: Store) -> None:
    header = "external_id,name,parent_external_id"
    path = files.csv(header, "e,E,d", "b,B,a", "d,D,c", "a,A,", "c,C,b")
    assert results(await files.run("organizations", path)) == {"CREATED": 5}
    docs = {doc["externalId"]: doc async for doc in store["organizations"].find({"externalId": {"$ne": None}})}
    assert docs["e"]["ancestorIds"] == [docs[name]["_id"] for name in "abcd"]
    assert docs["e"]["parentId"] == docs["d"]["_id"]


async def test_a_parent_may_be_there_already_also_under_an_alias(files: Files, store: Store) -> None:
    top = await files.made("organizations", external_id="top", name="Top", aliases=["old-top"])
    child = await files.made("organizations", external_id="x", name="X", parent_external_id="old-top")
    assert (child["parentId"], child["ancestorIds"]) == (top["_id"], [top["_id"]])
    guarded = await store["organizations"].find_one({"_id": top["_id"]})
    assert guarded is not None
    assert guarded["guard"] == 1


async def test_a_parent_in_the_file_may_be_named_by_its_alias(files: Files) -> None:
    rows: list[dict[str, Any]] = [
        {"external_id": "x", "name": "X", "parent_external_id": "t"},
        {"external_id": "top", "name": "T", "aliases": ["t"]},
    ]
    assert results(await files.rows("organizations", *rows)) == {"CREATED": 2}


async def test_children_of_a_refused_row_are_refused(files: Files) -> None:
    header = "external_id,name,parent_external_id,country"
    outcomes = by_line(await files.run("organizations", files.csv(header, "a,A,,ZZ", "b,B,a,", "c,C,b,", "d,D,,")))
    assert codes(outcomes[3]) == codes(outcomes[4]) == {("UNKNOWN_PARENT", "parent_external_id")}
    assert outcomes[5].result is Result.CREATED


async def test_a_cycle_is_refused_naming_its_rows(files: Files) -> None:
    header = "external_id,name,parent_external_id"
    path = files.csv(header, "a,A,c", "b,B,a", "c,C,b", "below,Below,a", "free,Free,")
    outcomes = by_line(await files.run("organizations", path))
    for line in (2, 3, 4):
        (problem,) = outcomes[line].problems
        assert problem.code == "CYCLE"
        assert all(f"{name} (line {at})" in problem.message for name, at in (("a", 2), ("b", 3), ("c", 4)))
    assert codes(outcomes[5]) == {("UNKNOWN_PARENT", "parent_external_id")}
    assert outcomes[6].result is Result.CREATED


@pytest.mark.parametrize("step", [1, -1])
async def test_a_tree_may_be_a_hundred_levels_deep_and_no_deeper(files: Files, step: int) -> None:
    rows: list[dict[str, Any]] = [{"external_id": "n0", "name": "N"}]
    rows += [{"external_id": f"n{n}", "name": "N", "parent_external_id": f"n{n - 1}"} for n in range(1, 103)]
    outcomes = await files.rows("organizations", *rows[::step])
    assert results(outcomes) == {"CREATED": 101, "REFUSED": 2}
    assert all(("TOO_DEEP", "parent_external_id") in codes(each) for each in outcomes if each.problems)


async def test_depth_counts_what_is_there_already(files: Files) -> None:
    rows: list[dict[str, Any]] = [{"external_id": "n0", "name": "N"}]
    rows += [{"external_id": f"n{n}", "name": "N", "parent_external_id": f"n{n - 1}"} for n in range(1, 101)]
    await files.rows("organizations", *rows)
    outcome = await files.one("organizations", external_id="more", name="More", parent_external_id="n100")
    assert codes(outcome) == {("TOO_DEEP", "parent_external_id")}


async def test_a_deleted_parent_is_unknown(files: Files, store: Store) -> None:
    top = await files.made("organizations", external_id="top", name="Top")
    await store["organizations"].update_one({"_id": top["_id"]}, {"$set": {"deletedAt": NOW}})
    outcome = await files.one("organizations", external_id="x", name="X", parent_external_id="top")
    assert codes(outcome) == {("UNKNOWN_PARENT", "parent_external_id")}


async def test_a_domain_that_rows_of_two_transactions_claim_recognises_nobody(files: Files, store: Store) -> None:
    bucket = organization("unclassified")
    await save(store, *(subscriber(each, bucket, email=f"a@{each}.com") for each in ("first", "both")))
    rows: list[dict[str, Any]] = [{"external_id": f"o{n}", "name": "O"} for n in range(1_100)]
    rows[0] |= {"associated_domains": ["first.com", "both.com"]}
    rows[-1] |= {"associated_domains": ["Both.COM"]}
    for dry_run in (True, False):
        outcomes = await files.rows("organizations", *rows, dry_run=dry_run)
        warned = [(each.line, warning.code) for each in outcomes for warning in each.warnings]
        assert warned == [(1, "SUBSCRIBERS_WAITING")]
        assert outcomes[0].warnings[0].message.startswith("Subscribers in UNCLASSIFIED with addresses there: 1.")
