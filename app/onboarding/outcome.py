"""What became of the rows of an import."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.errors import Problem

SHOWN = 10


class Result(enum.StrEnum):
    """What became of one row."""

    CREATED = "CREATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row: what became of it, of which record, and what there is to say: problems that refuse it, or warnings."""

    line: int
    result: Result
    record_id: str | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def refused(line: int, problems: Sequence[Problem]) -> Outcome:
    """A row that breaks rules. Nothing of it was stored."""
    return Outcome(line, Result.REFUSED, problems=tuple(problems))


@dataclass(slots=True)
class Summary:
    """A whole run: how many rows came to what, the first that were refused, and how long it took."""

    counts: Counter[Result] = field(default_factory=Counter)
    warnings: int = 0
    first_refused: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0

    def count(self, outcome: Outcome) -> None:
        """Add one row."""
        self.counts[outcome.result] += 1
        self.warnings += len(outcome.warnings)
        if outcome.result is Result.REFUSED and len(self.first_refused) < SHOWN:
            self.first_refused.append(outcome)

    @property
    def rows(self) -> int:
        """How many there were."""
        return self.counts.total()
