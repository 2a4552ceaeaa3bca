"""What real clients send, as it was captured from their published packages, and the event that is read of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Problem
from app.metering.event import Identity, UsageEvent
from app.metering.formats import read_events

AT = datetime(2026, 11, 24, 18, 47, 32, tzinfo=UTC)
EARLY = datetime(2023, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)
GOLD = "sub_gold_1234567890"
HASH = "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"
CAROL = {
    "id": "1473847563",
    "email": "carol@finoptic.com",
    "credential": {"name": "Engineering API Key", "value": "hak-abc123456"},
}
CHAIN = Identity(
    credential="hak-abc123456",
    credential_name="Engineering API Key",
    subscriber_email="carol@finoptic.com",
    subscriber_id="1473847563",
    organization="Finoptic Labs",
    subscription=GOLD,
)
COMPLETION: dict[str, Any] = {
    "completionStartTime": "2026-11-24T18:47:32Z", "costType": "AI", "inputTokenCount": 12, "isStreamed": False,
    "model": "gpt-4o-mini", "outputTokenCount": 3, "provider": "OPENAI", "requestDuration": 14,
    "requestTime": "2026-11-24T18:47:32Z", "responseTime": "2026-11-24T18:47:33Z", "stopReason": "END",
    "totalTokenCount": 15, "transactionId": "chatcmpl-abc", "cacheCreationTokenCount": 0, "cacheReadTokenCount": 0,
    "middlewareSource": "PYTHON", "modelSource": "OPENAI", "operationType": "CHAT", "organizationName": "Finoptic Labs",
    "reasoningTokenCount": 0, "subscriber": CAROL, "subscriptionId": GOLD, "timeToFirstToken": 14,
    "retryNumber": 0,
}  # fmt: skip
LITELLM_EVENT = {
    "specversion": "1.0", "type": "litellm_tokens", "id": "chatcmpl-1", "time": "2026-11-24T18:47:32Z",
    "subject": "carol@finoptic.com", "source": "litellm-proxy",
    "data": {"model": "gpt-4o-mini", "cost": 0.01, "prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
}  # fmt: skip


def event(source: str, event_id: str, kind: str, at: datetime | None = AT, **said: Any) -> UsageEvent:
    """An event as it is read."""
    return UsageEvent(source, event_id, kind, at, said.get("identity") or Identity(**said))


CASES: list[tuple[str, object, list[UsageEvent]]] = [
    (
        "this API's own form",
        {
            "source": "gateway", "id": "1", "time": "2026-11-24T18:47:32Z",
            "usageMetadata": {"subscriber": CAROL, "organization_id": "Finoptic Labs", "subscription_id": GOLD},
            "quantities": [{"name": "output", "value": 3}],
        },
        [event("gateway", "1", "usage", identity=CHAIN)],
    ),
    ("Revenium: a completion", COMPLETION, [event("revenium", "chatcmpl-abc", "chat", identity=CHAIN)]),
    (
        "Revenium: an image, whose identity is flat",
        {
            "transactionId": "img-1", "model": "dall-e-3", "requestTime": "2026-11-24T18:47:32Z",
            "operationType": "IMAGE",
            "subscriberId": "1473847563", "subscriberEmail": "carol@finoptic.com", "subscriptionId": GOLD,
            "organizationName": "Finoptic Labs",
        },
        [
            event(
                "revenium", "img-1", "image", subscriber_id="1473847563", subscriber_email="carol@finoptic.com",
                subscription=GOLD, organization="Finoptic Labs",
            )
        ],
    ),
    (
        "Revenium: a tool",
        {
            "transactionId": "tool-1", "toolId": "web-search", "operation": "search", "durationMs": 4, "success": True,
            "timestamp": "2026-11-24T18:47:32Z", "organizationName": "Finoptic Labs",
            "subscriberCredential": "hak-abc123456",
            "usageMetadata": {"subscriber": {"email": "carol@finoptic.com"}},
        },
        [
            event(
                "revenium", "tool-1", "web-search", organization="Finoptic Labs", credential="hak-abc123456",
                subscriber_email="carol@finoptic.com",
            )
        ],
    ),
    (
        "Revenium: an event of one's own, without a time",
        {"payload": {"rows": "12"}, "sourceType": "DATABASE", "transactionId": "e-1", "subscriberCredential": "hak-1"},
        [event("revenium", "e-1", "DATABASE", None, credential="hak-1")],
    ),
    (
        "OpenMeter's SDK: a batch",
        [
            {"specversion": "1.0", "type": "api-calls", "id": "00002", "time": "2023-01-01T00:00:00.001Z",
             "source": "service-0", "subject": "customer-1", "data": {}},
            {"specversion": "1.0", "type": "api-calls", "id": "00003", "source": "service-0", "subject": "customer-1"},
        ],
        [
            event("service-0", "00002", "api-calls", EARLY, subject="customer-1"),
            event("service-0", "00003", "api-calls", None, subject="customer-1"),
        ],
    ),
    (
        "LiteLLM's openmeter callback",
        LITELLM_EVENT,
        [event("litellm-proxy", "chatcmpl-1", "litellm_tokens", subject="carol@finoptic.com")],
    ),
    (
        "LiteLLM's lago callback",
        {"event": {"transaction_id": "t-1", "external_subscription_id": "carol@finoptic.com", "code": "tokens",
                   "properties": {"model": "gpt-4o-mini", "response_cost": 0.01, "prompt_tokens": 12}}},
        [event("lago", "t-1", "tokens", None, subscription="carol@finoptic.com", subject="carol@finoptic.com")],
    ),
    (
        "Lago's client: a batch, with times in seconds",
        {"events": [{"transaction_id": "t-1", "external_subscription_id": GOLD, "code": "calls",
                     "timestamp": 1795546052},
                    {"transaction_id": "t-2", "external_subscription_id": "s", "code": "calls",
                     "timestamp": "1795546052"}]},
        [
            event("lago", "t-1", "calls", subscription=GOLD, subject=GOLD),
            event("lago", "t-2", "calls", subscription="s", subject="s"),
        ],
    ),
    (
        "LiteLLM's generic callback",
        [{"id": "chatcmpl-2", "trace_id": "x", "call_type": "acompletion", "response_cost": 0.01,
          "startTime": 1795546052.0,
          "end_user": "customer-1", "messages": [{"role": "user", "content": "secret"}],
          "metadata": {"user_api_key_hash": HASH,
                       "user_api_key_alias": "prod", "user_api_key_user_email": "carol@finoptic.com",
                       "user_api_key_user_id": "u-1", "user_api_key_team_id": "labs", "user_api_key_org_id": None}}],
        [
            event(
                "litellm", "chatcmpl-2", "acompletion",
                credential=HASH, credential_name="prod",
                subscriber_email="carol@finoptic.com", subscriber_id="u-1", organization="labs", subject="customer-1",
            )
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_a_client_sends_is_read_into_one_form(body: object, expected: list[UsageEvent]) -> None:
    assert read_events(body) == expected


@pytest.mark.parametrize("name", ["organization_id", "organizationId", "organization_name", "organizationName"])
def test_an_organization_is_said_in_four_spellings(name: str) -> None:
    [found] = read_events({"source": "s", "id": "1", "usageMetadata": {name: " Finoptic Labs "}})
    assert isinstance(found, UsageEvent)
    assert found.identity == Identity(organization="Finoptic Labs")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ("text", "INVALID_TYPE", ()),
        (None, "INVALID_TYPE", ()),
        ({"source": "s"}, "REQUIRED", ("id",)),
        ({"specversion": "1.0", "id": "1", "type": "t"}, "REQUIRED", ("source",)),
        ({"transactionId": "", "model": "m"}, "REQUIRED", ("transactionId",)),
        ({"transaction_id": "1", "timestamp": "soon"}, "INVALID_INSTANT", ("timestamp",)),
        ({"transaction_id": "1", "timestamp": 1e300}, "INVALID_INSTANT", ("timestamp",)),
        ({"transaction_id": True}, "INVALID_TYPE", ("transaction_id",)),
        ({"source": "s", "id": "1", "usageMetadata": []}, "INVALID_TYPE", ("usageMetadata",)),
        ({"source": "s", "id": "1", "usageMetadata": {"subscriber": {"email": {"$gt": ""}}}}, "INVALID_TYPE",
         ("usageMetadata", "subscriber", "email")),
        ({"source": "s", "id": "a\0b"}, "INVALID_TEXT", ("id",)),
        ({"source": "s", "id": "\ud800"}, "INVALID_TEXT", ("id",)),
    ],
)  # fmt: skip
def test_what_is_no_event_is_told_with_its_place(body: object, code: str, field: tuple[str, ...]) -> None:
    [problems] = read_events(body)
    assert isinstance(problems, list)
    assert [(each.code, each.field) for each in problems if isinstance(each, Problem)] == [(code, field)]


def test_no_events_are_none() -> None:
    assert read_events([]) == []
    assert read_events({"events": []}) == []


NAMES = st.sampled_from(
    [
        *("specversion", "id", "source", "type", "time", "subject", "data", "usageMetadata", "usage_metadata"),
        *("transactionId", "transaction_id", "model", "requestTime", "timestamp", "call_type", "metadata", "startTime"),
        *(
            "subscriber",
            "credential",
            "subscriberCredential",
            "email",
            "value",
            "name",
            "organization_id",
            "event",
            "events",
        ),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300) | st.just("2026-01-01T00:00:00Z"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6),
    max_leaves=30,
)


@given(VALUES)
def test_whatever_json_comes_is_an_event_or_told_why_it_is_none(body: object) -> None:
    for found in read_events(body):
        if isinstance(found, UsageEvent):
            assert 1 <= len(found.source) <= 256
            assert 1 <= len(found.id) <= 256
            assert found.time is None or found.time.tzinfo is not None
        else:
            assert found
            assert all(each.code and each.message for each in found)
