"""Exporting from the command line: to a file or stdout, with a progress bar, and a word on what was left out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from app.cli.importing import bar
from app.mongo.client import Store
from app.schema import EXPORTERS
from app.transfer.csv_header import Unreadable
from app.transfer.exporting import Exported, export
from app.transfer.rows import Format

SUFFIXES = {"csv": Format.CSV, "ndjson": Format.NDJSON, "jsonl": Format.NDJSON}


def format_of(given: str | None, output: Path | None) -> Format:
    """The format that is asked for, else the one that the file's name says, else NDJSON, which says everything."""
    name = given or (output.suffix.removeprefix(".") if output else "ndjson")
    if name.lower() not in SUFFIXES:
        raise Unreadable(f"{name or output} is neither csv nor ndjson: say --format csv or --format ndjson.")
    return SUFFIXES[name.lower()]


async def export_to(store: Store, kind: str, written: Format, output: Path | None) -> Exported:
    """Write all of one kind, showing how far it is where stderr is a terminal."""
    exporter, done = EXPORTERS[kind], Exported()
    total = await store[exporter.record.collection].estimated_document_count()
    with destination(output) as file, bar() as progress:
        task = progress.add_task(kind, total=total, rows=0)
        async for done in export(store, exporter, written, file):
            progress.update(task, completed=done.records, rows=done.records)
    return done


@contextmanager
def destination(output: Path | None) -> Iterator[BinaryIO]:
    """Where it is written to: a file, which has its name only when it is whole; or stdout."""
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


def told(kind: str, done: Exported) -> Iterator[str]:
    """What was written, and what was not and why."""
    yield f"{done.records:,} {kind} were written."
    if done.left_out:
        yield f"{done.left_out:,} were left out: {EXPORTERS[kind].why}."
    if done.unrepresentable:
        count = f"{done.unrepresentable:,} values were left out"
        yield f"{count}: CSV has no form for them. --format ndjson writes all of them."
