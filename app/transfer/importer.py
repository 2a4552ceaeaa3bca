"""What each kind of record says to the machinery: its columns, what its rows need to know, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.transfer.columns import Columns, Draft
from app.transfer.rows import Format, Raw


def no_problem(_raw: Raw) -> list[Problem]:
    """Nothing about a row follows from the others."""
    return []


def first_reading(_raw: Raw) -> int:
    """Every row can be stored when it is first met."""
    return 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from a file as a whole: how often it is read, which row is stored when, which cannot be."""

    readings: int = 1
    reading: Callable[[Raw], int] = first_reading
    problems: Callable[[Raw], list[Problem]] = no_problem


@dataclass(frozen=True, slots=True)
class Made:
    """A record that a row came to, added to the chunk."""

    record_id: str
    warnings: list[Problem] = field(default_factory=list)


class Importer(Protocol):
    """One kind of record. `kind` names it, in the plural; a row is recognised by its column `key` when it comes again.

    A row is first read by its `columns` alone; then, a chunk at a time, `read` fetches what all its rows need,
    `resolve` turns the references of one row into ids, and what it says is compared with the record that is there
    already; where none is, `create` makes one unless something is wrong with it. A value that does not hold is missing
    from a draft, whose other values are looked at all the same: every problem of a row is told at once.
    """

    kind: str
    columns: Columns
    key: str

    def same_key(self, key: str) -> str:
        """The form in which keys are compared."""
        return key

    def from_csv(self, rows: Iterator[Raw]) -> Iterator[Raw]:
        """The rows of a CSV file as records: here, each is one."""
        return rows

    def plan(self, rows: Callable[[], Iterable[Raw]], written: Format) -> Plan:
        """What follows from the file as a whole: here, nothing, and it is not read."""
        return Plan()

    async def read(self, drafts: Sequence[Draft], chunk: Chunk) -> None:
        """Have at hand all that the rows need to know."""

    def existing(self, draft: Draft, chunk: Chunk) -> Doc | None:
        """The record that is there already."""

    def resolve(self, draft: Draft, chunk: Chunk, problems: list[Problem]) -> Doc:
        """What the row says, by column, as it is stored: references as ids. Problems are added to `problems`."""
        raise NotImplementedError

    async def create(self, draft: Draft, said: Doc, chunk: Chunk, problems: list[Problem]) -> Made | None:
        """Add the record that a row says to the chunk; None where there are problems, those found here among them."""
        raise NotImplementedError
