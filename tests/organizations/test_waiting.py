"""Who signed up before their company did: who claims a domain is shown those who wait, and gets them if asked."""

from __future__ import annotations

from typing import Any

import pytest

from app.entities.identifiers import UNCLASSIFIED_ID
from app.mongo.client import Store
from tests.asking import data
from tests.commands import Commands, examined
from tests.records import credential, organization, plan, save, subscriber, subscription
from tests.writing.doing import do, done, everything, refused, stored

SHOWN = """waitingSubscribers { totalCount subscribers { email version organization { name } }
handedOver { organizations subscribers credentials } }"""
UNCLASSIFIED = organization("unclassified")
ACME = {"name": "Acme", "externalId": "acme", "associatedDomains": ["acme.com"]}


@pytest.fixture(autouse=True)
async def waiting(store: Store) -> None:
    """Two people at acme.com and one elsewhere wait, with three keys; a fourth of theirs is another organization's."""
    ann, bob, eve = (subscriber(name, UNCLASSIFIED, email=email) for name, email in EMAILS.items())
    other = organization("other")
    key = credential("c", bob, organizationId=other.id)
    await save(store, ann, bob, eve, other, credential("a", ann), credential("b", bob), key, credential("e", eve))


EMAILS = {"ann": "Ann@Acme.com", "bob": "bob@acme.com", "eve": "eve@eu.acme.com"}


def shown(*emails: str, of: str = "UNCLASSIFIED", moved: tuple[int, int] | None = None) -> dict[str, Any]:
    """What a payload shows."""
    version = 1 if moved is None else 2
    people = [{"email": each, "version": version, "organization": {"name": of}} for each in emails]
    counts = moved and {"organizations": 0, "subscribers": moved[0], "credentials": moved[1]}
    return {"totalCount": len(emails), "subscribers": people, "handedOver": counts}


MOVED = shown("Ann@Acme.com", "bob@acme.com", of="Acme", moved=(2, 2))
PROPOSED = shown("Ann@Acme.com", "bob@acme.com")


async def owners(store: Store, collection: str) -> dict[str, str]:
    """Id → organization."""
    return {each["_id"]: each["organizationId"] async for each in store[collection].find()}


async def test_a_new_organization_is_shown_who_waits_for_it(store: Store) -> None:
    before = await owners(store, "subscribers"), await owners(store, "credentials")
    assert await done(store, "createOrganization", SHOWN, **ACME) == PROPOSED
    assert (await owners(store, "subscribers"), await owners(store, "credentials")) == before
    assert await done(store, "createOrganization", SHOWN, name="B") == shown()


async def test_it_gets_them_where_that_is_asked_for_with_their_keys_and_a_history(store: Store) -> None:
    acme = f"organization {{ id }} {SHOWN}"
    made = await done(store, "createOrganization", acme, **ACME, moveWaitingSubscribers=True, idempotencyKey="k")
    node = made["organization"]["id"]
    assert made["waitingSubscribers"] == MOVED
    assert await owners(store, "subscribers") == {"sbr_ann": node, "sbr_bob": node, "sbr_eve": UNCLASSIFIED_ID}
    keys = {"crd_a": node, "crd_b": node, "crd_c": "org_other", "crd_e": UNCLASSIFIED_ID}
    assert await owners(store, "credentials") == keys
    for each in ("sbr_ann", "crd_b"):
        doc = await stored(store, each)
        [entry] = await store["auditEntries"].find({"recordId": each}).to_list()
        assert (doc["version"], entry["recordVersion"], entry["operation"]) == (2, 2, "createOrganization")
        assert entry["changes"] == [{"field": "organizationId", "before": UNCLASSIFIED_ID, "after": node}]
    after = await everything(store)
    assert (
        await done(store, "createOrganization", acme, **ACME, moveWaitingSubscribers=True, idempotencyKey="k") == made
    )
    assert await everything(store) == after


async def test_an_update_shows_them_where_it_is_about_domains_and_moves_them_where_that_is_asked_for(
    store: Store,
) -> None:
    await done(store, "createOrganization", name="Acme", externalId="acme")
    by = {"externalId": "acme"}
    assert await done(store, "updateOrganization", SHOWN, by=by, description="d") is None
    domains = {"associatedDomains": ["acme.com", "acme.org"]}
    assert await done(store, "updateOrganization", SHOWN, by=by, **domains) == PROPOSED
    assert await done(store, "updateOrganization", SHOWN, by=by, moveWaitingSubscribers=True) == MOVED
    assert await done(store, "updateOrganization", SHOWN, by=by, moveWaitingSubscribers=True) == shown(moved=(0, 0))


async def test_onboarding_shows_and_moves_them_besides_those_that_it_names(store: Store) -> None:
    given: dict[str, Any] = {"organization": ACME, "subscribers": [{"email": "ann@acme.com"}]}
    payload = await done(store, "onboardCustomer", f"organization {{ id }} moved {SHOWN}", **given)
    assert payload["moved"] == ["sbr_ann", "crd_a"]
    assert payload["waitingSubscribers"] == shown("bob@acme.com")
    again = await done(store, "onboardCustomer", f"moved {SHOWN}", **given, moveWaitingSubscribers=True)
    assert again == {
        "moved": [],
        "userErrors": [],
        "waitingSubscribers": shown("bob@acme.com", of="Acme", moved=(1, 1)),
    }
    existing = {"existing": {"externalId": "acme"}}
    assert await done(store, "onboardCustomer", SHOWN, **existing) is None
    assert await done(store, "onboardCustomer", SHOWN, **existing, moveWaitingSubscribers=True) == shown(moved=(0, 0))


async def test_who_is_named_moves_once_where_all_move(store: Store) -> None:
    given: dict[str, Any] = {"organization": ACME, "subscribers": [{"email": "ann@acme.com"}]}
    payload = await done(store, "onboardCustomer", f"moved {SHOWN}", **given, moveWaitingSubscribers=True)
    assert payload["moved"] == ["sbr_ann", "crd_a"]
    assert payload["waitingSubscribers"] == shown("bob@acme.com", of="Acme", moved=(1, 1))
    for each in ("sbr_ann", "crd_a", "sbr_bob", "crd_b"):
        assert (await stored(store, each))["version"] == 2
        assert await store["auditEntries"].count_documents({"recordId": each}) == 1


@pytest.mark.parametrize("domain", ["shared.com", "gmail.com", "co.uk", "eu.acme.com.evil.com"])
async def test_a_domain_that_several_claim_or_that_is_public_decides_nothing(store: Store, domain: str) -> None:
    await save(store, subscriber("zoe", UNCLASSIFIED, email="zoe@shared.com"))
    await save(store, subscriber("max", UNCLASSIFIED, email="max@gmail.com"))
    await done(store, "createOrganization", name="First", associatedDomains=["shared.com"])
    given = {"name": "Second", "associatedDomains": [domain], "moveWaitingSubscribers": True}
    assert await done(store, "createOrganization", SHOWN, **given) == shown(moved=(0, 0))
    both = {**given, "associatedDomains": [domain, "acme.com"], "name": "Acme"}
    assert await done(store, "createOrganization", SHOWN, **both) == MOVED


async def test_a_key_stays_with_a_subscription_that_covers_it(store: Store) -> None:
    ann, lost = subscriber("amy", UNCLASSIFIED, email="amy@acme.com"), plan("gold")
    linked = subscription("s", UNCLASSIFIED, lost)
    await save(store, ann, lost, linked, credential("linked", ann, subscriptionId=linked.id))
    before = await everything(store)
    given = {**ACME, "name": " ", "moveWaitingSubscribers": True}
    assert await refused(store, "createOrganization", **given) == [
        ("name", "REQUIRED"),
        ("moveWaitingSubscribers", "SUBSCRIPTION_ELSEWHERE"),
    ]
    assert await everything(store) == before


async def test_they_move_in_parts_by_a_mutation_of_its_own(store: Store) -> None:
    await done(store, "createOrganization", **ACME)
    by = {"by": {"externalId": "acme"}}
    assert await refused(store, "moveWaitingSubscribers", SHOWN, **by, limit=0, expectedVersion=9) == [
        ("limit", "INVALID_NUMBER"),
        ("expectedVersion", "STALE_VERSION"),
    ]
    first = await done(store, "moveWaitingSubscribers", SHOWN, **by, limit=1)
    assert first == shown("Ann@Acme.com", of="Acme", moved=(1, 1)) | {"totalCount": 2}
    assert await done(store, "moveWaitingSubscribers", SHOWN, **by) == shown("bob@acme.com", of="Acme", moved=(1, 1))
    assert await done(store, "moveWaitingSubscribers", SHOWN, **by) == shown(moved=(0, 0))
    assert await refused(store, "moveWaitingSubscribers", SHOWN, by={"id": UNCLASSIFIED_ID}) == [
        ("by", "UNCLASSIFIED_FIXED")
    ]


async def test_more_than_one_transaction_can_change_is_refused_with_the_counts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("waiting", "subtrees"):
        monkeypatch.setattr(f"app.organizations.{module}.MOST_WRITES", 3)
    given = {**ACME, "moveWaitingSubscribers": True}
    payload = await do(store, "createOrganization", SHOWN, **given)
    [error] = payload["userErrors"]
    assert (error["field"], error["code"]) == (["moveWaitingSubscribers"], "TOO_LARGE")
    assert error["message"].startswith("It changes 4 records (2 subscribers, 2 credentials); one transaction can")
    await save(store, *(subscriber(f"p{n}", UNCLASSIFIED, email=f"p{n}@acme.com") for n in range(9)))
    payload = await do(store, "createOrganization", SHOWN, **given)
    assert payload["userErrors"][0]["message"].startswith("It changes 11 records (11 subscribers); one transaction can")
    assert (await done(store, "createOrganization", SHOWN, **ACME))["totalCount"] == 11


async def test_a_crowd_costs_as_few_commands_as_one_and_no_scan(store: Store, commands: Commands) -> None:
    async def count(name: str, **given: Any) -> int:
        with commands.counting() as counted:
            await done(store, "createOrganization", SHOWN, name=name, externalId=name, **given)
        return len(counted.seen)

    crowd = [subscriber(f"p{n:03}", UNCLASSIFIED, email=f"p{n:03}@big.com") for n in range(200)]
    elsewhere = [subscriber(f"e{n}", UNCLASSIFIED, email=f"e{n}@gone.com") for n in range(300)]
    await save(store, *crowd, *elsewhere, *(credential(f"k{n}", each) for n, each in enumerate(crowd)))
    few = await count("few", associatedDomains=["acme.com"], moveWaitingSubscribers=True)
    many = await count("many", associatedDomains=["big.com"], moveWaitingSubscribers=True)
    assert many == few + 1, "one more counts them"
    assert set((await owners(store, "subscribers")).values()) > {UNCLASSIFIED_ID}
    assert await count("nobody", associatedDomains=["none.com"]) == await count("bare") + 1
    async with examined(store) as found:
        await count("new", associatedDomains=["new.com"])
    assert found.documents < 5


async def test_they_are_found_with_the_people_of_unclassified(store: Store) -> None:
    query = """{ organization(by: {name: "UNCLASSIFIED"}) {
        subscribers(filter: {emailDomain: {equals: "acme.com"}}) { totalCount nodes { email } } } }"""
    found = await data(store, query)
    assert found["organization"]["subscribers"] == {
        "totalCount": 2,
        "nodes": [{"email": "Ann@Acme.com"}, {"email": "bob@acme.com"}],
    }


ROWS = [
    {"externalId": "acme", "name": "Acme", "associatedDomains": ["acme.com"]},
    {"externalId": "eu", "name": "Acme Europe", "associatedDomains": ["eu.acme.com"]},
    {"externalId": "eu2", "name": "Acme Europe, too", "associatedDomains": ["EU.acme.com"]},
    {"externalId": "new", "name": "New", "associatedDomains": ["new.com"]},
]


async def imported(store: Store, **given: Any) -> list[list[tuple[str, str]]]:
    """The warnings of each row."""
    shown = "rows { result warnings { code message } }"
    rows = await done(store, "importOrganizations", shown, rows=ROWS, **given)
    assert {each["result"] for each in rows} == {"CREATED"}
    return [[(each["code"], each["message"]) for each in row["warnings"]] for row in rows]


async def test_an_import_tells_who_waits_unless_two_rows_claim_them(store: Store) -> None:
    before = await owners(store, "subscribers")
    message = "Subscribers in UNCLASSIFIED with addresses there: 2. `moveWaitingSubscribers` moves them to it."
    for given in ({"dryRun": True, "moveWaitingSubscribers": False}, {}):
        assert await imported(store, **given) == [[("SUBSCRIBERS_WAITING", message)], [], [], []]
    assert await owners(store, "subscribers") == before


async def test_an_import_moves_who_waits_where_that_is_asked_for(store: Store) -> None:
    message = "Moved to it from UNCLASSIFIED: 2 subscribers, 2 credentials."
    moved = [[("SUBSCRIBERS_MOVED", message)], [], [], []]
    assert await imported(store, moveWaitingSubscribers=True, dryRun=True) == moved
    assert set((await owners(store, "subscribers")).values()) == {UNCLASSIFIED_ID}
    assert await imported(store, moveWaitingSubscribers=True) == moved
    acme = await store["organizations"].find_one({"externalId": "acme"})
    assert acme is not None
    node = acme["_id"]
    assert await owners(store, "subscribers") == {"sbr_ann": node, "sbr_bob": node, "sbr_eve": UNCLASSIFIED_ID}
    assert await store["auditEntries"].count_documents({"operation": "importOrganizations", "action": "UPDATED"}) == 4


async def test_an_import_moves_as_many_as_one_transaction_can_and_tells_of_the_rest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.organizations.imported_claims.MOST_AT_ONCE", 1)
    [first, *_] = await imported(store, moveWaitingSubscribers=True)
    assert [code for code, _ in first] == ["SUBSCRIBERS_MOVED", "SUBSCRIBERS_WAITING"]
    assert await done(store, "moveWaitingSubscribers", SHOWN, by={"externalId": "acme"}) == shown(
        "bob@acme.com", of="Acme", moved=(1, 1)
    )


async def test_an_upsert_shows_who_waits_and_moves_them_where_that_is_asked_for(store: Store) -> None:
    given = {"externalId": "acme", "associatedDomains": ["acme.com"]}
    shown_too = f"result {SHOWN}"
    tried = await done(store, "upsertOrganization", shown_too, **given, name="Acme", dryRun=True)
    assert tried == {"result": "CREATED", "waitingSubscribers": PROPOSED, "userErrors": []}
    made = await done(store, "upsertOrganization", shown_too, **given, name="Acme")
    assert made == {"result": "CREATED", "waitingSubscribers": PROPOSED, "userErrors": []}
    assert (await done(store, "upsertOrganization", shown_too, externalId="acme"))["waitingSubscribers"] is None
    before = await everything(store)
    again = {**given, "moveWaitingSubscribers": True}
    would = await done(store, "upsertOrganization", shown_too, **again, dryRun=True)
    assert await everything(store) == before
    moved = await done(store, "upsertOrganization", shown_too, **again)
    assert would == moved == {"result": "UNCHANGED", "waitingSubscribers": MOVED, "userErrors": []}
    assert (await owners(store, "subscribers"))["sbr_eve"] == UNCLASSIFIED_ID


async def test_an_update_by_a_row_moves_who_waits_under_what_it_claims(store: Store) -> None:
    await done(store, "createOrganization", externalId="acme", name="Acme")
    rows = [{"externalId": "acme", "associatedDomains": ["acme.com"]}]
    shown_too = "rows { result warnings { code } }"
    told = await done(store, "importOrganizations", shown_too, rows=rows, update=True, dryRun=True)
    assert told == [{"result": "CHANGED", "warnings": [{"code": "SUBSCRIBERS_WAITING"}]}]
    told = await done(store, "importOrganizations", shown_too, rows=rows, update=True, moveWaitingSubscribers=True)
    assert told == [{"result": "CHANGED", "warnings": [{"code": "SUBSCRIBERS_MOVED"}]}]
    assert sorted((await owners(store, "subscribers")).values()).count(UNCLASSIFIED_ID) == 1
