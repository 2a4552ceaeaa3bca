"""Claims of one domain at one instant, and people who are written while they move: each moves once, or stays."""

from __future__ import annotations

from app.entities.identifiers import UNCLASSIFIED_ID
from app.mongo.client import Store
from tests.races.racing import Call, Racer, check_keys, check_tree, codes, fresh, race
from tests.records import credential, organization, save, subscriber

ORGANIZATION = "organization { id }"


async def crowd(store: Store) -> tuple[str, list[str]]:
    """A domain, and three people with a key each who wait under it."""
    name = fresh("w")
    people = [
        subscriber(f"{name}{n}", organization("unclassified"), email=f"p{n}@{name}.com", subscriberId=f"{name}{n}")
        for n in range(3)
    ]
    await save(store, *people, *(credential(each.subscriber_id, each) for each in people))
    return f"{name}.com", [each.id for each in people]


def claim(domain: str) -> Call:
    given = {"name": fresh("claims"), "associatedDomains": [domain], "moveWaitingSubscribers": True}
    return Call("createOrganization", given, ORGANIZATION)


async def check_moves(store: Store, ids: list[str]) -> set[str]:
    """Each of these and its keys stands in one place, and has an entry for each version; returns the places."""
    owners = set()
    for each in await store["subscribers"].find({"_id": {"$in": ids}}).to_list():
        owners.add(each["organizationId"])
        assert each["version"] == 1 + await store["auditEntries"].count_documents({"recordId": each["_id"]})
        for key in await store["credentials"].find({"subscriberId": each["_id"]}).to_list():
            assert key["organizationId"] == each["organizationId"]
    await check_tree(store)
    await check_keys(store)
    return owners


async def test_of_those_that_claim_a_domain_at_once_at_most_one_gets_the_people(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    for _ in range(rounds):
        domain, ids = await crowd(store)
        outcomes = await race(racers, *(claim(domain) for _ in range(4)))
        assert codes(outcomes) == [()] * 4
        assert len(await check_moves(store, ids)) == 1


async def test_who_is_written_while_they_move_is_not_torn_from_their_keys(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    for _ in range(rounds):
        domain, ids = await crowd(store)
        key = {"name": "new", "credentialId": fresh("key"), "subscriber": {"id": ids[0]}}
        outcomes = await race(
            racers,
            claim(domain),
            Call("createCredential", key),
            Call("updateSubscriber", {"by": {"id": ids[1]}, "firstName": "New"}),
            Call("deleteCredential", {"by": {"id": f"crd_{ids[2].removeprefix('sbr_')}"}}, "credential { id }"),
        )
        assert codes(outcomes) == [()] * 4
        await store["credentials"].delete_many({"deletedAt": {"$ne": None}})
        assert UNCLASSIFIED_ID not in await check_moves(store, ids)


async def test_nobody_moves_to_an_organization_that_is_being_deleted(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    for _ in range(rounds):
        domain, ids = await crowd(store)
        gone = organization(fresh("gone"), associatedDomains=[domain])
        await save(store, gone)
        by = {"by": {"id": gone.id}}
        moved, deleted = await race(
            racers, Call("moveWaitingSubscribers", by, ORGANIZATION), Call("deleteOrganization", by, ORGANIZATION)
        )
        assert sorted([moved.codes, deleted.codes]) in ([(), ("DELETED",)], [(), ("IN_USE", "IN_USE")])
        await check_moves(store, ids)
