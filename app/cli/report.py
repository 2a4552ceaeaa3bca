"""What an import says: a line of NDJSON for each row, and a summary for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.errors import Problem
from app.transfer.outcome import Outcome, Result, Summary

WORDS = {Result.CREATED: "would be created", Result.UNCHANGED: "unchanged", Result.REFUSED: "would be refused"}
DONE = {Result.CREATED: "created", Result.UNCHANGED: "unchanged", Result.REFUSED: "refused"}

MOST_TOLD = 5
"""How many problems of a row are printed."""


def write_outcome(file: BinaryIO, name: str, outcome: Outcome) -> None:
    """One row's line: the file, the line on which the row begins, its outcome, its record, what there is to say."""
    said = {
        "file": readable(name),
        "row": outcome.line,
        "outcome": outcome.result.value,
        "id": outcome.record_id,
        "problems": problems(outcome.problems),
        "warnings": problems(outcome.warnings),
    }
    file.write(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))


def write_going_on(file: BinaryIO, name: str, summary: Summary) -> None:
    """That the rows up to a line were done by an earlier run, and what they came to."""
    said: dict[str, object] = {
        "file": readable(name),
        "row": summary.after_line,
        "outcome": "WENT_ON",
        "id": None,
        "problems": [],
        "warnings": [],
        "before": {result.value.lower(): summary.counts[result] for result in Result},
    }
    file.write(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))


def problems(found: Iterable[Problem]) -> list[dict[str, object]]:
    """Problems as data."""
    return [
        {"code": each.code, "field": [readable(name) for name in each.field], "message": readable(each.message)}
        for each in found
    ]


def readable(text: str) -> str:
    """Text that can be shown anywhere: what a terminal would obey, and what is no Unicode, becomes an escape."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def show_summary(console: Console, kind: str, name: str, summary: Summary, *, dry_run: bool) -> None:
    """Counts, speed, and the first records that were refused."""
    title = f"{readable(name)}{', a dry run: nothing was written' if dry_run else ''}"
    console.print(Text(title), soft_wrap=True)
    if summary.after_line is not None:
        before = f"{summary.rows_before:,} rows were done by an earlier run"
        console.print(f"It went on after line {summary.after_line:,}: {before}, and are counted.", soft_wrap=True)
    table = Table()
    table.add_column(kind)
    table.add_column("", justify="right")
    for result in Result:
        table.add_row((WORDS if dry_run else DONE)[result], f"{summary.counts[result]:,}")
    table.add_row("all", f"{summary.records:,}", end_section=True)
    table.add_row("rows of the file", f"{summary.rows:,}")
    if summary.warnings:
        table.add_row("warnings", f"{summary.warnings:,}")
    table.add_row("seconds", f"{summary.seconds:,.1f}")
    done = summary.rows - summary.rows_before
    table.add_row("rows a second", f"{done / max(summary.seconds, 0.001):,.0f}")
    console.print(table)
    for outcome in summary.first_refused:
        for problem in outcome.problems[:MOST_TOLD]:
            where = ".".join(problem.field) or "row"
            console.print(
                Text(readable(f"line {outcome.line}: {where}: {problem.message} ({problem.code})")), soft_wrap=True
            )
        if (rest := len(outcome.problems) - MOST_TOLD) > 0:
            console.print(f"line {outcome.line}: and {rest} more; --report FILE lists every one.")
    if (more := summary.counts[Result.REFUSED] - len(summary.first_refused)) > 0:
        console.print(f"and {more:,} more {kind}; --report FILE lists every one.")
