"""What is more than one document holds is refused as data, and nothing of it is stored."""

from __future__ import annotations

from app.mongo.client import Store
from tests.records import credential, organization, save, subscriber
from tests.writing.doing import do, done, everything

HALF = "y" * 40_000


async def test_a_survivor_that_would_be_too_large_is_refused(store: Store) -> None:
    names = [f"s{n}" for n in range(17)]
    sources = [organization(each, formerNames=[each * 500_000]) for each in names]
    await save(store, organization("t"), *sources)
    before = await everything(store)
    given = {"target": {"id": "org_t"}, "sources": [{"id": f"org_{each}"} for each in names]}
    payload = await do(store, "mergeOrganizations", "organization { id }", **given)
    assert [each["code"] for each in payload["userErrors"]] == ["TOO_LARGE"]
    after = await everything(store)
    assert {name: len(found) for name, found in after.items()} == {name: len(found) for name, found in before.items()}


async def test_a_result_that_cannot_be_kept_for_a_retry_is_refused(store: Store) -> None:
    own = organization("o")
    more = {"customMetadata": [{"name": "x", "value": HALF}], "appMetadata": [{"app": "x", "data": {"x": HALF}}]}
    people = [subscriber(f"p{n}", own, n, **more) for n in range(100)]
    keys = [credential(f"c{n}", person, n, **more) for n, person in enumerate(people)]
    # the whole answer would have 16 MB
    await save(store, own, *people, *(each.model_copy(update={"tags": (HALF,) * 2}) for each in keys))
    given = {
        "existing": {"id": "org_o"},
        "idempotencyKey": "once",
        "subscribers": [{"email": each.email} for each in people],
        "credentials": [
            {"name": "c", "credentialId": each.credential_id, "subscriber": {"email": people[0].email}} for each in keys
        ],
    }
    payload = await do(store, "onboardCustomer", "created", **given)
    assert [each["code"] for each in payload["userErrors"]] == ["TOO_LARGE"]
    assert (await do(store, "onboardCustomer", "created", **given | {"idempotencyKey": None}))["userErrors"] == []


async def test_what_all_apps_keep_has_one_limit(store: Store) -> None:
    made = await done(store, "createOrganization", name="A", externalId="a")
    codes = []
    for app in ("one", "two"):
        given = {"id": made["id"], "app": app, "data": {"x": HALF}}
        payload = await do(store, "setAppMetadata", "record { id }", **given)
        codes.append([(each["code"], each["field"]) for each in payload["userErrors"]])
    assert codes == [[], [("TOO_LONG", ["data"])]]


async def test_what_apps_keep_of_a_survivor_has_it_too(store: Store) -> None:
    for name in "ab":
        documents = [{"app": name, "data": {"x": HALF}}]
        await done(store, "createOrganization", name=name, externalId=name, appMetadata=documents)
    given = {"target": {"externalId": "a"}, "sources": [{"externalId": "b"}]}
    payload = await do(store, "mergeOrganizations", "organization { id }", **given)
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("TOO_LONG", ["sources"])]
