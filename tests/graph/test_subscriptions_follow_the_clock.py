"""The status of a subscription follows from its dates and the time, wherever it is read, filtered or ruled by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from app.mongo.client import Store
from tests.asking import Data
from tests.records import credential, feature, organization, plan, save, subscriber, subscription
from tests.writing.doing import send

STATUSES = ("PENDING", "ACTIVE", "CANCELED", "ENDED")
STARTS, ENDS = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
JUST = timedelta(milliseconds=1)
INSTANTS = (STARTS - JUST, STARTS, ENDS - JUST, ENDS)
ACME, SSO = organization("acme", externalId="acme"), feature("sso")
GOLD = plan("gold", [SSO])


def status_in_words(written: str, ends: datetime | None, now: datetime) -> str:
    """The rule, said once more: the period is half-open, and of what was written only CANCELED and ENDED count."""
    if written == "ENDED" or (ends is not None and now >= ends):
        return "ENDED"
    if now < STARTS:
        return "PENDING"
    return "CANCELED" if written == "CANCELED" else "ACTIVE"


@pytest.mark.parametrize("now", INSTANTS, ids=str)
async def test_what_is_read_and_what_is_filtered_by_agree_at_every_instant(
    store: Store, data: Data, now: datetime
) -> None:
    expected: dict[str, str] = {}
    there = []
    for written, ends in product(STATUSES, (ENDS, None)):
        name = f"{written}-{'ends' if ends else 'open'}"
        there.append(subscription(name, ACME, GOLD, status=written, activeFrom=STARTS, activeTo=ends))
        expected[name] = status_in_words(written, ends, now)
    await save(store, ACME, SSO, GOLD, *there)

    async def found(condition: str) -> dict[str, str]:
        query = f"{{ subscriptions(first: 50, filter: {condition}) {{ totalCount nodes {{ externalId status }} }} }}"
        page = (await data(store, query, now=now))["subscriptions"]
        assert page["totalCount"] == len(page["nodes"])
        return {node["externalId"]: node["status"] for node in page["nodes"]}

    assert await found("{}") == expected
    for status in STATUSES:
        having = {name: each for name, each in expected.items() if each == status}
        assert await found(f"{{status: {{equals: {status}}}}}") == having
        assert await found(f"{{not: {{status: {{equals: {status}}}}}}}") == {
            name: each for name, each in expected.items() if each != status
        }
        others = ", ".join(each for each in STATUSES if each != status)
        assert await found(f"{{not: {{status: {{in: [{others}]}}}}}}") == having
    assert await found("{status: {in: []}}") == {}


async def test_the_features_are_those_of_what_runs(store: Store, data: Data) -> None:
    await save(store, ACME, SSO, GOLD, subscription("s", ACME, GOLD, activeFrom=STARTS, activeTo=ENDS))
    query = """{ organization(by: {externalId: "acme"}) { features { key } subscriptions { nodes { status } } } }"""
    seen = []
    for now in INSTANTS:
        node = (await data(store, query, now=now))["organization"]
        seen.append((node["subscriptions"]["nodes"][0]["status"], [each["key"] for each in node["features"]]))
    assert seen == [("PENDING", []), ("ACTIVE", ["sso"]), ("ACTIVE", ["sso"]), ("ENDED", [])]


async def test_what_is_over_by_its_dates_stands_in_the_way_of_no_delete(store: Store) -> None:
    over = subscription("over", ACME, GOLD, activeFrom=STARTS, activeTo=ENDS)
    await save(store, ACME, SSO, GOLD, over)
    for mutation, record in (("deletePlan", GOLD), ("deleteOrganization", ACME), ("deleteSubscription", over)):
        assert await codes(store, mutation, {"by": {"id": record.id}}, ENDS - JUST) == ["IN_USE"]
    for mutation, record in (("deletePlan", GOLD), ("deleteSubscription", over), ("deleteOrganization", ACME)):
        assert await codes(store, mutation, {"by": {"id": record.id}}, ENDS) == []


async def test_a_credential_is_linked_to_what_is_not_over(store: Store) -> None:
    carol = subscriber("carol", ACME)
    over = subscription("over", ACME, GOLD, activeFrom=STARTS, activeTo=ENDS)
    await save(store, ACME, SSO, GOLD, carol, over, credential("k", carol))
    link = {"by": {"credentialId": "key-k"}, "subscription": {"externalId": "over"}}
    assert await codes(store, "updateCredential", link, ENDS) == ["ENDED"]
    assert await codes(store, "updateCredential", link, STARTS - JUST) == []


async def test_what_ended_by_its_dates_stays_as_it_is(store: Store) -> None:
    await save(store, ACME, SSO, GOLD, subscription("s", ACME, GOLD, activeFrom=STARTS, activeTo=ENDS))
    by = {"by": {"externalId": "s"}}
    assert await codes(store, "updateSubscription", by | {"activeTo": None}, ENDS) == ["ENDED"]
    assert await codes(store, "updateSubscription", by | {"status": "ACTIVE"}, ENDS) == ["ENDED"]
    assert await codes(store, "updateSubscription", by | {"activeTo": None}, ENDS - JUST) == []


async def test_a_plan_in_use_is_what_somebody_is_on_or_will_be(store: Store) -> None:
    """A free plan may begin to charge where those in another currency are all over."""
    euro = organization("euro", currency="EUR")
    free = plan("free", charging="FREE")
    await save(store, euro, free, subscription("s", euro, free, activeFrom=STARTS, activeTo=ENDS))
    charge = {"by": {"key": "free"}, "charging": "PASS_THROUGH"}
    assert await codes(store, "updatePlan", charge, STARTS - JUST) == ["CURRENCY_MISMATCH"]
    assert await codes(store, "updatePlan", charge, ENDS) == []


async def codes(store: Store, mutation: str, given: dict[str, Any], now: datetime) -> list[str]:
    """What a mutation was refused for at that instant."""
    answer = await send(store, mutation, given, "", now=now)
    assert not answer.messages
    return [each["code"] for each in answer.data[mutation]["userErrors"]]
