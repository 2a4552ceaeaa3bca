"""Importing files from the command line: one after another, with a progress bar, a report and a summary each."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from rich.console import Console

from app.access.secrets import Cipher
from app.access.viewer import LOCAL_ADMIN
from app.cli.progress import showing_import
from app.cli.report import FileSummary, print_summary, write_outcome, write_resumption
from app.graph.scalars import to_the_millisecond
from app.mongo.client import Store
from app.organizations.importing import OrganizationImporter
from app.schema import IMPORTERS
from app.transfer import import_cursor as cursors
from app.transfer.csv_header import UnreadableFile
from app.transfer.outcome import Result, escape_text
from app.transfer.refused_rows import RefusedRows, opened_refused_rows
from app.transfer.rows import Source, copied_source, find_source
from app.transfer.runner import ImportRun

COMMAND_LINE = dataclasses.replace(LOCAL_ADMIN, id="command-line")
"""Who imports by the command line, as audit entries name it."""


STANDARD_INPUT = Path("-")
"""What is given for standard input in place of a file."""


@contextmanager
def opened_sources(
    kind: str, paths: Sequence[Path], format_name: str | None, *, updates: bool = False
) -> Iterator[list[Source]]:
    """The files to import, after their headers were checked. Standard input is copied to a temporary file.

    Raises UnreadableFile for the first that is unusable.
    """
    if paths.count(STANDARD_INPUT) > 1:
        raise UnreadableFile("Standard input can be imported once: give - one time.")
    with ExitStack() as stack:
        yield [check_header(kind, open_source(path, format_name, stack), updates=updates) for path in paths]


def open_source(path: Path, format_name: str | None, stack: ExitStack) -> Source:
    """The file at `path`, or a copy of standard input that is removed with `stack`. Raises UnreadableFile."""
    if path == STANDARD_INPUT:
        return stack.enter_context(copied_source(sys.stdin.buffer, "standard input", format_name))
    return find_source(path, format_name)


def check_header(kind: str, source: Source, *, updates: bool) -> Source:
    """The source, after its header and first row were read. Raises UnreadableFile."""
    importer = IMPORTERS[kind]()
    try:
        next(source.read_rows(importer.columns, (importer.key,) if updates else None), None)
    except OSError as error:
        raise UnreadableFile(f"{source.path} cannot be read: {error.strerror}.") from None
    return source


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of the import command. `report` is the file for a line about each row.

    `updates`: records that are there are changed where rows differ. `refused` is the file for refused rows, for imports
    of one file. `as_json`: no summary for people is printed.
    """

    dry_run: bool = False
    updates: bool = False
    from_start: bool = False
    report: Path | None = None
    refused: Path | None = None
    as_json: bool = False
    moves_waiting: bool = False
    """Whether organizations get the subscribers who wait in UNCLASSIFIED under their domains."""
    cipher: Cipher | None = None


async def import_files(store: Store, kind: str, sources: Sequence[Source], options: ImportOptions) -> list[FileSummary]:
    """Import files one after the other, and print the summary of each when it is done; returns all of them."""
    runs = [await prepare_run(store, kind, each, options) for each in sources]
    resumes = any(run.position.done for run in runs)
    summaries = []
    with ExitStack() as stack:
        file = stack.enter_context(options.report.open("ab" if resumes else "wb")) if options.report else None
        for run in runs:
            if options.refused:
                run.refused = stack.enter_context(opened_refused_file(options.refused, run))
            run.now = current_instant()
            await import_file(run, report=file)
            if not options.as_json:
                print_summary(Console(), kind, run.source.name, run.summary, dry_run=options.dry_run)
            summaries.append(FileSummary(run.source.name, run.summary))
    return summaries


async def prepare_run(store: Store, kind: str, source: Source, options: ImportOptions) -> ImportRun:
    """The import of a file, at the position where an earlier run stopped."""
    run = ImportRun(
        OrganizationImporter(move_waiting_subscribers=True) if options.moves_waiting else IMPORTERS[kind](),
        source,
        store,
        current_instant(),
        COMMAND_LINE,
        dry_run=options.dry_run,
        updates=options.updates,
        cipher=options.cipher,
    )
    if options.dry_run:
        return run
    run.cursor = cursors.make_cursor_id(kind, source, updates=options.updates)
    if not options.from_start and (before := await cursors.find_state(store, run.cursor)):
        await cursors.end_abandoned_transaction(store, before)
        run.resume_from(before)
        run.summary.after_line = run.position.line if run.position.done else None
        run.refused_before = before.refused
    return run


@contextmanager
def opened_refused_file(path: Path, run: ImportRun) -> Iterator[RefusedRows]:
    """The file for the rows that a run refuses: begun anew, or continued where the run continues an earlier one.

    Raises UnreadableFile where it does not have the rows that the earlier run refused.
    """
    columns = run.importer.columns
    with open_private_file(path) as file, opened_refused_rows(file, run.source, columns) as refused:
        before = run.summary.counts[Result.REFUSED]
        if not before:
            refused.begin()
        elif run.refused_before is None or not refused.resume(run.refused_before):
            advice = "Name the file that has them, as that run left it, or begin anew with --from-start."
            raise UnreadableFile(f"{path} lacks what an earlier run refused of this file ({before:,}). {advice}")
        yield refused


def open_private_file(path: Path) -> BinaryIO:
    """A file to read and write, as it is if it exists. A new one can be read by its owner alone: rows have secrets."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


async def import_file(run: ImportRun, *, report: BinaryIO | None) -> None:
    """Import a file, with a progress bar if stderr is a terminal, and write its outcomes to the report."""
    name, began = run.source.name, time.perf_counter()
    if report and run.position.done:
        write_resumption(report, name, run.summary)
    with showing_import(escape_text(name), run.summary, run.count_rows) as show:
        async for outcome in run.outcomes():
            show(run.summary)
            if report:
                write_outcome(report, name, outcome)
    run.summary.seconds = time.perf_counter() - began


def describe_database_location(uri: str | None, directory: Path | None) -> str:
    """The place of the database for a message: the hosts in `uri`, without its credentials, or the directory."""
    if uri is None:
        return f"in {directory}" if directory else "kept for this run alone"
    hosts = re.split("[/?]", uri.partition("://")[2], maxsplit=1)[0]
    return f"at {unquote(hosts.rpartition('@')[2])}"


def current_instant() -> datetime:
    """The present instant in UTC, to the millisecond as the database stores it."""
    at = datetime.now(UTC)
    return to_the_millisecond(at)
