"""Replies that are lost on their way: what was done is known, or said not to be, and asked again it is done once."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.mongo.abandoned import end_abandoned_transactions
from app.mongo.client import Client, Store, connect, database
from app.onboarding.mutations import OnboardingMutations
from tests.asking import Answer, ask
from tests.faults.customer import NOTHING, QUERY, WHOLE, customer, gold, left_of
from tests.faults.relay import Fate, Relay, to_mongodb

COMMIT = "commitTransaction"


@pytest.fixture
async def relay(mongod_uri: str) -> AsyncIterator[Relay]:
    """What stands between the program and its database."""
    async with to_mongodb(mongod_uri) as made:
        yield made


@pytest.fixture
async def behind(relay: Relay, store: Store) -> AsyncIterator[Store]:
    """The database, through the relay."""
    await gold(store)
    client: Client = connect(relay.mongodb_uri)
    yield database(client, store.name)
    relay.heal()
    await client.close()
    await end_abandoned_transactions(store)  # or the test after this one waits for what it left open


@pytest.fixture
def key() -> str:
    """An idempotency key that nobody used."""
    return str(uuid.uuid4())


def done(answer: Answer) -> dict[str, object]:
    """The payload of what was done."""
    assert (answer.messages, answer.data["onboardCustomer"]["userErrors"]) == ([], [])
    found: dict[str, object] = answer.data["onboardCustomer"]
    return found


@pytest.mark.parametrize("fate", [Fate.LOSE_REQUEST, Fate.LOSE_REPLY])
@pytest.mark.parametrize("with_key", [False, True])
async def test_a_commit_whose_reply_is_lost_is_asked_again(
    store: Store, relay: Relay, behind: Store, key: str, fate: Fate, with_key: bool
) -> None:
    given = customer(key if with_key else None)
    relay.lose_each(COMMIT, fate)
    payload = done(await ask(behind, QUERY, input=given))
    assert relay.seen.count(COMMIT) > 1
    assert await left_of(store, given) == WHOLE
    if with_key:
        assert done(await ask(behind, QUERY, input=given)) == payload
        assert await left_of(store, given) == WHOLE


@pytest.mark.parametrize(("fate", "left"), [(Fate.LOSE_REQUEST, NOTHING), (Fate.LOSE_REPLY, WHOLE)])
@pytest.mark.parametrize("with_key", [False, True])
async def test_a_commit_that_stays_unanswered_is_said_to_be_unknown_and_is_done_once_when_it_is_sent_again(
    store: Store,
    relay: Relay,
    behind: Store,
    key: str,
    fate: Fate,
    left: dict[str, int],
    with_key: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = customer(key if with_key else None)
    relay.lose_each(COMMIT, fate, then_closed=True)
    monkeypatch.setattr(OnboardingMutations.onboard_customer, "seconds", 1.5)
    answer = await ask(behind, QUERY, input=given)
    monkeypatch.undo()
    assert answer.codes == {"onboardCustomer": "OUTCOME_UNKNOWN"}
    assert await left_of(store, given) == left
    relay.heal()
    if with_key:
        now = datetime.now(UTC)
        payload = done(await ask(behind, QUERY, input=given, now=now))
        assert await left_of(store, given) == WHOLE
        assert done(await ask(behind, QUERY, input=given, now=now)) == payload
    done(await ask(behind, QUERY, input=customer()))  # it does not wait for what was left open


EVERY = pytest.param(1, marks=pytest.mark.slow, id="each step")
SOME = pytest.param(5, id="some steps")


@pytest.mark.parametrize("stride", [SOME, EVERY])
@pytest.mark.parametrize("with_key", [False, True])
@pytest.mark.parametrize("fate", [Fate.LOSE_REQUEST, Fate.LOSE_REPLY])
async def test_whatever_reply_is_lost_on_the_way_it_is_done_once(
    store: Store, relay: Relay, behind: Store, fate: Fate, with_key: bool, stride: int
) -> None:
    """Every command of the transaction in turn, the last one first; the driver or the program tries it again."""
    steps = await steps_of(relay, behind, "first" if with_key else None)
    for number in range(steps, 0, -stride):
        given = customer(str(number) if with_key else None)
        relay.lose(number, fate)
        payload = done(await ask(behind, QUERY, input=given, now=datetime.now(UTC)))
        assert len(relay.seen) > number, "nothing was lost"
        assert await left_of(store, given) == WHOLE, number
        if with_key:
            assert done(await ask(behind, QUERY, input=given, now=datetime.now(UTC))) == payload


@pytest.mark.parametrize("stride", [SOME, EVERY])
async def test_where_the_database_goes_away_before_the_commit_nothing_is_stored_and_that_is_said(
    store: Store, relay: Relay, behind: Store, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = await steps_of(relay, behind, None)
    for number in range(1, steps, stride):
        given = customer()
        relay.lose(number, Fate.LOSE_REQUEST, then_closed=True)
        with monkeypatch.context() as patched:
            patched.setattr(OnboardingMutations.onboard_customer, "seconds", 0.5)
            answer = await ask(behind, QUERY, input=given)
        assert answer.codes["onboardCustomer"] in ("UNAVAILABLE", "TIMEOUT")
        assert await left_of(store, given) == NOTHING
        relay.heal()
        done(await ask(behind, QUERY, input=given))
        assert await left_of(store, given) == WHOLE


async def steps_of(relay: Relay, behind: Store, key: str | None) -> int:
    """How many commands there are to a customer's onboarding."""
    relay.heal()
    done(await ask(behind, QUERY, input=customer(key)))
    assert relay.seen[-1] == COMMIT
    return len(relay.seen)
