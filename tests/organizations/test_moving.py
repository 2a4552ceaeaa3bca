"""Moving organizations: no cycle ever, ancestors right for whole subtrees, nothing quietly lost."""

from __future__ import annotations

from typing import Any

import pytest

from app.entities.identifiers import UNCLASSIFIED_ID
from app.mongo.client import Store
from tests.asking import data
from tests.commands import Commands
from tests.records import NOW, credential, invoice, organization, plan, save, subscriber, subscription
from tests.writing.doing import do, done, refused

SUBTREE = 40


@pytest.fixture
async def tree(store: Store) -> dict[str, Any]:
    """top > mid > low > leaf, and other."""
    top = organization("top")
    mid = organization("mid", top)
    low = organization("low", mid)
    leaf = organization("leaf", low)
    other = organization("other")
    await save(store, top, mid, low, leaf, other)
    return {"top": top, "mid": mid, "low": low, "leaf": leaf, "other": other}


async def ancestors(store: Store, node_id: str) -> list[str]:
    """The ids above an organization, from the top."""
    found = await data(store, f'{{ organization(by: {{id: "{node_id}"}}) {{ ancestors {{ id }} }} }}')
    return [each["id"] for each in found["organization"]["ancestors"]]


async def move(store: Store, what: str, to: str | None, **more: Any) -> Any:
    """The moved organization."""
    parent = {"id": f"org_{to}"} if to else None
    return await done(store, "moveOrganization", "organization { id version parent { id } }",
                      by={"id": f"org_{what}"}, parent=parent, **more)  # fmt: skip


async def refuse(store: Store, what: str, to: str | None, **more: Any) -> list[tuple[str, str]]:
    """Why a move is refused."""
    parent = {"id": f"org_{to}"} if to else None
    return await refused(store, "moveOrganization", by={"id": f"org_{what}"}, parent=parent, **more)


def amounts(row: dict[str, Any], name: str) -> tuple[str, str]:
    """Before and after."""
    return row[f"{name}Before"]["amount"], row[f"{name}After"]["amount"]


async def test_a_subtree_goes_with_its_root(store: Store, tree: Any) -> None:
    moved = await move(store, "mid", "other")
    assert (moved["parent"]["id"], moved["version"]) == ("org_other", 2)
    assert await ancestors(store, "org_leaf") == ["org_other", "org_mid", "org_low"]
    assert await ancestors(store, "org_low") == ["org_other", "org_mid"]
    found = await store["organizations"].find_one({"_id": "org_leaf"})
    assert found is not None
    assert found["version"] == 1, "ancestors are derived"


async def test_to_the_top_and_back(store: Store, tree: Any) -> None:
    await move(store, "low", None)
    assert await ancestors(store, "org_leaf") == ["org_low"]
    await move(store, "low", "mid")
    assert await ancestors(store, "org_leaf") == ["org_top", "org_mid", "org_low"]


async def test_moving_where_it_stands_changes_nothing(store: Store, tree: Any) -> None:
    assert (await move(store, "mid", "top"))["version"] == 1


async def test_where_to_has_to_be_said(store: Store, tree: Any) -> None:
    assert await refused(store, "moveOrganization", by={"id": "org_mid"}) == [("parent", "REQUIRED")]


@pytest.mark.parametrize("to", ["mid", "low", "leaf"])
async def test_no_cycle(store: Store, tree: Any, to: str) -> None:
    assert await refuse(store, "mid", to) == [("parent", "CYCLE")]


async def test_unclassified_stays_alone(store: Store, tree: Any) -> None:
    assert await refuse(store, "unclassified", "top") == [("by", "UNCLASSIFIED_FIXED")]
    assert await refuse(store, "top", "unclassified") == [("parent", "UNCLASSIFIED_FIXED")]


async def test_a_stale_version_and_unknown_records_are_told(store: Store, tree: Any) -> None:
    assert await refuse(store, "mid", "nobody", expectedVersion=7) == [
        ("parent.id", "NOT_FOUND"),
        ("expectedVersion", "STALE_VERSION"),
    ]


async def test_whoever_would_lose_its_payer_is_listed_or_pays_itself(store: Store) -> None:
    top = organization("top")
    mid = organization("mid", top, payerId="org_top")
    low = organization("low", mid, payerId="org_top")
    kept = organization("kept", mid, payerId="org_mid")
    await save(store, top, mid, low, kept, organization("other"))
    assert await refuse(store, "mid", "other") == [("parent", "PAYER_NOT_ABOVE")]
    await move(store, "mid", "other", lostPayers="PAY_THEMSELVES")
    found = {doc["_id"]: doc async for doc in store["organizations"].find()}
    assert [found[f"org_{name}"]["payerId"] for name in ("mid", "low", "kept")] == ["org_mid", "org_low", "org_mid"]
    assert [term["payerId"] for term in found["org_low"]["payerTerms"]] == ["org_top", "org_low"]


async def test_a_credential_does_not_lose_its_subscription(store: Store, tree: Any) -> None:
    gold = plan("gold")
    bill = subscription("s", tree["top"], gold)
    who = subscriber("who", tree["leaf"])
    await save(store, gold, bill, who, credential("key", who, subscriptionId=bill.id))
    assert await refuse(store, "mid", "other") == [("parent", "SUBSCRIPTION_ELSEWHERE")]
    await move(store, "leaf", "top")


async def test_too_deep(store: Store) -> None:
    chain = [organization("c0")]
    for n in range(1, 100):
        chain.append(organization(f"c{n}", chain[-1]))
    pair = organization("a")
    await save(store, *chain, pair, organization("b", pair))
    assert await refuse(store, "a", "c99") == [("parent", "TOO_DEEP")]
    await move(store, "b", "c98")


async def test_a_preview_tells_what_would_be_owed(store: Store, tree: Any) -> None:
    await save(store, invoice("one", tree["low"], 30, NOW.replace(month=1)), invoice("two", tree["top"], 5, NOW))
    query = """{ previewMove(input: {by: {id: "org_mid"}, parent: {id: "org_other"}}) {
        organization { id } oldParent { id } newParent { id } handedOver { organizations invoices }
        statements { organization { id } outstandingBefore { amount } outstandingAfter { amount }
                     overdueBefore { amount } overdueAfter { amount } openInvoicesBefore openInvoicesAfter }
        userErrors { code } } }"""
    told = (await data(store, query))["previewMove"]
    assert told["handedOver"] == {"organizations": 3, "invoices": 1}
    assert told["userErrors"] == []
    owed = [(row["organization"]["id"], *amounts(row, "outstanding")) for row in told["statements"]]
    assert owed == [("org_top", "35.00", "5.00"), ("org_other", "0.00", "30.00")]
    assert told["statements"][0]["overdueBefore"]["amount"] == "30.00"
    assert await ancestors(store, "org_low") == ["org_top", "org_mid"], "nothing was done"


async def test_a_preview_says_why_not(store: Store, tree: Any) -> None:
    query = '{ previewMove(input: {by: {id: "org_mid"}, parent: {id: "org_leaf"}}) { userErrors { code field } } }'
    assert (await data(store, query))["previewMove"]["userErrors"] == [{"code": "CYCLE", "field": ["parent"]}]


async def test_a_move_takes_as_many_commands_for_forty_as_for_one(store: Store, tree: Any, commands: Commands) -> None:
    await save(store, *(organization(f"n{n}", tree["leaf"], n) for n in range(SUBTREE)))
    with commands.counting() as counted:
        await move(store, "leaf", "other")
    few = len(counted.seen)
    with commands.counting() as counted:
        await move(store, "mid", "other")
    assert len(counted.seen) == few


async def test_the_history_tells_from_where_to_where(store: Store, tree: Any) -> None:
    await move(store, "mid", "other")
    found = await data(store, '{ organization(by: {id: "org_mid"}) { history { nodes { action operation actor '
                              "changes { field before after } } } } }")  # fmt: skip
    assert found["organization"]["history"]["nodes"] == [
        {
            "action": "MOVED",
            "operation": "moveOrganization",
            "actor": "local-admin",
            "changes": [{"field": "parentId", "before": "org_top", "after": "org_other"}],
        }
    ]


async def test_a_deleted_child_is_restored_to_where_its_parent_stands_now(store: Store, tree: Any) -> None:
    await done(store, "deleteOrganization", by={"id": "org_leaf"})
    await move(store, "low", "other")
    await done(store, "restoreOrganization", id="org_leaf")
    assert await ancestors(store, "org_leaf") == ["org_other", "org_low"]


async def test_moves_take_an_idempotency_key(store: Store, tree: Any) -> None:
    first = await move(store, "mid", "other", idempotencyKey="k")
    await move(store, "mid", "top")
    assert await move(store, "mid", "other", idempotencyKey="k") == first
    assert (await do(store, "moveOrganization", by={"id": "org_mid"}, parent=None, idempotencyKey="k"))["userErrors"]
    assert await ancestors(store, "org_mid") == ["org_top"]


async def test_a_preview_reads_everything_in_one_snapshot(store: Store, tree: Any, commands: Commands) -> None:
    """What is owed is of the same instant as what would move: all of it is read in the preview's transaction."""
    given = '{by: {id: "org_mid"}, parent: {id: "org_other"}}'
    query = f"{{ previewMove(input: {given}) {{ statements {{ openInvoicesAfter }} }} }}"
    with commands.counting() as sent:
        await data(store, query)
    reads = [command for name, command in sent.seen if name in ("find", "aggregate")]
    assert any("invoices" in command.values() for command in reads)
    assert {command.get("autocommit") for command in reads} == {False}


async def test_each_payload_of_a_document_has_the_figures_after_its_own_mutation(store: Store, tree: Any) -> None:
    await save(store, invoice("m", tree["mid"], 1, NOW), invoice("t", tree["top"], 1, NOW))
    shown = "{ organization { parent { statement(scope: TREE) { openInvoices } } } }"
    moves = " ".join(
        f'{what}: moveOrganization(input: {{by: {{id: "org_{what}"}}, parent: {{id: "org_other"}}}}) {shown}'
        for what in ("mid", "top")
    )
    found = await data(store, f"mutation {{ {moves} }}")
    counts = [found[what]["organization"]["parent"]["statement"]["openInvoices"] for what in ("mid", "top")]
    assert counts == [1, 2]


async def update(store: Store, what: str, **given: Any) -> Any:
    """The organization after an update."""
    shown = "organization { id name version parent { id } payer { id } }"
    return await done(store, "updateOrganization", shown, by={"id": f"org_{what}"}, **given)


async def test_an_update_with_another_parent_is_a_move(store: Store, tree: Any) -> None:
    found = await update(store, "mid", parent={"id": "org_other"}, name="Middle")
    assert (found["parent"]["id"], found["name"], found["version"]) == ("org_other", "Middle", 2)
    assert await ancestors(store, "org_leaf") == ["org_other", "org_mid", "org_low"]
    entry = await store["auditEntries"].find_one({"recordId": "org_mid"})
    assert entry is not None
    assert (entry["action"], entry["operation"]) == ("MOVED", "updateOrganization")
    assert (await update(store, "mid", parent=None))["parent"] is None
    assert await ancestors(store, "org_leaf") == ["org_mid", "org_low"]
    assert (await update(store, "mid", parent=None))["version"] == 3
    assert (await update(store, "mid", name="Middle"))["version"] == 3, "what is left out is left alone"


async def test_an_update_moves_by_the_rules_of_moves_and_tells_all_else(store: Store, tree: Any) -> None:
    async def refuses(what: str, **given: Any) -> list[tuple[str, str]]:
        return await refused(store, "updateOrganization", by={"id": f"org_{what}"}, **given)

    assert await refuses("mid", parent={"id": "org_leaf"}, name=" ") == [("parent", "CYCLE"), ("name", "REQUIRED")]
    loop = await refuses("mid", parent={"id": "org_leaf"}, payer={"id": "org_other"})
    assert loop == [("parent", "CYCLE"), ("payer", "PAYER_NOT_ABOVE")]
    assert await refuses("mid", parent={"externalId": "none"}) == [("parent.externalId", "NOT_FOUND")]
    assert await refuses("mid", parent={"id": UNCLASSIFIED_ID}) == [("parent", "UNCLASSIFIED_FIXED")]
    assert await refuses("unclassified", parent={"id": "org_mid"}) == [("parent", "UNCLASSIFIED_FIXED")]
    assert await ancestors(store, "org_leaf") == ["org_top", "org_mid", "org_low"]


async def test_an_update_that_moves_may_name_the_payer_of_the_new_place(store: Store, tree: Any) -> None:
    await update(store, "mid", payer={"id": "org_top"})
    parent = {"id": "org_other"}
    assert await refused(store, "updateOrganization", by={"id": "org_mid"}, parent=parent) == [
        ("parent", "PAYER_NOT_ABOVE")
    ]
    found = await update(store, "mid", parent=parent, payer={"id": "org_other"})
    assert (found["payer"]["id"], found["version"]) == ("org_other", 3)
    found = await update(store, "mid", parent={"id": "org_top"}, payer=None)
    assert found["payer"]["id"] == "org_mid"
    await update(store, "leaf", payer={"id": "org_top"})
    assert await refused(store, "updateOrganization", by={"id": "org_mid"}, parent=parent, payer=None) == [
        ("parent", "PAYER_NOT_ABOVE")
    ]
