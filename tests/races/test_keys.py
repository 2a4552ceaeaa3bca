"""What there is one of stays one, whoever asks for it at the same instant: keys, versions, defaults, idempotency."""

from __future__ import annotations

import asyncio
from typing import Any

from app.mongo.client import Store
from tests.asking import Way
from tests.races.racing import Call, Racer, check_keys, check_tree, codes, fresh, outcome, race
from tests.records import organization, plan, save, subscriber
from tests.writing.doing import done

MANY, FEW = 30, 2
SUBSCRIBER, CREDENTIAL = "subscriber { id }", "credential { id }"
ONLY_ONE = [(), *[("TAKEN",)] * (MANY - 1)]


def cased(email: str, n: int) -> str:
    """The same address, typed otherwise."""
    return email.upper() if n % 2 else email


async def test_of_thirty_subscribers_with_one_email_there_is_one(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    for _ in range(rounds):
        email = f"{fresh('who')}@example.com"
        calls = [Call("createSubscriber", {"email": cased(email, n)}, SUBSCRIBER) for n in range(MANY)]
        assert codes(await race(racers, *calls)) == ONLY_ONE
        assert await store["subscribers"].count_documents({"emailKey": email}) == 1


async def test_of_thirty_credentials_with_one_key_there_is_one(store: Store, racers: list[Racer], rounds: int) -> None:
    own = [organization(fresh("o")) for _ in range(3)]
    people = [subscriber(fresh("who"), each) for each in own]
    await save(store, *own, *people)
    for _ in range(rounds):
        key = fresh("key")
        given = [{"credentialId": key, "name": "K", "subscriber": {"id": people[n % 3].id}} for n in range(MANY)]
        calls = [Call("createCredential", each, CREDENTIAL) for each in given]
        assert codes(await race(racers, *calls)) == ONLY_ONE
        assert await store["credentials"].count_documents({"credentialId": key}) == 1
    await check_keys(store)


async def test_thirty_calls_with_one_idempotency_key_have_one_effect_and_one_answer(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    await save(store, organization("o"))
    for n in range(rounds):
        given = {"name": fresh("same"), "idempotencyKey": fresh("once"), "parent": {"id": "org_o"}}
        outcomes = await race(racers, *[Call("createOrganization", given, "organization { id createdAt }")] * MANY)
        assert outcomes == outcomes[:1] * MANY
        assert outcomes[0].codes == ()
        assert await store["organizations"].count_documents({"parentId": "org_o"}) == n + 1
        assert await store["auditEntries"].count_documents({}) == n + 1


async def test_no_update_is_lost_that_expects_a_version(store: Store, racers: list[Racer], rounds: int) -> None:
    """Each reads a counter and writes one more; whoever is told that it is stale reads again."""
    await save(store, organization("counted"))
    clients, each_one = (100, 1) if rounds > FEW else (4, 2)

    async def count(racer: Racer) -> None:
        for _ in range(each_one):
            while True:
                found = await racer.store["organizations"].find_one({"_id": "org_counted"})
                assert found is not None
                value = next((row["value"] for row in found["customMetadata"] if row["name"] == "count"), 0)
                entries = [{"name": "count", "value": value + 1}]
                given = {"by": {"id": "org_counted"}, "expectedVersion": found["version"], "customMetadata": entries}
                told = await outcome(racer, Call("updateOrganization", given, "organization { version }"))
                if not told.codes:
                    break
                assert told.codes == ("STALE_VERSION",)

    await asyncio.gather(*(count(racers[n % len(racers)]) for n in range(clients)))
    found = await store["organizations"].find_one({"_id": "org_counted"})
    assert found is not None
    assert found["customMetadata"] == [{"name": "count", "value": clients * each_one}]
    assert found["version"] == 1 + clients * each_one
    assert await store["auditEntries"].count_documents({}) == clients * each_one


async def test_a_key_that_is_taken_while_its_deleted_owner_returns_finds_one_of_them(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    for _ in range(rounds):
        email = f"{fresh('who')}@example.com"
        gone = [await done(store, "createSubscriber", SUBSCRIBER, email=email)]
        await done(store, "deleteSubscriber", SUBSCRIBER, by={"id": gone[0]["id"]})
        gone.append(await done(store, "createSubscriber", SUBSCRIBER, email=email))
        await done(store, "deleteSubscriber", SUBSCRIBER, by={"id": gone[1]["id"]})
        restores = [Call("restoreSubscriber", {"id": each["id"]}, SUBSCRIBER) for each in gone]
        create = Call("createSubscriber", {"email": email}, SUBSCRIBER)
        assert codes(await race(racers, *restores, create, create)) == [(), *[("TAKEN",)] * 3]
        assert await store["subscribers"].count_documents({"emailKey": email, "deletedAt": None}) == 1
    await check_keys(store)


async def test_a_credential_key_that_another_rotates_to_while_its_deleted_owner_returns(
    store: Store, racers: list[Racer], rounds: int
) -> None:
    own, who = (made := organization("o")), subscriber("who", made)
    await save(store, own, who)
    for _ in range(rounds):
        key, other = fresh("key"), fresh("other")
        made_of = {"name": "K", "subscriber": {"id": who.id}}
        gone = await done(store, "createCredential", CREDENTIAL, credentialId=key, **made_of)
        kept = await done(store, "createCredential", CREDENTIAL, credentialId=other, **made_of)
        await done(store, "deleteCredential", CREDENTIAL, by={"id": gone["id"]})
        restore = Call("restoreCredential", {"id": gone["id"]}, CREDENTIAL)
        rotate = Call("rotateCredential", {"by": {"id": kept["id"]}, "credentialId": key}, CREDENTIAL)
        assert codes(await race(racers, restore, rotate)) == [(), ("TAKEN",)]
        await check_keys(store)


async def test_of_two_profiles_made_the_default_one_is(store: Store, racers: list[Racer], rounds: int) -> None:
    shown = "billingProfile { id isDefault }"
    for _ in range(rounds):
        made = [await done(store, "createBillingProfile", shown, name=fresh("p")) for _ in range(2)]
        updates = [Call("updateBillingProfile", {"by": {"id": each["id"]}, "isDefault": True}, shown) for each in made]
        create = Call("createBillingProfile", {"name": fresh("p"), "isDefault": True}, shown)
        drop = Call("deleteBillingProfile", {"by": {"id": made[0]["id"]}}, shown)
        *others, dropped = await race(racers, *updates, create, drop)
        assert set(codes(others)) <= {(), ("DELETED",)}
        assert dropped.codes in ((), ("DEFAULT_PROFILE",))
        [default] = await store["billingProfiles"].find({"isDefault": True}).to_list()
        assert default["appliesTo"] == [default["_id"], None]
        assert default.get("deletedAt") is None
        assert await store["billingProfiles"].count_documents({"appliesTo": None}) == 1


async def test_a_customer_onboarded_ten_times_at_once_is_one(store: Store, racers: list[Racer], rounds: int) -> None:
    await save(store, plan("gold"))
    shown = "organization { id } subscribers { id } subscriptions { id } credentials { id } created"
    for n in range(1, rounds + 1):
        name = fresh("acme")
        given: dict[str, Any] = {
            "organization": {"name": name, "externalId": name},
            "subscribers": [{"email": f"{who}@{name}.com"} for who in ("ann", "bob")],
            "subscriptions": [{"externalId": f"sub_{name}", "plan": {"key": "gold"}}],
            "credentials": [
                {"credentialId": f"key-{name}", "name": "K", "subscriber": {"email": f"ann@{name}.com"},
                 "subscription": {"externalId": f"sub_{name}"}}
            ],
        }  # fmt: skip
        outcomes = await race(racers, *[Call("onboardCustomer", given, shown)] * 10)
        assert codes(outcomes) == [()] * 10
        assert sorted(len(each.payload.pop("created")) for each in outcomes) == [0] * 9 + [5]
        assert all(each.payload == outcomes[0].payload for each in outcomes)
        for collection, count in (("subscribers", 2), ("subscriptions", 1), ("credentials", 1)):
            assert await store[collection].count_documents({}) == count * n
    await check_tree(store)
    await check_keys(store)


async def test_sixty_subscribers_made_at_once_of_one_organization_are_all_made(
    store: Store, racers: list[Racer], rounds: int, way: Way
) -> None:
    """Each writes the organization's guard. Among several processes it is a handful at a time that meet."""
    many = 60 if way.write_locks else 6
    await save(store, organization("busy"))
    for n in range(1, rounds + 1):
        calls = [
            Call("createSubscriber", {"email": f"{fresh('who')}@x.com", "organization": {"id": "org_busy"}}, SUBSCRIBER)
            for _ in range(many)
        ]
        assert codes(await race(racers, *calls)) == [()] * many
        assert await store["subscribers"].count_documents({"organizationId": "org_busy"}) == n * many


async def test_a_key_given_back_is_taken_once(store: Store, racers: list[Racer], rounds: int) -> None:
    """An e-mail address is released by one subscriber while others ask for it."""
    for _ in range(rounds):
        email, new = (f"{fresh('who')}@example.com" for _ in range(2))
        made = await done(store, "createSubscriber", SUBSCRIBER, email=email)
        change = Call("updateSubscriber", {"by": {"id": made["id"]}, "email": new}, SUBSCRIBER)
        take = Call("createSubscriber", {"email": email}, SUBSCRIBER)
        changed, *taken = await race(racers, change, *[take] * 5)
        assert changed.codes == ()
        assert codes(taken) in ([(), *[("TAKEN",)] * 4], [("TAKEN",)] * 5)
        await check_keys(store)
