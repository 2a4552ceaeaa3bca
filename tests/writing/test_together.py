"""Writes that meet: several in one operation, several at the same instant."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.mongo.client import Store
from tests.asking import ask, data
from tests.writing.doing import do, done, made_of_each


async def test_each_mutation_of_an_operation_shows_what_the_ones_before_it_did(store: Store) -> None:
    await made_of_each(store)
    shown = (
        "subscriber { organization { name version subscribers { totalCount nodes { email } } } } userErrors { code }"
    )
    answer = await ask(
        store,
        f"""mutation {{
            a: updateSubscriber(input: {{by: {{email: "c@x.com"}}, firstName: "A"}}) {{ {shown} }}
            b: updateOrganization(input: {{by: {{externalId: "acme"}}, name: "B"}}) {{ userErrors {{ code }} }}
            c: createSubscriber(input: {{email: "d@x.com", organization: {{externalId: "acme"}}}}) {{ {shown} }}
            d: createSubscriber(input: {{email: "d@x.com"}}) {{ {shown} }}
            e: deleteSubscriber(input: {{by: {{email: "c@x.com"}}}}) {{ userErrors {{ code }} }}
        }}""",
    )
    assert answer.codes == {}
    seen = [answer.data[name]["subscriber"] for name in "ac"]
    assert [(each["organization"]["name"], each["organization"]["version"]) for each in seen] == [("Acme", 1), ("B", 2)]
    assert [each["organization"]["subscribers"]["totalCount"] for each in seen] == [1, 2]
    assert len(seen[1]["organization"]["subscribers"]["nodes"]) == 2
    assert [answer.data[name]["userErrors"] for name in "de"] == [[{"code": "TAKEN"}], [{"code": "IN_USE"}]]


@pytest.mark.parametrize(
    ("mutation", "given", "path"),
    [
        ("createOrganization", {"name": "x", "externalId": "one"}, "externalId"),
        ("createSubscriber", {"email": "Carol@x.com"}, "email"),
        ("createPlan", {"key": "p", "name": "x", "currency": "USD", "charging": "FREE"}, "key"),
    ],
)
async def test_of_many_that_want_one_key_at_once_one_has_it(store: Store, mutation: str, given: Any, path: str) -> None:
    payloads = await asyncio.gather(*(do(store, mutation, **given) for _ in range(8)))
    refusals = [[(each["field"], each["code"]) for each in payload["userErrors"]] for payload in payloads]
    assert sorted(refusals) == [[], *[[([path], "TAKEN")]] * 7]


async def test_of_many_changes_of_one_version_one_is_made(store: Store) -> None:
    acme = await done(store, "createOrganization", name="Acme")
    given: dict[str, Any] = {"by": {"id": acme["id"]}, "expectedVersion": 1}
    payloads = await asyncio.gather(*(do(store, "updateOrganization", **given, name=f"A{n}") for n in range(6)))
    codes = sorted(each["code"] for payload in payloads for each in payload["userErrors"])
    assert codes == ["STALE_VERSION"] * 5


@pytest.mark.parametrize(
    ("kind", "below", "given"),
    [
        ("Organization", "Organization", {"name": "Child", "parent": {"externalId": "x"}}),
        ("Organization", "Subscriber", {"email": "x@x.com", "organization": {"externalId": "x"}}),
        ("Organization", "UsageAttribute", {"kind": "SUBJECT", "key": "k", "organization": {"externalId": "x"}}),
    ],
)
async def test_creating_below_and_deleting_above_never_both_succeed(
    store: Store, kind: str, below: str, given: Any
) -> None:
    for _ in range(5):
        made = await done(store, f"create{kind}", name="x", externalId="x")
        created, deleted = await asyncio.gather(
            do(store, f"create{below}", **given), do(store, f"delete{kind}", by={"id": made["id"]})
        )
        assert bool(created["userErrors"]) is not bool(deleted["userErrors"])
        codes = {each["code"] for payload in (created, deleted) for each in payload["userErrors"]}
        assert codes <= {"IN_USE", "NOT_FOUND"}
        if not created["userErrors"]:
            field = below[0].lower() + below[1:]
            await done(store, f"delete{below}", by={"id": created[field]["id"]})
            await done(store, f"delete{kind}", by={"id": made["id"]})
    assert (await data(store, "{ organizations { totalCount } }"))["organizations"]["totalCount"] == 1
