"""Moves, merges, deletes and creates at one instant: the tree stays a tree, and nothing hangs below what is gone."""

from __future__ import annotations

from typing import Any

from app.mongo.client import Store
from tests.races.racing import Call, Racer, check_keys, check_tree, codes, fresh, outcome, race
from tests.records import credential, organization, plan, save, subscriber, subscription

ORGANIZATION = "organization { id parent { id } }"


def move(what: str, to: str | None) -> Call:
    return Call("moveOrganization", {"by": {"id": what}, "parent": {"id": to} if to else None}, ORGANIZATION)


def merge(target: str, *sources: str) -> Call:
    given = {"target": {"id": target}, "sources": [{"id": each} for each in sources]}
    return Call("mergeOrganizations", given, "organization { id }")


def delete(what: str) -> Call:
    return Call("deleteOrganization", {"by": {"id": what}}, "organization { id }")


def join(where: str, how: str = "id") -> Call:
    given = {"email": f"{fresh('who')}@example.com", "organization": {how: where}}
    return Call("createSubscriber", given, "subscriber { id organization { id } }")


def child(parent: str) -> Call:
    return Call("createOrganization", {"name": "child", "parent": {"id": parent}}, ORGANIZATION)


async def chain(store: Store, *names: str) -> list[str]:
    """Organizations, each below the one before; their ids."""
    made: list[Any] = []
    for name in names:
        made.append(organization(fresh(name), made[-1] if made else None))
    await save(store, *made)
    return [each.id for each in made]


async def test_two_that_move_below_each_other_make_no_cycle(store: Store, racers: list[Racer], rounds: int) -> None:
    for _ in range(rounds):
        [a, a1], [b, b1] = await chain(store, "a", "a1"), await chain(store, "b", "b1")
        assert codes(await race(racers, move(a, b1), move(b, a1))) == [(), ("CYCLE",)]
        await check_tree(store)


async def test_rings_of_three_make_no_cycle(store: Store, racers: list[Racer], rounds: int) -> None:
    for _ in range(rounds):
        rings = [await chain(store, name, f"{name}1") for name in "abc"]
        moves = [move(rings[n][0], rings[(n + 1) % 3][-1]) for n in range(3)]
        assert codes(await race(racers, *moves, *moves)) == [(), (), (), (), ("CYCLE",), ("CYCLE",)]
        await check_tree(store)


async def test_a_subscriber_does_not_come_below_an_organization_that_is_being_deleted(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    for _ in range(rounds):
        [gone] = await chain(store, "gone")
        *joined, deleted = await race(racers, join(gone), child(gone), join(gone), delete(gone))
        if deleted.codes:
            assert set(deleted.codes) == {"IN_USE"}
            assert any(not each.codes for each in joined)
        else:
            assert codes(joined) == [("DELETED",)] * 3
        await check_tree(store)


async def test_nothing_is_left_behind_by_a_merge_that_others_get_in_the_way_of(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    for _ in range(rounds):
        [target], [source, below], [elsewhere] = (
            await chain(store, "target"), await chain(store, "source", "below"), await chain(store, "elsewhere"),
        )  # fmt: skip
        merged, *rest = await race(
            racers, merge(target, source), join(source), join(below), child(source), child(below),
            move(below, elsewhere),
        )  # fmt: skip
        assert merged.codes == ()
        assert set(codes(rest)) <= {(), ("MERGED",)}
        await check_tree(store)
        await check_keys(store)


async def test_a_merge_and_a_move_of_what_is_merged(store: Store, racers: list[Racer], rounds: int) -> None:
    for _ in range(rounds):
        [target, under], [source, below], [other] = (
            await chain(store, "target", "under"), await chain(store, "source", "below"), await chain(store, "other"),
        )  # fmt: skip
        outcomes = await race(
            racers, merge(target, source), move(source, other), move(target, other), move(target, below),
            move(source, under),
        )  # fmt: skip
        assert set(codes(outcomes)) <= {(), ("MERGED",), ("CYCLE",)}
        await check_tree(store)
        found = {doc["_id"]: doc for doc in await store["organizations"].find().to_list()}
        assert (found[source].get("mergedIntoId") == target) == (outcomes[0].codes == ())


async def test_two_merges_of_the_same_and_of_each_other(store: Store, racers: list[Racer], rounds: int) -> None:
    for _ in range(rounds):
        made = [await chain(store, name, f"{name}1") for name in "abc"]
        a, b, c = (each[0] for each in made)
        outcomes = await race(racers, merge(a, b), merge(b, c), merge(c, a), merge(b, a), join(a), join(b), join(c))
        assert {code for each in outcomes for code in each.codes} <= {"MERGED"}
        assert any(not each.codes for each in outcomes[:4])
        await check_tree(store)
        live = {doc["_id"] for doc in await store["organizations"].find({"deletedAt": None}).to_list()}
        for doc in await store["organizations"].find({"_id": {"$in": [a, b, c]}, "deletedAt": {"$ne": None}}).to_list():
            assert doc["mergedIntoId"] in live, "a tombstone names who is there"


async def test_nothing_moves_below_a_parent_that_is_being_deleted(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    for _ in range(rounds):
        [gone], [mover, _] = await chain(store, "gone"), await chain(store, "mover", "below")
        moved, deleted = await race(racers, move(mover, gone), delete(gone))
        assert sorted([moved.codes, deleted.codes]) in ([(), ("DELETED",)], [(), ("IN_USE",)])
        await check_tree(store)


async def test_a_deleted_organization_returns_to_a_parent_that_moves_or_goes(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    for _ in range(rounds):
        [top, mid, low], [other] = await chain(store, "top", "mid", "low"), await chain(store, "other")
        assert (await outcome(racers[0], delete(low))).codes == ()
        restored, moved, deleted = await race(
            racers, Call("restoreOrganization", {"id": low}, ORGANIZATION), move(mid, other), delete(mid)
        )
        assert set(deleted.codes) <= {"IN_USE", "DELETED"}
        assert set(restored.codes) | set(moved.codes) <= {"DELETED"}
        assert not (deleted.codes == () and restored.codes == ())
        await check_tree(store)
        assert top


async def test_a_credential_is_not_linked_to_a_subscription_that_moves_away_from_above_it(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    gold = plan("gold")
    await save(store, gold)
    for _ in range(rounds):
        top = organization(fresh("top"))
        mid = organization(fresh("mid"), top)
        low = organization(fresh("low"), mid)
        other = organization(fresh("other"))
        bill, who = subscription(fresh("s"), top, gold), subscriber(fresh("who"), low)
        key = credential(fresh("key"), who)
        await save(store, top, mid, low, other, bill, who, key)
        link = {"by": {"id": key.id}, "subscription": {"id": bill.id}}
        outcomes = await race(racers, Call("updateCredential", link, "credential { id }"), move(mid.id, other.id))
        assert codes(outcomes) == [(), ("SUBSCRIPTION_ELSEWHERE",)]
        await check_tree(store)
