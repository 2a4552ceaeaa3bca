"""After a merge the survivor has whatever found a source, through deletes and restores too."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from tests.asking import ask
from tests.writing.doing import done, refused

SOURCE = [{"app": "stripe", "data": {"customerId": "cus_b"}}]


async def merged(store: Store, **source: Any) -> tuple[str, str]:
    """The ids of the survivor "a", and of "b", which was merged into it."""
    target = [{"app": "stripe", "data": {"customerId": "cus_a"}}]
    a = await done(store, "createOrganization", name="A", externalId="a", appMetadata=target)
    b = await done(store, "createOrganization", name="B", externalId="b", appMetadata=SOURCE)
    await join(store)
    return a["id"], b["id"]


async def join(store: Store) -> None:
    given = {"target": {"externalId": "a"}, "sources": [{"externalId": "b"}]}
    await done(store, "mergeOrganizations", "organization { id }", **given)


async def found(store: Store, record_id: str) -> set[tuple[str, str]]:
    """(key, field) of all that finds a record."""
    return {(row["key"], row["field"]) async for row in store["keys"].find({"recordId": record_id})}


async def test_a_survivor_that_was_deleted_comes_back_with_all_that_found_it(store: Store) -> None:
    a, b = await merged(store)
    before = await found(store, a)
    assert before == {
        *((each, "id") for each in (a, b)),
        *((each, "appMetadata") for each in ("cus_a", "cus_b")),
        ("a", "externalId"),
        ("b", "aliases"),
    }
    await done(store, "deleteOrganization", by={"id": a})
    assert await found(store, a) == set()
    await done(store, "restoreOrganization", id=a)
    assert await found(store, a) == before
    assert await refused(store, "createOrganization", name="C", appMetadata=SOURCE) == [("appMetadata", "TAKEN")]


async def test_what_another_took_meanwhile_is_left_to_it(store: Store) -> None:
    a, _ = await merged(store)
    await done(store, "deleteOrganization", by={"id": a})
    c = await done(store, "createOrganization", name="C", appMetadata=SOURCE)
    await done(store, "restoreOrganization", id=a)
    assert await found(store, c["id"]) == {(c["id"], "id"), ("cus_b", "appMetadata")}


@pytest.mark.parametrize("by", ["createCredential", "importCredentials", "rotateCredential"])
async def test_a_key_that_a_source_kept_is_the_survivors_and_nobody_elses(store: Store, by: str) -> None:
    for name in "abc":
        await done(store, "createOrganization", name=name, externalId=name)
        await done(store, "createSubscriber", email=f"x@{name}.com", organization={"externalId": name})
        await done(store, "createCredential", name="k", credentialId=name, subscriber={"email": f"x@{name}.com"})
    await done(store, "deleteCredential", by={"credentialId": "b"})
    await join(store)
    assert await take(store, by, "c") == ["CREDENTIAL_KEY_RESERVED"]
    assert await take(store, by, "a") == []


async def take(store: Store, by: str, whose: str) -> list[str]:
    """Why an organization does not get the key "b"."""
    given: dict[str, Any] = {"name": "k", "credentialId": "b", "subscriber": {"email": f"x@{whose}.com"}}
    if by == "rotateCredential":
        given = {"by": {"credentialId": whose}, "credentialId": "b"}
    if by == "importCredentials":
        given = {"rows": [{"name": "k", "credentialId": "b", "subscriberEmail": f"x@{whose}.com"}]}
    kind = by[0].upper() + by[1:]
    answer = await ask(
        store, f"mutation M($input: {kind}Input!) {{ {by}(input: $input) {{ userErrors {{ code }} }} }}", input=given
    )
    assert not answer.messages
    return [each["code"] for each in answer.data[by]["userErrors"]]


async def test_a_key_that_changes_from_alias_to_external_id_is_claimed_as_that(store: Store) -> None:
    a = await done(store, "createOrganization", name="A", externalId="one", aliases=["two"])
    await done(store, "updateOrganization", by={"id": a["id"]}, externalId="two", aliases=["one"])
    assert await found(store, a["id"]) == {(a["id"], "id"), ("two", "externalId"), ("one", "aliases")}
