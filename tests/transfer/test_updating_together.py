"""Rows that update and depend on each other in one chunk, or after one that is refused, leave a tree that is whole."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.mongo.client import Store
from tests.races.racing import check_keys, check_tree
from tests.transfer.running import Files, codes, results
from tests.writing.doing import done, everything

Row = dict[str, Any]


def tree(**parents: str | None) -> list[Row]:
    """A row for each organization, with its parent."""
    return [{"external_id": key, "name": key, "parent_external_id": parent} for key, parent in parents.items()]


async def ancestors(store: Store) -> dict[str, list[str]]:
    """External id → those of the organizations above, the topmost first."""
    docs = await store["organizations"].find({"deletedAt": None}).to_list()
    names = {doc["_id"]: str(doc.get("externalId")) for doc in docs}
    return {doc["externalId"]: [names[each] for each in doc["ancestorIds"]] for doc in docs if doc.get("externalId")}


@pytest.mark.parametrize(
    ("before", "rows", "after"),
    [
        (  # a move, and a new one below what is moved
            tree(top=None, other=None, mid="top"),
            tree(mid="other", new="mid"),
            {"top": [], "other": [], "mid": ["other"], "new": ["other", "mid"]},
        ),
        (  # parent and child are moved together, and the child away from it
            tree(top=None, other=None, mid="top", low="mid", deep="low"),
            tree(mid="other", low="top"),
            {"top": [], "other": [], "mid": ["other"], "low": ["top"], "deep": ["top", "low"]},
        ),
        (  # a chain is moved from below to above
            tree(a=None, b=None, c=None, d="c"),
            tree(c="b", b="a"),
            {"a": [], "b": ["a"], "c": ["a", "b"], "d": ["a", "b", "c"]},
        ),
        (  # parent and child change places
            tree(a=None, b="a", c="b"),
            tree(b=None, a="b"),
            {"a": ["b"], "b": [], "c": ["b"]},
        ),
        (  # it is moved below one that is new
            tree(a=None, b="a"),
            tree(new=None, a="new"),
            {"a": ["new"], "b": ["new", "a"], "new": []},
        ),
        (  # what it is moved below is below one that is moved by a row before it, and is in no row
            tree(r=None, q=None, s="q", p=None, deep="p"),
            tree(q="r", p="s"),
            {"r": [], "q": ["r"], "s": ["r", "q"], "p": ["r", "q", "s"], "deep": ["r", "q", "s", "p"]},
        ),
        (  # the same, the other way round
            tree(r=None, q=None, s="q", p=None, deep="p"),
            tree(p="s", q="r"),
            {"r": [], "q": ["r"], "s": ["r", "q"], "p": ["r", "q", "s"], "deep": ["r", "q", "s", "p"]},
        ),
    ],
)
async def test_rows_of_one_chunk_find_each_other(
    files: Files, store: Store, before: list[Row], rows: list[Row], after: dict[str, list[str]]
) -> None:
    await files.rows("organizations", *before)
    planned = await everything(store)
    would = await files.rows("organizations", *rows, updates=True, dry_run=True)
    assert await everything(store) == planned
    outcomes = await files.rows("organizations", *rows, updates=True)
    assert "REFUSED" not in results(outcomes)
    assert await ancestors(store) == after
    assert results(would) == results(outcomes)
    await check_tree(store)
    await check_keys(store)
    assert results(await files.rows("organizations", *rows, updates=True)) == {"UNCHANGED": len(rows)}


async def test_moves_that_together_are_a_cycle_are_not_all_done(files: Files, store: Store) -> None:
    await files.rows("organizations", *tree(a=None, b=None, c="a"))
    outcomes = await files.rows("organizations", *tree(a="b", b="c"), updates=True)
    assert results(outcomes) == {"CHANGED": 1, "REFUSED": 1}
    await check_tree(store)


async def test_moves_below_what_other_rows_move_cannot_close_a_cycle(files: Files, store: Store) -> None:
    """Neither row names an organization of the other: each move is valid, and both would be a cycle."""
    await files.rows("organizations", *tree(q=None, s="q", b=None, c="b"))
    outcomes = await files.rows("organizations", *tree(q="c", b="s"), updates=True)
    assert results(outcomes) == {"CHANGED": 1, "REFUSED": 1}
    assert codes(outcomes[1]) == {("CYCLE", "parent_external_id")}
    await check_tree(store)


async def test_what_follows_a_refused_move_is_done_as_if_it_had_not_been_there(files: Files, store: Store) -> None:
    await files.rows("organizations", *tree(top=None, other=None, mid="top", low="mid"))
    wrong = {"external_id": "mid", "parent_external_id": "other", "aliases": ["top"]}
    rows = [wrong, *tree(low="mid", new="mid"), {"external_id": "other", "name": "Other"}]
    outcomes = await files.rows("organizations", *rows, updates=True)
    assert results(outcomes) == {"REFUSED": 1, "UNCHANGED": 1, "CREATED": 1, "CHANGED": 1}
    assert (await ancestors(store))["new"] == ["top", "mid"]
    await check_tree(store)
    await check_keys(store)


async def test_a_key_that_one_row_gives_up_is_free_for_the_next(files: Files, store: Store) -> None:
    people = [{"email": f"{each}@x.com", "subscriber_id": each} for each in "ab"]
    await files.rows("subscribers", *people)
    rows = [{"email": "a@x.com", "subscriber_id": "c"}, {"email": "b@x.com", "subscriber_id": "a"}]
    outcomes = await files.rows("subscribers", *rows, updates=True)
    assert results(outcomes) == {"CHANGED": 2}
    await check_keys(store)


async def test_a_record_named_by_its_alias_and_by_its_key_is_changed_once_a_row(files: Files, store: Store) -> None:
    """Both rows are of one record: each is judged after the one before, and there is one version and one entry."""
    await done(store, "createOrganization", name="Acme", externalId="acme")
    await done(store, "createOrganization", name="Acme Inc", externalId="acme-2")
    sources = [{"externalId": "acme-2"}]
    await done(store, "mergeOrganizations", "organization { id }", target={"externalId": "acme"}, sources=sources)
    rows = [
        {"external_id": "acme", "name": "Acme One", "description": "d"},
        {"external_id": "acme-2", "name": "Acme Two"},
    ]
    outcomes = await files.rows("organizations", *rows, updates=True)
    live = await store["organizations"].find({"externalId": "acme", "deletedAt": None}).to_list()
    assert len(live) == 1
    assert (live[0]["aliases"], live[0]["description"]) == (["acme-2"], "d")
    assert (live[0]["name"], results(outcomes)) == ("Acme Two", {"CHANGED": 2})
    entries = await store["auditEntries"].find({"recordId": live[0]["_id"]}).to_list()
    assert sorted(each["recordVersion"] for each in entries) == list(range(1, live[0]["version"] + 1))
    await check_keys(store)


async def test_a_refused_row_claims_no_key(files: Files, store: Store) -> None:
    await files.rows("subscribers", {"email": "a@x.com"}, {"email": "b@x.com"})
    rows = [{"email": "a@x.com", "subscriber_id": "free", "organization_external_id": "none"},
            {"email": "b@x.com", "subscriber_id": "free"}]  # fmt: skip
    outcomes = await files.rows("subscribers", *rows, updates=True)
    assert codes(outcomes[0]) == {("UNKNOWN_ORGANIZATION", "organization_external_id")}
    assert outcomes[1].result.value == "CHANGED"
    await check_keys(store)


@pytest.mark.parametrize("seed", range(12))
async def test_any_moves_in_one_transaction_leave_a_tree_that_is_whole(store: Store, seed: int) -> None:
    """Twelve organizations, eight moves at random and some new ones, refused where they would be a cycle."""
    chosen = random.Random(seed)  # noqa: S311  # a test's choice
    names = [f"o{n}" for n in range(12)]
    rows = [
        {"externalId": each, "name": each, "parentExternalId": chosen.choice([None, *names[:n]])}
        for n, each in enumerate(names)
    ]
    await done(store, "importOrganizations", "created", rows=rows, update=True)
    moved = [
        {"externalId": each, "name": each, "parentExternalId": chosen.choice(names)} for each in chosen.sample(names, 8)
    ]
    moved += [{"externalId": f"new{n}", "name": "New", "parentExternalId": chosen.choice(names)} for n in range(3)]
    chosen.shuffle(moved)
    shown = "changed created refused unchanged rows { result userErrors { code } }"
    before = await everything(store)
    would = await done(store, "importOrganizations", shown, rows=moved, update=True, mode="PER_ROW", dryRun=True)
    assert await everything(store) == before
    told = await done(store, "importOrganizations", shown, rows=moved, update=True, mode="PER_ROW")
    assert told == would
    assert {error["code"] for row in told["rows"] for error in row["userErrors"]} <= {"CYCLE", "PARENT_REFUSED"}
    await check_tree(store)
    await check_keys(store)
    found = {doc.get("externalId"): doc for doc in await store["organizations"].find().to_list()}
    for row, result in zip(moved, told["rows"], strict=True):
        if result["result"] in ("CHANGED", "CREATED"):
            assert found[row["externalId"]]["parentId"] == found[row["parentExternalId"]]["_id"]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is a chunk by itself."""
    monkeypatch.setattr("app.transfer.runner.MAX_CHUNK_RECORDS", 1)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    ("before", "rows"),
    [
        (tree(a=None, c="a", b=None), tree(b="c", a="b")),  # together a cycle
        (tree(r=None, q=None, s="q", p=None, deep="p"), tree(q="r", p="s", deep="r")),
        (tree(a=None, b="a", c="b"), tree(b=None, a="b", c="a")),
        (tree(top=None, low="top", new=None), tree(top="new", low="new", other="low")),
    ],
)
async def test_a_dry_run_of_many_chunks_says_what_the_run_then_does(
    files: Files, store: Store, before: list[Row], rows: list[Row]
) -> None:
    await files.rows("organizations", *before)
    planned = await everything(store)
    would = await files.rows("organizations", *rows, updates=True, dry_run=True)
    assert await everything(store) == planned
    outcomes = await files.rows("organizations", *rows, updates=True)
    assert [(each.result, codes(each)) for each in would] == [(each.result, codes(each)) for each in outcomes]
    await check_tree(store)


@pytest.mark.usefixtures("small_chunks")
async def test_a_key_that_an_earlier_chunk_of_a_dry_run_gives_up_is_free(files: Files, store: Store) -> None:
    people = [{"email": f"{each}@x.com", "subscriber_id": each} for each in "ab"]
    await files.rows("subscribers", *people)
    rows = [{"email": "a@x.com", "subscriber_id": "c"}, {"email": "b@x.com", "subscriber_id": "a"}]
    assert results(await files.rows("subscribers", *rows, updates=True, dry_run=True)) == {"CHANGED": 2}
    assert results(await files.rows("subscribers", *rows, updates=True)) == {"CHANGED": 2}
    await check_keys(store)
