"""The story of a customer: it signs up, is found to be a duplicate, is merged, is reorganised, and its key is rotated.

Every step is a call that a product would make; what is asked in between is what a person would look at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.mongo.client import Store
from tests.asking import ask

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
SIGN_UP: dict[str, Any] = {
    "organization": {
        "name": "Finoptic Labs",
        "externalId": "crm-1001",
        "associatedDomains": ["finoptic.com"],
        "billing": {"city": "Berlin", "country": "DE"},
    },
    "subscribers": [{"email": "carol@finoptic.com", "firstName": "Carol"}],
    "subscriptions": [{"externalId": "sub_gold_1", "plan": {"key": "gold"}}],
    "credentials": [
        {
            "credentialId": "hak-abc123456",
            "name": "Engineering API Key",
            "subscriber": {"email": "carol@finoptic.com"},
            "subscription": {"externalId": "sub_gold_1"},
        }
    ],
    "idempotencyKey": "sign-up-1001",
}


class Story:
    """A product's back end, day by day."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, MONDAY

    def later(self, **time: float) -> None:
        """Time goes by."""
        self.now += timedelta(**time)

    async def asks(self, query: str, **variables: Any) -> Any:
        """What the graph answers."""
        answer = await ask(self.store, query, now=self.now, **variables)
        assert not answer.messages, answer.messages
        return answer.data

    async def does(self, mutation: str, shown: str, /, **given: Any) -> Any:
        """What a mutation comes to; it is not refused."""
        kind = mutation[0].upper() + mutation[1:]
        call = f"{mutation}(input: $input) {{ {shown} userErrors {{ code message }} }}"
        payload = (await self.asks(f"mutation M($input: {kind}Input!) {{ {call} }}", input=given))[mutation]
        assert payload.pop("userErrors") == []
        return payload


async def test_a_customer_begins(store: Store) -> None:
    story = Story(store)
    await story.does("createFeature", "feature { id }", key="api", name="API access")
    await story.does(
        "createPlan", "plan { id }", key="gold", name="Gold", currency="USD", charging="UNIT_PRICES",
        unitPrices=[{"quantity": "tokens", "price": "0.000002"}], features=[{"key": "api"}], coversDescendants=True,
    )  # fmt: skip

    # A company signs up. The network fails, and the call is made again: there is one customer.
    shown = "organization { id } subscribers { id } credentials { id } created"
    first = await story.does("onboardCustomer", shown, **SIGN_UP)
    story.later(seconds=3)
    assert await story.does("onboardCustomer", shown, **SIGN_UP) == first
    assert await store["organizations"].count_documents({"externalId": "crm-1001"}) == 1
    labs = first["organization"]["id"]

    # In sales the same company was entered by hand before, with people of its own.
    story.later(days=1)
    entered = await story.does(
        "createOrganization", "organization { id }", name="Finoptic Labs Inc.", externalId="sf-77",
        associatedDomains=["finoptic.com"], billing={"city": "Berlin", "country": "DE"},
        appMetadata=[{"app": "salesforce", "data": {"accountId": "0015e00001ABCDE"}}],
    )  # fmt: skip
    by_hand = entered["organization"]["id"]
    await story.does("createSubscriber", "subscriber { id }", email="dan@finoptic.com", organization={"id": by_hand})

    # Somebody looks for duplicates, finds these two and sees what a merge would do.
    story.later(days=1)
    found = await story.asks(
        '{ duplicateCandidates(of: {externalId: "crm-1001"}) { nodes { other { name externalId } reasons } } }'
    )
    [candidate] = found["duplicateCandidates"]["nodes"]
    assert candidate["other"] == {"name": "Finoptic Labs Inc.", "externalId": "sf-77"}
    preview = await story.asks(
        '{ previewMerge(input: {target: {externalId: "crm-1001"}, sources: [{externalId: "sf-77"}]}) '
        "{ handedOver { subscribers } userErrors { code } } }"
    )
    assert preview["previewMerge"] == {"handedOver": {"subscribers": 1}, "userErrors": []}
    merged = await story.does(
        "mergeOrganizations", "organization { id aliases appMetadata }",
        target={"externalId": "crm-1001"}, sources=[{"externalId": "sf-77"}],
    )  # fmt: skip
    assert merged["organization"] == {
        "id": labs, "aliases": ["sf-77"], "appMetadata": {"salesforce": {"accountId": "0015e00001ABCDE"}},
    }  # fmt: skip
    known = await story.asks('{ organization(by: {externalId: "sf-77"}) { id subscribers { nodes { email } } } }')
    assert known["organization"]["id"] == labs, "sales' own id still finds it"
    assert len(known["organization"]["subscribers"]["nodes"]) == 2
    gone = await story.asks(
        "query Q($id: ID!) { node(id: $id) { ... on Organization { mergedInto { id } } } }", id=by_hand
    )
    assert gone["node"]["mergedInto"]["id"] == labs

    # The company turns out to be a team of a group: it becomes a business unit, and the group pays.
    story.later(days=7)
    await story.does("createOrganization", "organization { id }", name="Finoptic Group", externalId="crm-2000")
    moved = await story.does(
        "moveOrganization", "organization { parent { name } }", by={"id": labs}, parent={"externalId": "crm-2000"}
    )
    assert moved["organization"]["parent"]["name"] == "Finoptic Group"
    unit = await story.does(
        "updateOrganization", "organization { kind payer { name } }",
        by={"id": labs}, kind="BUSINESS_UNIT", payer={"externalId": "crm-2000"},
    )  # fmt: skip
    assert unit["organization"] == {"kind": "BUSINESS_UNIT", "payer": {"name": "Finoptic Group"}}

    # A key leaks. It is rotated, and the old one works until the team has changed over.
    story.later(days=1)
    rotated = await story.does(
        "rotateCredential", "credential { credentialId keys { value status } }",
        by={"credentialId": "hak-abc123456"}, credentialId="hak-new", gracePeriodSeconds=3600,
    )  # fmt: skip
    assert rotated["credential"]["keys"] == [
        {"value": "hak-abc123456", "status": "RETIRING"},
        {"value": "hak-new", "status": "ACTIVE"},
    ]
    story.later(hours=2)
    trace = await story.asks(
        """{ credential(by: {credentialId: "hak-abc123456"}) { name keys { value status }
             subscriber { email } organization { id payer { name } features { key } }
             history { nodes { action operation } } } }"""
    )
    key = trace["credential"]
    assert [each["status"] for each in key["keys"]] == ["ENDED", "ACTIVE"]
    assert key["organization"] == {"id": labs, "payer": {"name": "Finoptic Group"}, "features": [{"key": "api"}]}
    assert [each["action"] for each in key["history"]["nodes"]] == ["CREATED", "ROTATED"]

    # The history tells it all, in order, and nothing that did not happen.
    told = await story.asks(
        """query Q($id: ID!) { node(id: $id) { ... on Organization { version
             history { nodes { createdAt actor operation action changes { field } } } } } }""",
        id=labs,
    )
    told_of = told["node"]["history"]["nodes"]
    assert [(each["operation"], each["action"]) for each in told_of] == [
        ("onboardCustomer", "CREATED"),
        ("mergeOrganizations", "MERGED"),
        ("moveOrganization", "MOVED"),
        ("updateOrganization", "UPDATED"),
    ]
    assert told["node"]["version"] == 4
    assert {each["actor"] for each in told_of} == {"local-admin"}
    assert [each["createdAt"][:10] for each in told_of] == ["2026-03-02", "2026-03-04", "2026-03-11", "2026-03-11"]
    log = await story.asks('{ auditLog(filter: {operation: {equals: "mergeOrganizations"}}) { nodes { action } } }')
    assert sorted(each["action"] for each in log["auditLog"]["nodes"]) == ["MERGED", "MERGED_AWAY", "UPDATED"], (
        "Dan, too"
    )
