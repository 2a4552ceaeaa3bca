"""Filters find what they say, hold text to be text, and are bounded. Answers are compared with Python's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.entities.organization import Organization
from app.graph.search_texts import prefix_range
from app.mongo.client import Store
from tests.asking import Ask, Data
from tests.records import EPOCH, organization, save, subscriber

LIST = (
    "query ($filter: OrganizationFilter) { organizations(first: 100, filter: $filter) { totalCount nodes { name } } }"
)

METADATA = [
    ("tier", "gold"),
    ("tier", 3),
    ("a.b", True),
    ("$x", "$where"),
    ("名", None),
    ("__proto__", "$externalSecret"),
]


def examples() -> list[Organization]:
    """A dozen organizations that differ in all that can be filtered."""
    odd = ["a.c", "abc", "a*", "$where", "Ünïcode", "(", "[a-z]", "ABC", "a", "ab\x00c", "\\d", "z"]
    return [
        organization(
            f"o{n}",
            n=n,
            name=name,
            kind=("COMPANY", "BUSINESS_UNIT", "INDIVIDUAL")[n % 3],
            externalId=f"ext-{n}" if n % 2 else None,
            associatedDomains=[f"d{n % 4}.com"],
            customMetadata=[dict(zip(("name", "value"), METADATA[n % 6], strict=True))],
        )
        for n, name in enumerate(odd)
    ]


Rule = Callable[[Organization], bool]
TEN = EPOCH + timedelta(minutes=10)


def has(name: str, *values: object) -> Rule:
    """Whether an organization has that entry, with one of those values."""
    return lambda o: any(e.name == name and (not values or e.value in values) for e in o.custom_metadata)


CASES: list[tuple[dict[str, Any], Rule]] = [
    ({"name": {"equals": "a.c"}}, lambda o: o.name == "a.c"),
    ({"name": {"startsWith": "a"}}, lambda o: o.name.startswith("a")),
    ({"name": {"startsWith": "a."}}, lambda o: o.name.startswith("a.")),
    ({"name": {"startsWith": ""}}, lambda o: True),
    ({"name": {"startsWith": "$"}}, lambda o: o.name.startswith("$")),
    ({"name": {"startsWith": "ab\x00"}}, lambda o: o.name == "ab\x00c"),
    ({"name": {"contains": "B"}}, lambda o: "b" in o.name.lower()),
    ({"name": {"contains": "."}}, lambda o: "." in o.name),
    ({"name": {"contains": ""}}, lambda o: True),
    ({"name": {"contains": "ÏCO"}}, lambda o: o.name == "Ünïcode"),
    ({"name": {"contains": "unicode"}}, lambda o: False),
    ({"name": {"contains": "b\x00C"}}, lambda o: o.name == "ab\x00c"),
    ({"name": {"contains": "ext-"}}, lambda o: False),
    ({"name": {"contains": "b", "startsWith": "a"}}, lambda o: o.name in ("abc", "ab\x00c")),
    ({"not": {"name": {"contains": "b"}}}, lambda o: "b" not in o.name.lower()),
    ({"externalId": {"contains": "T-1"}}, lambda o: "t-1" in (o.external_id or "")),
    ({"name": {"in": ["(", "[a-z]", "nobody"]}}, lambda o: o.name in ("(", "[a-z]")),
    ({"name": {"in": []}}, lambda o: False),
    ({"kind": {"equals": "INDIVIDUAL"}}, lambda o: o.kind == "INDIVIDUAL"),
    ({"kind": {"in": ["INDIVIDUAL", "COMPANY"]}}, lambda o: o.kind != "BUSINESS_UNIT"),
    ({"externalId": {"equals": None}}, lambda o: o.external_id is None),
    ({"externalId": {"equals": "ext-3"}}, lambda o: o.external_id == "ext-3"),
    ({"associatedDomains": {"contains": "d1.com"}}, lambda o: "d1.com" in o.associated_domains),
    ({"associatedDomains": {"contains": "1.com"}}, lambda o: False),
    ({"createdAt": {"gte": TEN.isoformat()}}, lambda o: o.created_at >= TEN),
    ({"createdAt": {"gt": EPOCH.isoformat(), "lt": TEN.isoformat()}}, lambda o: EPOCH < o.created_at < TEN),
    ({"customMetadata": {"name": "tier", "equals": "gold"}}, has("tier", "gold")),
    ({"customMetadata": {"name": "tier", "equals": 3}}, has("tier", 3)),
    ({"customMetadata": {"name": "tier", "equals": "3"}}, lambda o: False),
    ({"customMetadata": {"name": "tier", "in": ["gold", 3]}}, has("tier", "gold", 3)),
    ({"customMetadata": {"name": "tier"}}, has("tier")),
    ({"customMetadata": {"name": "tier", "exists": False}}, lambda o: not has("tier")(o)),
    ({"customMetadata": {"name": "a.b", "equals": True}}, has("a.b", True)),
    ({"customMetadata": {"name": "$x", "equals": "$where"}}, has("$x", "$where")),
    ({"customMetadata": {"name": "名", "equals": None}}, has("名", None)),
    ({"customMetadata": {"name": "__proto__", "equals": "$externalSecret"}}, has("__proto__", "$externalSecret")),
    ({"or": [{"name": {"equals": "z"}}, {"kind": {"equals": "COMPANY"}}]},
     lambda o: o.name == "z" or o.kind == "COMPANY"),
    ({"and": [{"name": {"startsWith": "a"}}, {"kind": {"equals": "COMPANY"}}]},
     lambda o: o.name.startswith("a") and o.kind == "COMPANY"),
    ({"not": {"kind": {"equals": "COMPANY"}}}, lambda o: o.kind != "COMPANY"),
    ({"not": {"or": [{"name": {"startsWith": "a"}}, {"name": {"equals": "z"}}]}},
     lambda o: not (o.name.startswith("a") or o.name == "z")),
    ({"or": []}, lambda o: True),
    ({}, lambda o: True),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "rule"), CASES, ids=[str(asked) for asked, _ in CASES])
async def test_a_filter_finds_what_it_says(store: Store, data: Data, asked: dict[str, Any], rule: Rule) -> None:
    known = examples()
    await save(store, *known)
    mine = {"or": [{"name": {"in": [o.name for o in known]}}]}
    page = (await data(store, LIST, filter={"and": [asked, mine]}))["organizations"]
    assert [node["name"] for node in page["nodes"]] == sorted(o.name for o in known if rule(o))
    assert page["totalCount"] == len(page["nodes"])


async def test_addresses_are_compared_in_their_normal_form(store: Store, data: Data) -> None:
    org = organization("acme")
    await save(store, org, subscriber("c", org, email="Carol@Finoptic.COM"), subscriber("d", org))
    query = "query ($f: SubscriberFilter) { subscribers(filter: $f) { nodes { email } } }"
    for same in ("carol@finoptic.com", "CAROL@FINOPTIC.COM", "\uff43arol@finoptic.com"):
        page = (await data(store, query, f={"email": {"equals": same}}))["subscribers"]
        assert page["nodes"] == [{"email": "Carol@Finoptic.COM"}]


BAD: list[Any] = [
    {"name": {"equals": {"$gt": ""}}},
    {"name": {"$gt": ""}},
    {"name": "a"},
    {"$where": "1"},
    {"kind": {"equals": "NOBODY"}},
    {"createdAt": {"gt": "yesterday"}},
    {"createdAt": {"gt": "2026-01-01T00:00:00"}},
    {"customMetadata": {"name": "tier", "equals": {"$gt": ""}}},
    {"customMetadata": {"name": "tier", "equals": ["a"]}},
    {"customMetadata": {"equals": "a"}},
    {"name": {"in": ["x"] * 101}},
    {"or": [{"name": {"equals": "x"}}] * 51},
]


@pytest.mark.parametrize("asked", BAD, ids=lambda asked: str(asked)[:60])
async def test_what_is_no_filter_is_refused_in_our_words(store: Store, ask: Ask, asked: Any) -> None:
    answer = await ask(store, LIST, filter=asked)
    assert set(answer.codes.values()) in ({"BAD_ARGUMENT"}, {"BAD_VARIABLES"})
    assert not any("Mongo" in text or "pymongo" in text or "pydantic" in text for text in answer.messages)


@given(prefix=st.text(min_size=1, max_size=5), text=st.text(max_size=8))
def test_a_prefix_is_a_range(prefix: str, text: str) -> None:
    """In code point order, which is the order of UTF-8 and so the database's."""
    bounds = prefix_range(prefix)
    for candidate in (text, prefix + text):
        inside = bounds["$gte"] <= candidate and ("$lt" not in bounds or candidate < bounds["$lt"])
        assert inside == candidate.startswith(prefix)
