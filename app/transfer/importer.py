"""The interface that each kind of record implements to be imported: its columns, and how a row becomes a record."""

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
    """No problems: a row is valid or not by itself."""
    return []


def store_in_first_reading(_raw: RawRow) -> int:
    """The first reading: rows can be stored in the order of the file."""
    return 0


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """How a file is imported: the number of readings, the reading in which a row is stored (from 0), and its problems.

    The problems are those that follow from the other rows, such as a cycle of parents.
    """

    readings: int = 1
    reading_of: Callable[[RawRow], int] = store_in_first_reading
    problems_of: Callable[[RawRow], list[Problem]] = find_no_problems


@dataclass(frozen=True, slots=True)
class CreatedRecord:
    """A record made of a row and added to the chunk, with warnings about it."""

    record_id: str
    warnings: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChangedRecord:
    """A record changed in the chunk by a row: its fields that change, before and after, and warnings about it."""

    changes: list[Doc]
    warnings: list[Problem] = field(default_factory=list)


class Importer(Protocol):
    """One kind of record. `kind` names it, in the plural; a row is recognised by its column `key` when it comes again.

    A row is first parsed by its `columns` alone. Then, a chunk at a time, `prefetch` reads what all its rows need, and
    `resolve_references` turns the keys in a row into ids. If `find_existing` returns a record, the row is compared with
    it, and the record `change`d where an import updates; if not, `create` makes one, unless the row has problems. An
    invalid value is missing from a parsed row and its other values are still judged, so that every problem of a row is
    reported at once.
    """

    kind: str
    columns: Columns
    key: str
    can_update: bool = False
    """Whether rows can change records that are there."""

    def normalise_key(self, key: str) -> str:
        """The normal form of a key: two keys that find the same record have the same."""
        return key

    def group_csv_rows(self, rows: Iterator[RawRow]) -> Iterator[RawRow]:
        """The rows of a CSV file grouped into one row for each record; by default each row is a record."""
        return rows

    def make_plan(self, rows: Callable[[], Iterable[RawRow]], row_format: Format) -> ImportPlan:
        """How the file is imported; `rows` reads it. By default it is stored in one reading, in its order."""
        return ImportPlan()

    async def prefetch(self, parsed_rows: Sequence[ParsedRow], chunk: Chunk) -> None:
        """Read all that the rows of a chunk refer to, in a bounded number of commands."""

    def find_existing(self, parsed: ParsedRow, chunk: Chunk) -> Doc | None:
        """The stored record with the key of the row, and the values to compare with the row; None if there is none."""

    def resolve_references(self, parsed: ParsedRow, chunk: Chunk, problems: list[Problem]) -> Doc:
        """Column → value of the row with keys replaced by ids. Adds to `problems`."""
        raise NotImplementedError

    async def create(
        self, parsed: ParsedRow, values: Doc, chunk: Chunk, problems: list[Problem]
    ) -> CreatedRecord | None:
        """Add the record made of `values` to the chunk; None if there are problems. Adds to `problems`."""
        raise NotImplementedError

    async def change(
        self, parsed: ParsedRow, existing: Doc, chunk: Chunk, problems: list[Problem]
    ) -> ChangedRecord | None:
        """Change the record that is there in the chunk; None if there are problems. Adds to `problems`."""
        raise NotImplementedError
