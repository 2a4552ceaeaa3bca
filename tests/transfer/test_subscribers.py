"""Subscribers from files: every column, and whose they are."""

from __future__ import annotations

from typing import Any

import pytest

from app.entities.identifiers import UNCLASSIFIED_ID
from app.mongo.client import Store
from app.transfer.outcome import Result
from tests.transfer.running import NOW, Files, codes, results


@pytest.fixture
async def acme(files: Files) -> str:
    """An organization that alone claims acme.com, and with another globex.com; its id."""
    made = await files.made(
        "organizations", external_id="acme", name="Acme", associated_domains=["acme.com", "globex.com"]
    )
    await files.made("organizations", external_id="globex", name="G", associated_domains=["globex.com", "gmail.com"])
    return str(made["_id"])


async def test_every_column_is_kept(files: Files, store: Store, acme: str) -> None:
    made = await files.made(
        "subscribers",
        email=" Carol@ACME.com ",
        first_name="Carol",
        last_name="Nguyen",
        subscriber_id="1473847563",
        organization_external_id="acme",
    )
    assert (made["email"], made["emailKey"]) == ("Carol@ACME.com", "carol@acme.com")
    assert (made["firstName"], made["lastName"], made["subscriberId"]) == ("Carol", "Nguyen", "1473847563")
    assert (made["organizationId"], made["createdAt"]) == (acme, NOW)
    claims = await store["keys"].find({"recordId": made["_id"]}).to_list()
    assert {(each["namespace"], each["key"]) for each in claims} == {
        ("email", "carol@acme.com"),
        ("subscriberId", "1473847563"),
    }
    guarded = await store["organizations"].find_one({"_id": acme})
    assert guarded is not None
    assert guarded["guard"] == 1


async def test_an_id_is_generated_where_none_is_given(files: Files) -> None:
    made = await files.made("subscribers", email="x@x.com")
    assert made["subscriberId"] == made["_id"]


@pytest.mark.parametrize(
    ("email", "decides"),
    [
        ("x@acme.com", True),
        ("x@ACME.com", True),
        ("x@eu.acme.com", False),
        ("x@evilacme.com", False),
        ("x@globex.com", False),
        ("x@gmail.com", False),
        ("x@nowhere.com", False),
    ],
)
async def test_a_domain_decides_where_one_alone_claims_it(files: Files, acme: str, email: str, decides: bool) -> None:
    made = await files.made("subscribers", email=email)
    assert made["organizationId"] == (acme if decides else UNCLASSIFIED_ID)


async def test_a_deleted_organization_claims_no_domain(files: Files, store: Store, acme: str) -> None:
    await store["organizations"].update_one({"_id": acme}, {"$set": {"deletedAt": NOW}})
    made = await files.made("subscribers", email="x@acme.com")
    assert made["organizationId"] == UNCLASSIFIED_ID


async def test_an_organization_that_is_named_wins(files: Files, acme: str) -> None:
    made = await files.made("subscribers", email="x@globex.com", organization_external_id="acme")
    assert made["organizationId"] == acme


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"email": "no address"}, ("INVALID_EMAIL", "email")),
        ({"email": ""}, ("REQUIRED", "email")),
        ({"email": "x@x.com", "first_name": "x" * 257}, ("TOO_LONG", "first_name")),
        ({"email": "x@x.com", "subscriber_id": "x" * 257}, ("TOO_LONG", "subscriber_id")),
        (
            {"email": "x@x.com", "organization_external_id": "nobody"},
            ("UNKNOWN_ORGANIZATION", "organization_external_id"),
        ),
        ({"email": "x@x.com", "name": "X"}, ("UNKNOWN_COLUMN", "name")),
    ],
)
async def test_a_row_that_breaks_a_rule_is_refused(files: Files, row: dict[str, Any], problem: tuple[str, str]) -> None:
    assert codes(await files.one("subscribers", **row)) == {problem}


async def test_an_address_is_unique_in_any_case(files: Files) -> None:
    made = await files.made("subscribers", email="Straße@x.com", first_name="A")
    again = await files.one("subscribers", email="STRASSE@X.com", first_name="A")
    assert (again.result, again.record_id) == (Result.UNCHANGED, made["_id"])
    stored = await files.store["subscribers"].find_one({"_id": made["_id"]})
    assert stored is not None
    assert stored["email"] == "Straße@x.com"
    other = await files.one("subscribers", email="STRASSE@X.com", first_name="B")
    assert codes(other) == {("EXISTS_DIFFERENT", "first_name")}
    assert other.problems[0].message == (
        "'STRASSE@X.com' exists already, with 'A'; the row has 'B'. "
        "To change it, import with --update, or in a mutation with `update: true`."
    )


async def test_the_same_address_in_another_case_is_the_same_row(files: Files) -> None:
    rows = [{"email": email, "first_name": "A"} for email in ("a@x.com", "A@X.com", "\uff41@x.com")]
    assert results(await files.rows("subscribers", *rows)) == {"CREATED": 1, "UNCHANGED": 2}


async def test_a_subscriber_id_of_another_cannot_be_taken(files: Files) -> None:
    await files.made("subscribers", email="a@x.com", subscriber_id="1")
    assert codes(await files.one("subscribers", email="b@x.com", subscriber_id="1")) == {("TAKEN", "subscriber_id")}


async def test_what_a_rule_decided_is_not_compared_again(files: Files, acme: str) -> None:
    await files.made("subscribers", email="x@nowhere.com")
    await files.made("organizations", external_id="n", name="N", associated_domains=["nowhere.com"])
    assert (await files.one("subscribers", email="x@nowhere.com")).result is Result.UNCHANGED


async def test_another_organization_than_before_is_refused(files: Files, acme: str) -> None:
    await files.made("subscribers", email="x@acme.com")
    outcome = await files.one("subscribers", email="x@acme.com", organization_external_id="globex")
    assert codes(outcome) == {("EXISTS_DIFFERENT", "organization_external_id")}


async def test_the_same_file_as_csv(files: Files, acme: str) -> None:
    path = files.csv(
        "organization_external_id,email,first_name",
        "acme,a@x.com,Ann",
        ',b@x.com,"B, C"',
        "none,c@x.com,",
        ",A@X.com,Ann",
    )
    outcomes = await files.run("subscribers", path)
    assert results(outcomes) == {"CREATED": 2, "REFUSED": 2}
    assert codes(outcomes[3]) == {("DUPLICATE_IN_FILE", "email")}


@pytest.mark.parametrize(
    ("claimed", "email"),
    [
        ("fass.de", "a@faß.de"),
        ("acme.com", "a@evilacme.com"),
        ("acme.com", "a@eu.acme.com"),
        ("acme.com", "a@\u0430cme.com"),
        ("βόλοσ.gr", "a@βόλος.gr"),
    ],
)
async def test_somebody_elses_domain_decides_nothing(files: Files, claimed: str, email: str) -> None:
    await files.made("organizations", external_id="acme", name="Acme", associated_domains=[claimed])
    assert (await files.made("subscribers", email=email))["organizationId"] == UNCLASSIFIED_ID


async def test_a_domain_is_the_same_as_it_goes_over_the_wire(files: Files) -> None:
    made = await files.made("organizations", external_id="s", name="S", associated_domains=["straße.de"])
    assert made["associatedDomains"] == ["xn--strae-oqa.de"]
    for email in ("a@straße.de", "b@STRAẞE.de", "c@xn--strae-oqa.de"):
        assert (await files.made("subscribers", email=email))["organizationId"] == made["_id"]
