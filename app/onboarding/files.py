"""Importing files from the command line: one after another, with a progress bar, a report and a summary each."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app.mongo.client import Store
from app.onboarding.header import Unreadable
from app.onboarding.kinds import IMPORTERS
from app.onboarding.outcome import Result, Summary
from app.onboarding.report import show_summary, write_outcome
from app.onboarding.rows import Source, source
from app.onboarding.runner import Run


def readable(kind: str, paths: Sequence[Path], given: str | None) -> list[Source]:
    """The files, each with a header that can be read. Raises Unreadable for the first that cannot be imported."""
    sources = []
    for path in paths:
        try:
            found = source(path, given)
            next(found.rows(IMPORTERS[kind]().columns), None)
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {error.strerror}.") from None
        sources.append(found)
    return sources


async def import_files(
    store: Store, kind: str, sources: Sequence[Source], *, dry_run: bool, report: Path | None
) -> bool:
    """Import them in turn. Whether every row of all of them is in the database now, or would be."""
    fine = True
    with ExitStack() as stack:
        file = stack.enter_context(report.open("wb")) if report else None
        for each in sources:
            summary = await import_file(store, kind, each, dry_run=dry_run, report=file)
            show_summary(Console(), kind, each.path.name, summary, dry_run=dry_run)
            fine = fine and not summary.counts[Result.REFUSED]
    return fine


async def import_file(store: Store, kind: str, each: Source, *, dry_run: bool, report: BinaryIO | None) -> Summary:
    """Import one, showing how far it is where stderr is a terminal."""
    summary, began = Summary(), time.perf_counter()
    with bar() as progress:
        task = progress.add_task(each.path.name, total=each.path.stat().st_size, rows=0)
        run = Run(IMPORTERS[kind](), each, store, now(), dry_run=dry_run)
        run.at = lambda position: progress.update(task, completed=position, rows=summary.rows)
        async for outcome in run.outcomes():
            summary.count(outcome)
            if report:
                write_outcome(report, each.path.name, outcome)
    summary.seconds = time.perf_counter() - began
    return summary


def whereabouts(uri: str | None, directory: Path | None) -> str:
    """Where the database is: the hosts of its address, never who logs in there; or our own MongoDB's directory."""
    if uri is None:
        return f"in {directory}" if directory else "kept for this run alone"
    hosts = re.split("[/?]", uri.partition("://")[2], maxsplit=1)[0]
    return f"at {unquote(hosts.rpartition('@')[2])}"


def bar() -> Progress:
    """A bar over the bytes of a file; it starts anew with each reading."""
    console = Console(stderr=True)
    rows = TextColumn("{task.fields[rows]:,} rows")
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), rows, TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def now() -> datetime:
    """This instant, as the database keeps it: to the millisecond."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
