"""A run through one file: rows become drafts, chunks of drafts become transactions, and every row has an outcome.

It holds a chunk of rows at a time, and for each row before it a few dozen bytes (`seen`). It can be killed and
started again: it goes on where its cursor is, or, without one, finds UNCHANGED what is there. Other writers may be at
work, the same import among them: a chunk that they get in the way of is read and tried again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from app.access.secrets import Cipher
from app.access.viewer import LOCAL_ADMIN, Viewer
from app.entities.identifiers import Identifiers
from app.errors import Problem
from app.mongo.client import Store
from app.mongo.transactions import in_transaction
from app.transfer import import_cursor as cursors
from app.transfer.chunk import Chunk, PlannedRecords
from app.transfer.columns import ParsedRow
from app.transfer.decisions import Entry, RowParser, decide_rows
from app.transfer.import_cursor import START, ImportState, Position
from app.transfer.importer import Importer, ImportPlan
from app.transfer.outcome import Outcome, Summary, refuse_row
from app.transfer.rows import Format, RawRow, Source
from app.writing.retrying import RetryPolicy, is_too_large

MAX_CHUNK_RECORDS = 1_000  # of a chunk: one transaction
MAX_CHUNK_BYTES = 4_000_000  # of the rows' text: the database's cache holds what a transaction writes


COMMAND_LINE_VIEWER = dataclasses.replace(LOCAL_ADMIN, id="command-line")
"""Who imports by the command line, as the audit trail tells it."""


class ImportStopped(Exception):  # noqa: N818  # said to whoever called
    """The database could not be used: rows before `line` are stored. The same import, run again, goes on from there."""

    def __init__(self, line: int, cause: PyMongoError) -> None:
        super().__init__(f"The database did not take the rows from line {line} on: {type(cause).__name__}.")
        self.line = line


@dataclass(slots=True)
class ImportRun:
    """An import of one file. `seed` makes the ids of what it creates the same every time.

    `cursor` is the id under which it keeps where it is, if it does; a dry run never does. `position` and `summary` say
    how far it is, and what the rows up to there came to, those of an earlier run included.
    """

    importer: Importer
    source: Source
    store: Store
    now: datetime
    dry_run: bool = False
    seed: str | None = None
    viewer: Viewer = COMMAND_LINE_VIEWER
    cipher: Cipher | None = None
    cursor: str | None = None
    position: Position = START
    summary: Summary = field(default_factory=Summary)
    on_progress: Callable[[int], None] = lambda _: None
    planned: PlannedRecords = field(default_factory=PlannedRecords)
    parser: RowParser = field(init=False)

    def __post_init__(self) -> None:
        self.parser = RowParser(self.importer, self.source.format)

    def resume_from(self, before: ImportState) -> None:
        """Be where these rows, or an earlier run of the same ones, are done."""
        self.position, self.summary = before.position, before.summary

    async def outcomes(self) -> AsyncIterator[Outcome]:
        """What becomes of each row that is not done yet, chunk by chunk."""
        plan = self.importer.make_plan(self.read_rows, self.source.format)
        if self.cursor:
            await cursors.begin_run(
                self.store, self.cursor, ImportState(self.position, self.summary), datetime.now(UTC)
            )
        for reading in range(self.position.reading, plan.readings):
            entries = self.read_entries(plan, reading)
            if reading == self.position.reading:
                for _ in islice(entries, self.position.done):
                    pass  # it is read, since later rows may have its key, and not looked up again
            else:
                self.position = Position(reading)
            for chunk in split_into_chunks(entries):
                for outcome in await self.store_chunk(chunk):
                    yield outcome
        if self.cursor:
            await cursors.remove_state(self.store, self.cursor)

    def read_rows(self) -> Iterator[RawRow]:
        """The records that the file holds, from its beginning."""
        rows = self.source.read_rows(self.importer.columns, self.on_progress)
        return self.importer.group_csv_rows(rows) if self.source.format is Format.CSV else rows

    def read_entries(self, plan: ImportPlan, reading: int) -> Iterator[Entry]:
        """The rows whose turn it is."""
        return (self.parser.parse_row(raw, plan) for raw in self.read_rows() if plan.reading(raw) == reading)

    async def store_chunk(self, entries: Sequence[Entry]) -> list[Outcome]:
        """The outcomes of rows, in their order; stored, again where others were in the way, a bounded number of times.

        Rows that are refused as they stand ask nothing of the database: the cursor passes them with the next ones.
        """
        drafts = [each for each in entries if isinstance(each, ParsedRow)]
        if not drafts:
            outcomes = [each for each in entries if isinstance(each, Outcome)]
            self.resume_from(self.state_after(entries, outcomes))
            return outcomes
        policy = RetryPolicy()
        while True:
            try:
                return await self.transact(entries, drafts, policy.attempt_seconds)
            except PyMongoError as error:
                if is_too_large(error):
                    return await self.store_halves(entries, drafts)
                if not policy.should_retry(error):
                    raise ImportStopped(drafts[0].line, error) from error
            await policy.back_off()

    async def store_halves(self, entries: Sequence[Entry], drafts: Sequence[ParsedRow]) -> list[Outcome]:
        """What the database cannot take at once, in two; a record that it cannot take by itself is refused."""
        if len(drafts) == 1:
            message = "The record with all its parts is larger than one transaction of this database."
            problem = Problem("TOO_LARGE", (), message)
            told = (
                refuse_row(each.line, [problem], each.rows) if isinstance(each, ParsedRow) else each for each in entries
            )
            return await self.store_chunk(list(told))
        middle = entries.index(drafts[len(drafts) // 2])
        return [*await self.store_chunk(entries[:middle]), *await self.store_chunk(entries[middle:])]

    async def transact(self, entries: Sequence[Entry], drafts: Sequence[ParsedRow], seconds: float) -> list[Outcome]:
        """One transaction: read, decide, write, and move the cursor on. A dry run writes nothing but remembers it."""

        async def work(session: AsyncClientSession) -> tuple[Chunk, list[Outcome]]:
            seed = self.seed and f"{self.seed} {self.importer.kind} {drafts[0].line}"
            ids = Identifiers(self.now, seed)
            operation = f"import {self.importer.kind}"
            chunk = Chunk(self.store, session, self.now, ids, self.viewer, operation, self.cipher, planned=self.planned)
            chunk.dry_run = self.dry_run
            decided = iter(await decide_rows(self.importer, drafts, chunk))
            outcomes = [next(decided) if isinstance(each, ParsedRow) else each for each in entries]
            await chunk.write()
            if self.cursor and not self.dry_run:
                await cursors.save_state(
                    self.store, self.cursor, self.state_after(entries, outcomes), datetime.now(UTC), session
                )
            return chunk, outcomes

        chunk, outcomes = await in_transaction(self.store, work, seconds)
        if self.dry_run:
            self.planned.remember(chunk)
        self.resume_from(self.state_after(entries, outcomes))
        return outcomes

    def state_after(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> ImportState:
        """Where it is when these rows, the next ones, are done."""
        reading, done, _ = self.position
        return ImportState(
            Position(reading, done + len(entries), entries[-1].line), self.summary.with_outcomes(outcomes)
        )


def split_into_chunks(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """Entries by about a thousand records, or four megabytes."""
    chunk: list[Entry] = []
    weight = size = 0
    for entry in entries:
        more, larger = (entry.weight, entry.size) if isinstance(entry, ParsedRow) else (1, 0)
        if chunk and (weight + more > MAX_CHUNK_RECORDS or size + larger > MAX_CHUNK_BYTES):
            yield chunk
            chunk, weight, size = [], 0, 0
        chunk.append(entry)
        weight, size = weight + more, size + larger
    if chunk:
        yield chunk
