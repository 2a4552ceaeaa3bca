"""The output of an import: a report with a line of NDJSON for each row, and a summary for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO, NamedTuple

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.errors import Problem
from app.transfer.outcome import Outcome, Result, Summary, describe_problem, escape_text

DRY_RUN_LABELS = {
    Result.CREATED: "would be created",
    Result.CHANGED: "would be changed",
    Result.UNCHANGED: "unchanged",
    Result.REFUSED: "would be refused",
}
LABELS = {result: result.value.lower() for result in Result}

MAX_PROBLEMS_PRINTED = 5
"""How many problems of a row the summary prints."""
MAX_KEY_PRINTED = 80
"""How many characters of a row's key the summary prints."""


def write_outcome(file: BinaryIO, name: str, outcome: Outcome) -> None:
    """Write the report's line for one row: file, line, key, outcome, id of the record, changes, problems, warnings."""
    line = {
        "file": escape_text(name),
        "row": outcome.line,
        "key": outcome.key and escape_text(outcome.key),
        "outcome": outcome.result.value,
        "id": outcome.record_id,
        "changes": list(outcome.changes),
        "problems": format_problems(outcome.problems),
        "warnings": format_problems(outcome.warnings),
    }
    file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def write_resumption(file: BinaryIO, name: str, summary: Summary) -> None:
    """Write the report's line that an earlier run did the rows up to a line, with its counts."""
    line: dict[str, object] = {
        "file": escape_text(name),
        "row": summary.after_line,
        "key": None,
        "outcome": "WENT_ON",
        "id": None,
        "problems": [],
        "warnings": [],
        "before": {result.value.lower(): summary.counts[result] for result in Result},
    }
    file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def format_problems(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Problems as JSON objects, with text that is safe to print."""
    return [
        {"code": each.code, "field": [escape_text(name) for name in each.field], "message": escape_text(each.message)}
        for each in problems
    ]


class FileSummary(NamedTuple):
    """The summary of one file's import, and what messages call the file."""

    name: str
    summary: Summary


def format_summaries(facts: Mapping[str, object], summaries: Sequence[FileSummary]) -> str:
    """The summaries of an import's files, their totals and `facts` about the import, as one JSON object."""
    counts = [summarise_counts(each.summary) for each in summaries]
    totals = {name: sum(each[name] for each in counts) for name in summarise_counts(Summary())}
    files = [summarise_file(each) for each in summaries]
    return orjson.dumps({**facts, **totals, "files": files}).decode()


def summarise_counts(summary: Summary) -> dict[str, int]:
    """The counts of a summary by name: records by result and in all, rows of the file, and warnings."""
    results = {result.value.lower(): summary.counts[result] for result in Result}
    return results | {"records": summary.records, "rows": summary.rows, "warnings": summary.warnings}


def summarise_file(file: FileSummary) -> dict[str, object]:
    """The summary of one file as a JSON object."""
    name, summary = file
    return {
        "file": escape_text(name),
        **summarise_counts(summary),
        "seconds": round(summary.seconds, 3),
        "rowsBefore": summary.rows_before,
        "resumedAfterRow": summary.after_line,
        "firstRefused": [
            {
                "row": each.line,
                "key": each.key and escape_text(each.key),
                "problems": format_problems(each.problems),
            }
            for each in summary.first_refused
        ],
    }


def print_summary(console: Console, kind: str, name: str, summary: Summary, *, dry_run: bool) -> None:
    """Print the counts, the speed, and the problems of the first refused records."""
    title = f"{escape_text(name)}{', a dry run: nothing was written' if dry_run else ''}"
    console.print(Text(title), soft_wrap=True)
    if summary.after_line is not None:
        before = f"{summary.rows_before:,} rows were done by an earlier run"
        console.print(f"It resumed after line {summary.after_line:,}: {before} and are included.", soft_wrap=True)
    table = Table()
    table.add_column(kind)
    table.add_column("", justify="right")
    for result in Result:
        if result is not Result.CHANGED or summary.counts[result]:
            table.add_row((DRY_RUN_LABELS if dry_run else LABELS)[result], f"{summary.counts[result]:,}")
    table.add_row("all", f"{summary.records:,}", end_section=True)
    table.add_row("rows of the file", f"{summary.rows:,}")
    if summary.warnings:
        table.add_row("warnings", f"{summary.warnings:,}")
    table.add_row("seconds", f"{summary.seconds:,.1f}")
    rows_of_this_run = summary.rows - summary.rows_before
    table.add_row("rows a second", f"{rows_of_this_run / max(summary.seconds, 0.001):,.0f}")
    console.print(table)
    for outcome in summary.first_refused:
        for problem in outcome.problems[:MAX_PROBLEMS_PRINTED]:
            message = f"{escape_text(describe_row(outcome))}: {describe_problem(problem)}"
            console.print(Text(message), soft_wrap=True)
        if (rest := len(outcome.problems) - MAX_PROBLEMS_PRINTED) > 0:
            message = f"{describe_row(outcome)}: and {rest} more; --report FILE lists every one."
            console.print(Text(escape_text(message)), soft_wrap=True)
    if (more := summary.counts[Result.REFUSED] - len(summary.first_refused)) > 0:
        console.print(f"and {more:,} more {kind}; --report FILE lists every one.")


def describe_row(outcome: Outcome) -> str:
    """What the summary calls a row: its line, and its own key where it has one."""
    if outcome.key is None:
        return f"line {outcome.line}"
    is_short = len(outcome.key) <= MAX_KEY_PRINTED
    return f"line {outcome.line} ({outcome.key if is_short else outcome.key[: MAX_KEY_PRINTED - 3] + '...'})"
