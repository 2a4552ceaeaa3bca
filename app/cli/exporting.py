"""Exporting from the command line: to a file or stdout, with a progress bar and a summary of what was left out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from app.cli.progress import make_progress_bar
from app.mongo.client import Store
from app.schema import EXPORTERS
from app.transfer.csv_header import UnreadableFile
from app.transfer.exporting import ExportCounts, export_records
from app.transfer.rows import Format

SUFFIXES = {"csv": Format.CSV, "ndjson": Format.NDJSON, "jsonl": Format.NDJSON}


def choose_format(format_name: str | None, output: Path | None) -> Format:
    """The format that was given, else that of the file's suffix, else NDJSON. Raises UnreadableFile if unknown."""
    name = format_name or (output.suffix.removeprefix(".") if output else "ndjson")
    if name.lower() not in SUFFIXES:
        raise UnreadableFile(f"{name or output} is neither csv nor ndjson: say --format csv or --format ndjson.")
    return SUFFIXES[name.lower()]


async def export_to(store: Store, kind: str, row_format: Format, output: Path | None) -> ExportCounts:
    """Export all records of one kind, with a progress bar if stderr is a terminal; returns the counts."""
    exporter, counts = EXPORTERS[kind], ExportCounts()
    total = await store[exporter.record.collection].estimated_document_count()
    with open_destination(output) as file, make_progress_bar() as progress:
        task = progress.add_task(kind, total=total)
        async for counts in export_records(store, exporter, row_format, file):
            progress.update(task, completed=counts.records)
    return counts


@contextmanager
def open_destination(output: Path | None) -> Iterator[BinaryIO]:
    """The binary file to write to: stdout, or a file that gets its name only when it is complete."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        os.replace(part, output)
    finally:
        part.unlink(missing_ok=True)


def describe_export(kind: str, counts: ExportCounts) -> Iterator[str]:
    """Lines for the user: how many records were exported, how many were left out, and why."""
    yield f"{counts.records:,} {kind} were written."
    if counts.left_out:
        yield f"{counts.left_out:,} were left out: {EXPORTERS[kind].left_out_reason}."
    if counts.unrepresentable:
        count = f"{counts.unrepresentable:,} values were left out"
        yield f"{count}: CSV has no form for them. --format ndjson writes all of them."
