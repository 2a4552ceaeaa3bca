"""What each kind of record says to the machinery: its columns, what its rows need to know, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.transfer.columns import Columns, ParsedRow
from app.transfer.rows import Format, RawRow


def find_no_problems(_raw: RawRow) -> list[Problem]:
    """Nothing about a row follows from the others."""
    return []


def store_in_first_reading(_raw: RawRow) -> int:
    """Every row can be stored when it is first met."""
    return 0


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What follows from a file as a whole: how often it is read, which row is stored when, which cannot be."""

    readings: int = 1
    reading: Callable[[RawRow], int] = store_in_first_reading
    problems: Callable[[RawRow], list[Problem]] = find_no_problems


@dataclass(frozen=True, slots=True)
class CreatedRecord:
    """A record that a row came to, added to the chunk."""

    record_id: str
    warnings: list[Problem] = field(default_factory=list)


class Importer(Protocol):
    """One kind of record. `kind` names it, in the plural; a row is recognised by its column `key` when it comes again.

    A row is first parsed by its `columns` alone. Then, a chunk at a time, `prefetch` reads what all its rows need, and
    `resolve_references` turns the keys in a row into ids. If `find_existing` returns a record, the row is compared with
    it; if not, `create` makes one, unless the row has problems. An invalid value is missing from a parsed row and its
    other values are still judged, so that every problem of a row is reported at once.
    """

    kind: str
    columns: Columns
    key: str

    def normalise_key(self, key: str) -> str:
        """The form in which keys are compared."""
        return key

    def group_csv_rows(self, rows: Iterator[RawRow]) -> Iterator[RawRow]:
        """The rows of a CSV file as records: here, each is one."""
        return rows

    def make_plan(self, rows: Callable[[], Iterable[RawRow]], row_format: Format) -> ImportPlan:
        """What follows from the file as a whole: here, nothing, and it is not read."""
        return ImportPlan()

    async def prefetch(self, drafts: Sequence[ParsedRow], chunk: Chunk) -> None:
        """Have at hand all that the rows need to know."""

    def find_existing(self, draft: ParsedRow, chunk: Chunk) -> Doc | None:
        """The record that is there already."""

    def resolve_references(self, draft: ParsedRow, chunk: Chunk, problems: list[Problem]) -> Doc:
        """What the row says, by column, as it is stored: references as ids. Problems are added to `problems`."""
        raise NotImplementedError

    async def create(self, draft: ParsedRow, said: Doc, chunk: Chunk, problems: list[Problem]) -> CreatedRecord | None:
        """Add the record that a row says to the chunk; None where there are problems, those found here among them."""
        raise NotImplementedError
