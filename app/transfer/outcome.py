"""The outcome of each row of an import, and the summary of all."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from app.errors import Problem
from app.mongo.client import Doc

MAX_REFUSED_KEPT = 10


class Result(enum.StrEnum):
    """The result of one row."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one record of the file, which has `rows` rows from `line` on, with its problems or warnings.

    `changes` are the fields of a record that was changed, each an object of field, before and after. `key` is the
    value by which the row is recognised, as the file has it; None where the row has none or cannot be read. `spans`
    are where its rows stand in the file, each from one byte up to another.
    """

    line: int
    result: Result
    record_id: str | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    rows: int = 1
    changes: tuple[Doc, ...] = ()
    key: str | None = None
    spans: tuple[tuple[int, int], ...] = ()


def refuse_row(
    line: int,
    problems: Sequence[Problem],
    rows: int = 1,
    key: str | None = None,
    spans: tuple[tuple[int, int], ...] = (),
) -> Outcome:
    """The outcome of a row that is refused for these problems."""
    return Outcome(line, Result.REFUSED, problems=tuple(problems), rows=rows, key=key, spans=spans)


def describe_problem(problem: Problem) -> str:
    """A problem of a row in one line: the path to the value, the message and the code."""
    return escape_text(f"{'.'.join(problem.field) or 'row'}: {problem.message} ({problem.code})")


def escape_text(text: str) -> str:
    """Text that is safe to print: control characters and invalid Unicode become escapes."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


@dataclass(slots=True)
class Summary:
    """The counts of an import: records by result, rows of the file, warnings, and the first refused records.

    An earlier run did `rows_before` of the rows, up to `after_line`; `seconds` is the time of this run alone.
    """

    counts: Counter[Result] = field(default_factory=Counter)
    rows: int = 0
    warnings: int = 0
    first_refused: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    rows_before: int = 0
    after_line: int | None = None

    def with_outcomes(self, outcomes: Iterable[Outcome]) -> Summary:
        """A new summary that counts these outcomes too."""
        summary = replace(self, counts=Counter(self.counts), first_refused=list(self.first_refused))
        for each in outcomes:
            summary.count(each)
        return summary

    def count(self, outcome: Outcome) -> None:
        """Count the outcome of one record."""
        self.rows += outcome.rows
        self.counts[outcome.result] += 1
        self.warnings += len(outcome.warnings)
        if outcome.result is Result.REFUSED and len(self.first_refused) < MAX_REFUSED_KEPT:
            self.first_refused.append(outcome)

    @property
    def records(self) -> int:
        """How many records the rows made, or would make in a dry run."""
        return self.counts.total()
