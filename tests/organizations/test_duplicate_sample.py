"""The sample that was read by hand is of the rules as they are: where they change, it is to be drawn and read again."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from app.organizations.duplicates import Traits, score
from benchmarks import sample
from benchmarks.asking import real_rows
from benchmarks.duplicates import DEFAULT, SEED
from benchmarks.planting import Row, plant

READ = list(csv.DictReader(sample.FILE.read_text(encoding="utf-8").splitlines()))


def stored(row: Row, rows: dict[str, Row]) -> dict[str, Any]:
    """The fields that an import of the row stores; external ids stand for ids."""
    above: list[str] = []
    parent = row["parent_external_id"]
    while parent:
        above.insert(0, parent)
        parent = rows[parent]["parent_external_id"]
    return {
        "_id": row["external_id"],
        "name": row["name"],
        "externalId": row["external_id"],
        "associatedDomains": row["associated_domains"].split(),
        "storefrontUrl": row["website"],
        "billing": {"city": row["city"], "country": row["country"]},
        "parentId": above[-1] if above else None,
        "ancestorIds": above,
    }


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    """The real organizations and those that were planted among them."""
    real = real_rows()
    return {row["external_id"]: row for row in (*real, *(each.row for each in plant(real, SEED)))}


@pytest.fixture(scope="module")
def scores(rows: dict[str, Row]) -> list[float]:
    """What the rules score each pair of the sample at, in its order."""
    pairs = ([Traits.from_document(stored(rows[row[side]], rows)) for side in ("one", "other")] for row in READ)
    return [score(one, other).score for one, other in pairs]


def test_the_scores_in_the_sample_are_those_of_the_rules(scores: list[float]) -> None:
    for row, computed in zip(READ, scores, strict=True):
        assert f"{computed:.3f}" == row["score"], f"{row['one_name']} and {row['other_name']}"


@pytest.mark.parametrize(("of", "least"), [("mix", sample.SIZE), ("real", 1)])
def test_nine_in_ten_of_what_is_proposed_are_the_same(scores: list[float], of: str, least: int) -> None:
    """Of the pairs that people have read, those that the rules propose: planted and real ones mixed, and real ones."""
    read = [(row["same"], computed) for row, computed in zip(READ, scores, strict=True) if row["of"] == of]
    proposed = [same for same, computed in read if computed >= DEFAULT]
    assert len(proposed) >= least
    assert proposed.count("yes") >= 0.9 * len(proposed)


def test_every_pair_of_the_sample_has_been_read() -> None:
    assert {row["same"] for row in READ} == {"yes", "no"}
    assert all(row["why"] for row in READ)
