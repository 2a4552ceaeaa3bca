"""The sample that people have read: drawing it, and what the labels in it say. The labels are never made here."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "real" / "duplicate_sample.csv"
SIZE, SEED, REAL_FROM = 100, 2026, 0.5
SIDES = ("name", "domains", "website", "place", "parent")
COLUMNS = ("of", "one", "other", "score", "same", "why", *(f"{n}_{each}" for each in SIDES for n in ("one", "other")))
Row = Mapping[str, str]


@dataclass(frozen=True, order=True)
class Pair:
    """A proposed pair, by external ids in order, and its score."""

    one: str
    other: str
    score: float

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by in the sample."""
        return self.one, self.other


def drawn(pairs: Iterable[Pair], minimum: float, is_planted: Mapping[str, str]) -> list[tuple[str, Pair]]:
    """What the sample is made of: `SIZE` of all that is proposed, and all pairs of real organizations."""
    ordered = sorted(pairs)
    proposed = [pair for pair in ordered if pair.score >= minimum]
    mix = random.Random(SEED).sample(proposed, min(SIZE, len(proposed)))  # noqa: S311  # the same again
    real = [p for p in ordered if p.score >= REAL_FROM and p.one not in is_planted and p.other not in is_planted]
    return [("mix", pair) for pair in sorted(mix)] + [("real", pair) for pair in real]


def write(sample: Iterable[tuple[str, Pair]], rows: Mapping[str, Row]) -> int:
    """Write the sample, with the labels that pairs have already; how many have none."""
    known, missing = labels(), 0
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for of, pair in sample:
            label = known.get(pair.key, {"same": "", "why": ""})
            missing += not label["same"]
            line = {"of": of, "one": pair.one, "other": pair.other, "score": f"{pair.score:.3f}"}
            line |= {"same": label["same"], "why": label["why"]}
            for n, side in (("one", rows[pair.one]), ("other", rows[pair.other])):
                line |= {f"{n}_{each}": value for each, value in about(side, rows).items()}
            writer.writerow(line)
    return missing


def about(row: Row, rows: Mapping[str, Row]) -> dict[str, str]:
    """What a reader sees of an organization."""
    parent = rows.get(row["parent_external_id"])
    place = ", ".join(row[part] for part in ("city", "country") if row[part])
    values = (row["name"], row["associated_domains"], row["website"], place, parent["name"] if parent else "")
    return dict(zip(SIDES, values, strict=True))


def labels() -> dict[tuple[str, str], dict[str, str]]:
    """The pairs that were read, with `same` and `why`."""
    if not FILE.exists():
        return {}
    with FILE.open(encoding="utf-8", newline="") as file:
        return {(row["one"], row["other"]): row for row in csv.DictReader(file)}


def precision(pairs: Iterable[Pair]) -> tuple[int, int]:
    """How many of these pairs were read, and how many of those are the same."""
    known = labels()
    read = [known[pair.key]["same"] for pair in pairs if pair.key in known and known[pair.key]["same"]]
    return len(read), read.count("yes")
