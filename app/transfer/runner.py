"""The import of one file: its rows are parsed, a chunk of them is stored in each transaction, and each gets an outcome.

It holds one chunk of rows in memory, and a few dozen bytes for each row before (`seen_keys`). It can be killed and run
again: it resumes at its cursor; without one, rows that are stored already come out UNCHANGED. Others may write at the
same time, even the same import: a chunk whose transaction conflicts with theirs is read and tried again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from app.access.secrets import Cipher
from app.access.viewer import Viewer
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
from app.transfer.refused_rows import RefusedMark, RefusedRows
from app.transfer.rows import Format, RawRow, Source
from app.writing.retrying import RetryPolicy, is_too_large

MAX_CHUNK_RECORDS = 1_000  # of a chunk: one transaction
MAX_CHUNK_BYTES = 4_000_000  # of the rows' text: the database's cache holds what a transaction writes


class ImportStopped(Exception):  # noqa: N818  # a message for the user
    """The database failed. Rows before `line` are stored; the same import, run again, resumes there."""

    def __init__(self, line: int, cause: PyMongoError) -> None:
        super().__init__(f"The database did not take the rows from line {line} on: {type(cause).__name__}.")
        self.line = line


@dataclass(slots=True)
class ImportRun:
    """The import of one file by `viewer`. With a `seed`, the records that it creates have the same ids every time.

    `cursor` is the id under which its state is stored; None, as in a dry run, if it is not. `position` is how far it
    is, `summary` counts the outcomes up to there, those of an earlier run included. `refused` writes refused rows.
    """

    importer: Importer
    source: Source
    store: Store
    now: datetime
    viewer: Viewer
    dry_run: bool = False
    updates: bool = False
    seed: str | None = None
    cipher: Cipher | None = None
    cursor: str | None = None
    position: Position = START
    summary: Summary = field(default_factory=Summary)
    refused: RefusedRows | None = None
    refused_before: RefusedMark | None = None
    """How far an earlier run, which this one continues, wrote the file of refused rows."""
    planned: PlannedRecords = field(default_factory=PlannedRecords)
    parser: RowParser = field(init=False)

    def __post_init__(self) -> None:
        self.parser = RowParser(self.importer, self.source.format, self.updates)

    def resume_from(self, state: ImportState) -> None:
        """Take over position and summary, of an earlier run or after a chunk."""
        self.position, self.summary = state.position, state.summary

    async def outcomes(self) -> AsyncIterator[Outcome]:
        """Import the rows that are not done yet, a chunk at a time; yields the outcome of each."""
        plan = self.importer.make_plan(self.read_rows, self.source.format)
        if self.cursor:
            await cursors.begin_run(self.store, self.cursor, self.state, datetime.now(UTC))
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
        """The rows of the file from its beginning, one for each record."""
        rows = self.source.read_rows(self.importer.columns, self.parser.needed)
        return self.importer.group_csv_rows(rows) if self.source.format is Format.CSV else rows

    def count_rows(self) -> int:
        """How many rows the file has, as a summary counts them."""
        return sum(1 for _ in self.source.read_rows(self.importer.columns, self.parser.needed))

    def read_entries(self, plan: ImportPlan, reading: int) -> Iterator[Entry]:
        """The parsed rows that are to be stored in this reading of the file."""
        return (self.parser.parse_row(raw, plan) for raw in self.read_rows() if plan.reading_of(raw) == reading)

    async def store_chunk(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Store a chunk and return the outcome of each row. Conflicts are tried again within limits.

        Raises ImportStopped where the database fails. A chunk of refused rows needs no transaction: the cursor moves
        past them with the next chunk.
        """
        parsed_rows = [each for each in entries if isinstance(each, ParsedRow)]
        if not parsed_rows:
            outcomes = [each for each in entries if isinstance(each, Outcome)]
            self.write_refused(outcomes)
            self.finish_chunk(entries, outcomes)
            return outcomes
        policy = RetryPolicy()
        while True:
            try:
                return await self.transact(entries, parsed_rows, policy.attempt_seconds)
            except PyMongoError as error:
                if is_too_large(error):
                    return await self.store_halves(entries, parsed_rows)
                if not policy.should_retry(error):
                    raise ImportStopped(parsed_rows[0].line, error) from error
            await policy.back_off()

    async def store_halves(self, entries: Sequence[Entry], parsed_rows: Sequence[ParsedRow]) -> list[Outcome]:
        """Store a chunk that is too large for one transaction in two halves; a single record too large is refused."""
        if len(parsed_rows) == 1:
            message = "The record with all its parts is larger than one transaction can be: split it."
            problem = Problem("TOO_LARGE", (), message)
            outcomes = (
                refuse_row(each.line, [problem], each.rows, each.key, each.spans)
                if isinstance(each, ParsedRow)
                else each
                for each in entries
            )
            return await self.store_chunk(list(outcomes))
        middle = entries.index(parsed_rows[len(parsed_rows) // 2])
        return [*await self.store_chunk(entries[:middle]), *await self.store_chunk(entries[middle:])]

    async def transact(
        self, entries: Sequence[Entry], parsed_rows: Sequence[ParsedRow], seconds: float
    ) -> list[Outcome]:
        """Run one transaction that stores a chunk and its import state. A dry run keeps the planned records instead."""

        async def work(session: AsyncClientSession) -> tuple[Chunk, list[Outcome]]:
            seed = self.seed and f"{self.seed} {self.importer.kind} {parsed_rows[0].line}"
            ids = Identifiers(self.now, seed)
            operation = f"import {self.importer.kind}"
            chunk = Chunk(self.store, session, self.now, ids, self.viewer, operation, self.cipher, planned=self.planned)
            chunk.dry_run, chunk.updates = self.dry_run, self.updates
            remaining = iter(await decide_rows(self.importer, parsed_rows, chunk))
            outcomes = [next(remaining) if isinstance(each, ParsedRow) else each for each in entries]
            await chunk.write()
            self.write_refused(outcomes)
            if self.cursor and not self.dry_run:
                await cursors.save_state(
                    self.store, self.cursor, self.state_after(entries, outcomes), datetime.now(UTC), session
                )
            return chunk, outcomes

        chunk, outcomes = await in_transaction(self.store, work, seconds)
        if self.dry_run:
            self.planned.remember(chunk)
        self.finish_chunk(entries, outcomes)
        return outcomes

    def write_refused(self, outcomes: Sequence[Outcome]) -> None:
        """Write the refused rows of a chunk to their file, in place of what an attempt before wrote of it."""
        if self.refused:
            self.refused.write(outcomes)

    def finish_chunk(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        """Take over the state after a chunk that is stored."""
        self.resume_from(self.state_after(entries, outcomes))
        if self.refused:
            self.refused.confirm()

    @property
    def state(self) -> ImportState:
        """The state of the import so far."""
        return ImportState(self.position, self.summary, refused=self.refused.mark if self.refused else None)

    def state_after(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> ImportState:
        """The state of the import after these rows, the next ones."""
        reading, done, _ = self.position
        position = Position(reading, done + len(entries), entries[-1].line)
        return self.state._replace(position=position, summary=self.summary.with_outcomes(outcomes))


def split_into_chunks(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """The rows in chunks of at most 1,000 records and four megabytes; a larger row is a chunk by itself."""
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
