"""What became of the rows of an import."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from app.errors import Problem

MAX_REFUSED_KEPT = 10


class Result(enum.StrEnum):
    """What became of one row."""

    CREATED = "CREATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One record of the file, `rows` rows of it: what became of it, and what there is to say: problems, or warnings."""

    line: int
    result: Result
    record_id: str | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    rows: int = 1


def refuse_row(line: int, problems: Sequence[Problem], rows: int = 1) -> Outcome:
    """A row that breaks rules. Nothing of it was stored."""
    return Outcome(line, Result.REFUSED, problems=tuple(problems), rows=rows)


@dataclass(slots=True)
class Summary:
    """A whole import: how many records came to what, of how many rows, the first refused, and how long it took.

    `rows_before` of the rows, those up to `after_line`, were done by an earlier run; the time is this one's alone.
    """

    counts: Counter[Result] = field(default_factory=Counter)
    rows: int = 0
    warnings: int = 0
    first_refused: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    rows_before: int = 0
    after_line: int | None = None

    def with_outcomes(self, outcomes: Iterable[Outcome]) -> Summary:
        """This one and more."""
        found = replace(self, counts=Counter(self.counts), first_refused=list(self.first_refused))
        for each in outcomes:
            found.count(each)
        return found

    def count(self, outcome: Outcome) -> None:
        """Add one record."""
        self.rows += outcome.rows
        self.counts[outcome.result] += 1
        self.warnings += len(outcome.warnings)
        if outcome.result is Result.REFUSED and len(self.first_refused) < MAX_REFUSED_KEPT:
            self.first_refused.append(outcome)

    @property
    def records(self) -> int:
        """How many the rows came to, or would have."""
        return self.counts.total()
