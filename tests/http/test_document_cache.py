"""What is kept of documents is bounded by what it takes, plans included."""

from __future__ import annotations

import pytest

from app.graph.plan.planner import MAX_VARIANTS
from app.http.document_cache import MAX_CHARACTERS, DocumentCache
from app.http.prepare import Preparation, RequestErrors
from app.schema import build_schema
from app.settings import Settings

CONDITION = "query ($a: Boolean!) { organizations { nodes { id @include(if: $a) } } } #"


def documents() -> DocumentCache:
    """With nothing in them, for the graph that is served."""
    return DocumentCache(Preparation(build_schema()._schema, Settings()))


def test_a_document_counts_for_its_text_and_for_each_of_its_plans() -> None:
    kept = documents()
    text = "{ organizations { nodes { id } } }"
    prepared = kept.prepare(text, None, {})
    assert kept.characters == 2 * len(text)
    prepared.planned.plans[()] = "none"
    kept.prepare(text, None, {})
    assert kept.characters == 2 * len(text)


def test_plans_for_each_setting_make_a_document_count_for_more() -> None:
    kept = documents()
    for number in range(MAX_VARIANTS + 2):
        prepared = kept.prepare(CONDITION, None, {"a": True})
        assert kept.characters == len(CONDITION) * (1 + min(number + 1, MAX_VARIANTS))
        if number < MAX_VARIANTS:
            prepared.planned.plans[number,] = "none"


def test_the_oldest_make_room() -> None:
    kept = documents()
    for number in range(40):
        text = CONDITION + f"{number:x>20000}"
        for variant in range(MAX_VARIANTS):
            kept.prepare(text, None, {"a": True}).planned.plans[variant,] = "none"
        assert kept.characters <= MAX_CHARACTERS
    assert kept.characters == sum(each.cache_state.characters for each in kept.entries.values())
    assert len(kept.entries) == MAX_CHARACTERS // (len(text) * (1 + MAX_VARIANTS))


@pytest.mark.parametrize("given", ["100 items", "absent", "no size", "100", None])
def test_a_document_that_is_known_is_weighed_again_for_a_value_of_another_size(given: str | None) -> None:
    kept = DocumentCache(Preparation(build_schema()._schema, Settings(max_cost=99)))
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    for _ in range(2):
        kept.prepare(text, None, {"ids": given})
    with pytest.raises(RequestErrors):
        kept.prepare(text, None, {"ids": ["a"] * 100})
