"""Whatever text there is: it is stored as given (trimmed), or refused as data. Never an error of the program."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.mongo.client import Store
from tests.asking import data
from tests.writing.doing import METADATA, refused, send

ODD = [
    "",
    " ",
    "\0",
    "\ud800",
    "\u200b",
    "\u202e",
    "İ",
    "ß",
    "ﬁ",
    "é",
    "e\u0301",
    "😀",
    "a.b",
    "$x",
    "@",
    "xn--a",
    "..",
    "-",
]
TEXT = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=12),
    st.text(string.printable, max_size=12),
    st.lists(st.sampled_from(ODD), max_size=4).map("".join),
    st.characters(exclude_categories=()),
    st.integers(250, 260).map(lambda n: "x" * n),
)
HOST = st.one_of(
    TEXT, TEXT.map(lambda text: f"{text}.com"), st.sampled_from(["acme.com", "ＡＣＭＥ．com", "faß.de", "☃.net"])
)
EMAIL = st.one_of(TEXT, st.tuples(TEXT, HOST).map("@".join))
VALUE: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
ENTRIES = st.lists(st.fixed_dictionaries({"name": TEXT, "value": VALUE}), max_size=3)
APPS = st.lists(st.fixed_dictionaries({"app": TEXT | st.just("stripe"), "data": VALUE}), max_size=2)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "customMetadata": ENTRIES,
    "appMetadata": APPS,
    "idempotencyKey": TEXT,
}


def odd(valid: dict[str, Any], fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A valid input, up to three fields of it odd."""
    some = st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True)
    said = some.flatmap(lambda names: st.fixed_dictionaries({name: fields[name] for name in names}))
    return said.map(lambda more: valid | more)


ORGANIZATION = {
    "name": TEXT,
    "description": TEXT,
    "externalId": TEXT,
    "aliases": st.lists(TEXT, max_size=3),
    "timezone": TEXT,
    "associatedDomains": st.lists(HOST, max_size=3),
    "storefrontUrl": TEXT | TEXT.map(lambda text: f"https://{text}"),
    "primaryEmail": EMAIL,
    "billing": st.fixed_dictionaries({}, optional={"city": TEXT, "email": EMAIL}),
    "parent": st.fixed_dictionaries({"externalId": TEXT}) | st.fixed_dictionaries({"name": TEXT}),
    **OPTIONAL,
}
SUBSCRIBER = {"email": EMAIL, "firstName": TEXT, "lastName": TEXT, "subscriberId": TEXT, **OPTIONAL}
KEPT = {"name", "description", "externalId", "timezone", "storefrontUrl", "primaryEmail"}
KEPT |= {"email", "firstName", "lastName", "subscriberId"}
LENIENT = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


async def check(store: Store, kind: str, said: dict[str, Any]) -> None:
    """A create either keeps what was said or refuses it as data; what is kept is read again alike."""
    field = kind.lower()
    fields = sorted(KEPT & said.keys())
    shown = f"{field} {{ id {' '.join(fields)} {METADATA} }}"
    answer = await send(store, f"create{kind}", said, shown)
    if answer.codes:
        assert set(answer.codes.values()) == {"BAD_VARIABLES"}, answer.messages
        assert answer.data is None
        return
    payload = answer.data[f"create{kind}"]
    if payload["userErrors"]:
        assert payload[field] is None
        return
    made = payload[field]
    assert {name: made[name] for name in fields} == {name: said[name].strip() for name in fields}
    assert made["customMetadata"] == said.get("customMetadata", [])
    assert made["appMetadata"] == {
        each["app"]: each["data"] for each in said.get("appMetadata", []) if each["data"] is not None
    }
    read = f"query Q($id: ID!) {{ {field}(by: {{id: $id}}) {shown.removeprefix(field)} }}"
    assert (await data(store, read, id=made["id"]))[field] == made
    await send(store, f"delete{kind}", {"by": {"id": made["id"]}})


@LENIENT
@given(said=odd({"name": "Acme"}, ORGANIZATION))
async def test_an_organization_is_kept_as_given_or_refused(store: Store, said: dict[str, Any]) -> None:
    await check(store, "Organization", said)


@LENIENT
@given(said=odd({"email": "carol@acme.com"}, SUBSCRIBER))
async def test_a_subscriber_is_kept_as_given_or_refused(store: Store, said: dict[str, Any]) -> None:
    await check(store, "Subscriber", said)


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "\ud800", "$where", "a" * 100_000, "org_\ud800", "org_\0", "org_", "_"]
)
async def test_a_key_that_nothing_can_have_finds_nothing(store: Store, text: str) -> None:
    ids = [("id", "NOT_FOUND" if text.startswith("org_") else "INVALID_ID")]
    assert await refused(store, "restoreOrganization", id=text) == ids
    assert await refused(store, "updateOrganization", by={"id": text}) == [("by.id", ids[0][1])]
    for name in ("externalId", "name"):
        assert await refused(store, "deleteOrganization", by={name: text}) == [(f"by.{name}", "NOT_FOUND")]
    assert await refused(store, "updateSubscriber", by={"email": text}) == [("by.email", "NOT_FOUND")]
    assert await refused(store, "updateCredential", by={"credentialId": text}) == [("by.credentialId", "NOT_FOUND")]
