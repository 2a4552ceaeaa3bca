"""Merging organizations: everything moves, whatever found a source finds the survivor, a tombstone stays."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from app.organizations import subtrees
from tests.asking import data
from tests.commands import Commands
from tests.records import (
    NOW,
    credential,
    invoice,
    line,
    organization,
    payment,
    plan,
    save,
    subscriber,
    subscription,
    usage_attribute,
)
from tests.writing.doing import do, done, refused

SHOWN = "organization { id version name } mergedIds handedOver { organizations subscribers credentials invoices }"


async def merge(store: Store, target: str, *sources: str, **more: Any) -> Any:
    """The payload of a merge that is done."""
    return await done(store, "mergeOrganizations", SHOWN, **named(target, sources), **more)


async def refuse(store: Store, target: str, *sources: str, **more: Any) -> list[tuple[str, str]]:
    """Why a merge is refused."""
    payload = await do(store, "mergeOrganizations", SHOWN, **named(target, sources), **more)
    assert payload["organization"] is None
    return [(".".join(each["field"]), each["code"]) for each in payload["userErrors"]]


def named(target: str, sources: tuple[str, ...]) -> dict[str, Any]:
    return {"target": {"id": f"org_{target}"}, "sources": [{"id": f"org_{each}"} for each in sources]}


@pytest.fixture
async def twins(store: Store) -> None:
    """Two of everything."""
    for name in ("a", "b"):
        own = organization(name, externalId=f"ext-{name}", aliases=[f"alias-{name}"], associatedDomains=[f"{name}.com"])
        child = organization(f"{name}1", own, payerId=own.id)
        who = subscriber(f"who{name}", own)
        gold = plan(f"gold{name}")
        bill = subscription(f"s{name}", own, gold)
        key = credential(f"key{name}", who, subscriptionId=bill.id)
        paid = payment(f"p{name}", own, 15, NOW, on=f"i{name}")
        owed = invoice(f"i{name}", own, 10, NOW.replace(month=5), [paid])
        await save(
            store, own, child, who, gold, bill, key, paid, owed, usage_attribute(f"att{name}", own),
            line(f"l{name}", owed, own, 6), line(f"c{name}", owed, child, 4),
        )  # fmt: skip


async def test_everything_below_moves(store: Store, twins: None) -> None:
    payload = await merge(store, "a", "b")
    assert payload["mergedIds"] == ["org_b"]
    assert payload["handedOver"] == {"organizations": 2, "subscribers": 1, "credentials": 1, "invoices": 1}
    found = (
        await data(
            store,
            """{ organization(by: {id: "org_a"}) { version aliases formerNames associatedDomains
            children { nodes { id ancestors { id } payer { id } } } subscribers { nodes { id } }
            credentials { nodes { id } } usageAttributes { nodes { key } } subscriptions { nodes { externalId } }
            invoices { nodes { number lines { nodes { payer { id } organization { id } } } } } payments { totalCount }
            statement { openInvoices creditBalance { amount } } mergedFrom { id mergedInto { id } deletedAt } } }""",
        )
    )["organization"]
    assert found["version"] == 2
    assert (found["aliases"], found["formerNames"]) == (["alias-a", "alias-b", "ext-b"], ["b"])
    assert found["associatedDomains"] == ["a.com", "b.com"]
    assert found["children"]["nodes"] == [
        {"id": f"org_{each}1", "ancestors": [{"id": "org_a"}], "payer": {"id": "org_a"}} for each in "ab"
    ]
    for name in ("subscribers", "credentials", "usageAttributes", "subscriptions", "invoices"):
        assert len(found[name]["nodes"]) == 2, name
    assert {line_["payer"]["id"] for each in found["invoices"]["nodes"] for line_ in each["lines"]["nodes"]} == {
        "org_a"
    }
    assert found["payments"]["totalCount"] == 2
    assert found["statement"] == {"openInvoices": 0, "creditBalance": {"amount": "10.00"}}, "credit adds up"
    assert found["mergedFrom"] == [
        {"id": "org_b", "mergedInto": {"id": "org_a"}, "deletedAt": "2026-06-15T12:00:00.000Z"}
    ]


@pytest.mark.parametrize("by", ['externalId: "ext-b"', 'externalId: "alias-b"', 'name: "b"', 'externalId: "ext-a"'])
async def test_whatever_found_a_source_finds_the_survivor(store: Store, twins: None, by: str) -> None:
    await merge(store, "a", "b")
    assert await data(store, f"{{ organization(by: {{{by}}}) {{ id }} }}") == {"organization": {"id": "org_a"}}


async def test_a_tombstone_says_where_it_went(store: Store, twins: None) -> None:
    await merge(store, "a", "b")
    query = '{ node(id: "org_b") { id ... on Organization { name deletedAt mergedInto { id } } } }'
    assert (await data(store, query))["node"]["mergedInto"] == {"id": "org_a"}
    assert (await do(store, "updateOrganization", by={"id": "org_b"}, name="x"))["userErrors"][0]["code"] == "MERGED"
    assert await refused(store, "restoreOrganization", id="org_b") == [("id", "MERGED")]
    assert await refused(store, "createSubscriber", email="x@x.com", organization={"id": "org_b"}) == [
        ("organization.id", "MERGED")
    ]


async def test_app_ids_stay_and_find_nobody_else(store: Store) -> None:
    stripe = [{"app": "stripe", "data": {"customerId": "cus_1"}}]
    one = await done(store, "createOrganization", name="one")
    two = await done(store, "createOrganization", name="two", appMetadata=stripe)
    await done(store, "mergeOrganizations", SHOWN, target={"id": one["id"]}, sources=[{"id": two["id"]}])
    found = await data(store, f'{{ organization(by: {{id: "{one["id"]}"}}) {{ appMetadata externalId }} }}')
    assert found["organization"]["appMetadata"] == {"stripe": {"customerId": "cus_1"}}
    assert await refused(store, "createOrganization", name="three", appMetadata=stripe) == [("appMetadata", "TAKEN")]
    claim = await store["keys"].find_one({"namespace": "app:stripe"})
    assert claim is not None
    assert claim["recordId"] == one["id"]


async def test_the_targets_fields_win_and_blanks_are_filled(store: Store) -> None:
    await save(
        store,
        organization("a", description="mine", customMetadata=[{"name": "x", "value": 1}]),
        organization("b", description="yours", primaryEmail="b@b.com", externalId="ext",
                     customMetadata=[{"name": "x", "value": 2}, {"name": "y", "value": 3}]),
    )  # fmt: skip
    await merge(store, "a", "b")
    shown = "description primaryEmail externalId aliases customMetadata { name value }"
    query = f'{{ organization(by: {{externalId: "ext"}}) {{ {shown} }} }}'
    assert (await data(store, query))["organization"] == {
        "description": "mine",
        "primaryEmail": "b@b.com",
        "externalId": "ext",
        "aliases": [],
        "customMetadata": [{"name": "x", "value": 1}, {"name": "y", "value": 3}],
    }


async def test_what_changes_hands_has_a_version_and_an_entry_of_its_own(store: Store, twins: None) -> None:
    await merge(store, "a", "b")
    moved = [("organizationId", "sbr_whob"), ("organizationId", "crd_keyb"), ("organizationId", "sub_sb"),
             ("organizationId", "att_attb"), ("organizationId", "inv_ib"), ("parentId", "org_b1")]  # fmt: skip
    for field, node_id in moved:
        shown = "nodes { changes { field before after } }"
        query = f'{{ auditLog(filter: {{recordId: {{equals: "{node_id}"}}}}) {{ {shown} }} }}'
        told = [change for each in (await data(store, query))["auditLog"]["nodes"] for change in each["changes"]]
        assert {"field": field, "before": "org_b", "after": "org_a"} in told, node_id
    stale = {"by": {"id": "sbr_whob"}, "expectedVersion": 1, "firstName": "x"}
    assert await refused(store, "updateSubscriber", **stale) == [("expectedVersion", "STALE_VERSION")]


async def test_a_chain_of_merges_leads_to_the_last_survivor(store: Store) -> None:
    await save(store, *(organization(name, externalId=name) for name in "abc"))
    await merge(store, "b", "a")
    await merge(store, "c", "b")
    found = await data(store, '{ organization(by: {externalId: "a"}) { id mergedFrom { id mergedInto { id } } } }')
    assert found["organization"]["id"] == "org_c"
    assert {each["mergedInto"]["id"] for each in found["organization"]["mergedFrom"]} == {"org_c"}


async def test_sources_one_below_the_other(store: Store) -> None:
    target, top = organization("t"), organization("s1")
    mid = organization("m", top)
    low = organization("s2", mid)
    leaf = organization("leaf", low)
    await save(store, target, top, mid, low, leaf)
    await merge(store, "t", "s2", "s1")
    found = {doc["_id"]: doc async for doc in store["organizations"].find({"deletedAt": None})}
    assert {
        name: (found[f"org_{name}"]["parentId"], found[f"org_{name}"]["ancestorIds"]) for name in ("m", "leaf")
    } == {
        "m": ("org_t", ["org_t"]),
        "leaf": ("org_t", ["org_t"]),
    }


async def test_what_cannot_be_merged(store: Store) -> None:
    top = organization("top")
    await save(store, top, organization("low", top), organization("eur", currency="EUR"), organization("usd"))
    assert await refuse(store, "low", "top") == [("sources.0", "CYCLE")]
    assert await refuse(store, "top", "top") == [("sources.0", "CYCLE")]
    assert await refuse(store, "unclassified", "top") == [("sources.0", "UNCLASSIFIED_FIXED")]
    assert await refuse(store, "top", "unclassified", "nobody") == [("sources.1.id", "NOT_FOUND")]
    assert await refuse(store, "top") == [("sources", "REQUIRED")]
    await save(store, invoice("one", top, 1, NOW))
    assert await refuse(store, "top", "eur") == [("sources.0", "CURRENCY_MISMATCH")]
    assert (await merge(store, "usd", "eur"))["mergedIds"] == ["org_eur"], "nothing is in either"


async def test_a_payer_or_a_subscription_is_not_lost(store: Store) -> None:
    top = organization("top")
    source = organization("source", top, payerId="org_top")
    below = organization("below", source, payerId="org_top")
    gold = plan("gold")
    bill = subscription("s", top, gold)
    who = subscriber("who", source)
    await save(
        store, top, source, below, gold, bill, who, credential("k", who, subscriptionId=bill.id), organization("t")
    )
    assert await refuse(store, "t", "source") == [("sources", "SUBSCRIPTION_ELSEWHERE"), ("sources", "PAYER_NOT_ABOVE")]


async def test_deleted_records_come_back_to_the_survivor(store: Store, twins: None) -> None:
    for kind, by in (("Credential", {"credentialId": "key-keyb"}), ("Subscriber", {"email": "whob@example.com"})):
        await done(store, f"delete{kind}", by=by)
    await merge(store, "a", "b")
    assert (await done(store, "restoreSubscriber", id="sbr_whob"))["organization"]["id"] == "org_a"
    assert (await done(store, "restoreCredential", id="crd_keyb"))["organization"]["id"] == "org_a"


async def test_a_preview_tells_what_would_be(store: Store, twins: None) -> None:
    query = """{ previewMerge(input: {target: {id: "org_a"}, sources: [{id: "org_b"}]}) {
        organization { aliases formerNames } handedOver { subscribers credentials invoices }
        statements { currency creditBefore { amount } creditAfter { amount } } userErrors { code } } }"""
    assert (await data(store, query))["previewMerge"] == {
        "organization": {"aliases": ["alias-a", "alias-b", "ext-b"], "formerNames": ["b"]},
        "handedOver": {"subscribers": 1, "credentials": 1, "invoices": 1},
        "statements": [{"currency": "USD", "creditBefore": {"amount": "5.00"}, "creditAfter": {"amount": "10.00"}}],
        "userErrors": [],
    }
    assert await store["auditEntries"].count_documents({}) == 0


async def test_both_histories_stay(store: Store) -> None:
    for name in ("a", "b"):
        await done(store, "createOrganization", name=name, externalId=name)
    await done(store, "mergeOrganizations", SHOWN, target={"externalId": "a"}, sources=[{"externalId": "b"}])
    shown = "history { nodes { action } }"
    query = f'{{ organization(by: {{externalId: "b"}}) {{ name {shown} mergedFrom {{ {shown} }} }} }}'
    found = (await data(store, query))["organization"]
    assert found["name"] == "a"
    assert [each["action"] for each in found["history"]["nodes"]] == ["CREATED", "MERGED"]
    assert [each["action"] for each in found["mergedFrom"][0]["history"]["nodes"]] == ["CREATED", "MERGED_AWAY"]


async def test_commands_do_not_grow_with_what_moves(store: Store, commands: Commands) -> None:
    a, b, c = (organization(name) for name in "abc")
    await save(store, a, b, c, subscriber("one", b), *(subscriber(f"s{n}", c) for n in range(50)))
    with commands.counting() as counted:
        await merge(store, "a", "b")
    few = [name for name, _ in counted.seen]
    with commands.counting() as counted:
        await merge(store, "a", "c")
    assert len(counted.seen) <= len(few) + 1, "the earlier tombstone is repointed"


async def test_a_name_that_two_bear_is_ambiguous(store: Store) -> None:
    await save(store, organization("a", name="Same"), organization("b", name="Same"))
    named_so = {"target": {"name": "Same"}, "sources": [{"name": "Same"}]}
    payload = await do(store, "mergeOrganizations", SHOWN, **named_so)
    assert [each["code"] for each in payload["userErrors"]] == ["AMBIGUOUS", "AMBIGUOUS"]


async def test_beyond_the_bound_a_merge_is_refused_with_its_counts(
    store: Store, twins: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subtrees, "MOST_WRITES", 5)
    before = {name: await store[name].count_documents({}) for name in ("organizations", "auditEntries", "keys")}
    payload = await do(store, "mergeOrganizations", SHOWN, **named("a", ("b",)))
    assert [each["code"] for each in payload["userErrors"]] == ["TOO_LARGE"]
    assert "2 organizations, 1 subscribers, 1 credentials" in payload["userErrors"][0]["message"]
    assert {name: await store[name].count_documents({}) for name in before} == before
    assert await store["subscribers"].count_documents({"organizationId": "org_b"}) == 1


@pytest.mark.slow
async def test_nearly_as_much_as_is_allowed_is_merged_in_one_transaction(store: Store) -> None:
    """24,001 records with their audit entries fit into the cache of the embedded MongoDB."""
    target, source = organization("a"), organization("b")
    await save(store, target, source)
    for start in range(0, 12_000, 1_000):
        people = [
            subscriber(
                f"s{n}", source, email=f"firstname.lastname.{n}@mail.customer.example.com", firstName="Firstname",
                lastName=f"Lastname {n}",
            )
            for n in range(start, start + 1_000)
        ]  # fmt: skip
        keys = [
            credential(each.id, each, name=f"Production key of {each.email}", tags=["production"]) for each in people
        ]
        await save(store, *people, *keys)
    merged = await done(store, "mergeOrganizations", "organization { id }", **named("a", ("b",)))
    assert merged == {"id": target.id}
    for name in ("subscribers", "credentials"):
        moved = {"organizationId": target.id, "version": 2, "formerOwners.organizationId": source.id}
        assert await store[name].count_documents(moved) == 12_000
    assert await store["auditEntries"].count_documents({"operation": "mergeOrganizations"}) == 24_002
