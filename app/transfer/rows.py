"""Files as rows: CSV and NDJSON, read one row at a time, whatever is wrong with some of them.

A row is known by the line on which it begins. One that cannot be read is refused by itself, and the next one is read; a
file that cannot be read at all raises `Unreadable`. What a value means is not known here.
"""

from __future__ import annotations

import csv
import enum
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from strawberry.utils.str_converters import to_camel_case

from app.entities.texts import encodable, kind_of
from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.columns import Columns
from app.transfer.csv_header import Unreadable, header

LONGEST_LINE = 16 * 1024 * 1024  # bytes: the largest document that the database takes
LONGEST_FIELD = 128 * 1024  # characters; a quotation mark that is never closed swallows no more than this


class Format(enum.StrEnum):
    """How rows are written: in a file, or as the input of a mutation."""

    CSV = "csv"
    NDJSON = "ndjson"
    INPUT = "input"

    @property
    def place(self) -> str:
        """What the number of a row counts."""
        return "row" if self is Format.INPUT else "line"

    def spelt(self, column: str) -> str:
        """How a column is called there."""
        return to_camel_case(column) if self is Format.INPUT else column


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as the file has it, or the problem that keeps it from being read.

    Of `rows` rows, where several are one, and `size` bytes.
    """

    line: int
    values: Doc
    problem: Problem | None = None
    rows: int = 1
    size: int = 0


@dataclass
class Lines:
    """The lines of a file as text, and how far it is read. Bytes that are no UTF-8 become surrogates."""

    file: BinaryIO
    number: int = 0
    position: int = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self.file.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.position += len(line)
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            self.skip()
        encoding = "utf-8-sig" if self.number == 1 else "utf-8"
        return line.decode(encoding, errors="surrogateescape")

    def skip(self) -> NoReturn:
        """Read to the end of a line that is too long."""
        while (rest := self.file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            self.position += len(rest)
        self.position += len(rest)
        raise csv.Error(f"a line is longer than {LONGEST_LINE:,} bytes")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import. It is read several times, so it must be one that can be."""

    path: Path
    format: Format

    def rows(self, columns: Columns, at: Callable[[int], None] = lambda _: None) -> Iterator[Raw]:
        """Its rows; `at` is told how many bytes have been read."""
        read = csv_rows if self.format is Format.CSV else json_rows
        with self.path.open("rb") as file:
            lines = Lines(file)
            for row in read(lines, columns):
                at(lines.position)
                yield row

    def digest(self) -> str:
        """The SHA-256 of all that it holds."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def source(path: Path, given: str | None = None) -> Source:
    """The file at `path`, in the format given or the one that its name says."""
    if not path.is_file():
        raise Unreadable(f"There is no file {path}." if not path.exists() else f"{path} is no regular file.")
    name = (given or path.suffix.removeprefix(".")).lower()
    if name not in ("csv", "ndjson", "jsonl"):
        raise Unreadable(f"{path.name} is neither .csv, .ndjson nor .jsonl: say --format csv or --format ndjson.")
    return Source(path, Format.CSV if name == "csv" else Format.NDJSON)


def csv_rows(lines: Lines, columns: Columns) -> Iterator[Raw]:
    """Rows of a CSV file (RFC 4180, UTF-8, comma) whose first row names the columns."""
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(lines, strict=True)
    names = header(reader, columns)
    while True:
        line, begin = lines.number + 1, lines.position
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"Lines {line} to {lines.number} are" if lines.number > line else "It is"
            yield Raw(line, {}, Problem("MALFORMED_ROW", (), f"{where} not CSV: {error}."))
            continue
        if cells:
            yield csv_row(line, names, cells, lines.position - begin)


def csv_row(line: int, names: Sequence[str], cells: list[str], size: int) -> Raw:
    """One row, if it has a cell for each column."""
    if len(cells) != len(names):
        message = f"It has {len(cells)} fields, the header has {len(names)}."
        return Raw(line, {}, Problem("FIELD_COUNT", (), message))
    if not all(cell.isascii() or encodable(cell) for cell in cells):
        return Raw(line, {}, Problem("NOT_UTF8", (), "It is not UTF-8: save the file in that encoding."))
    return Raw(line, dict(zip(names, cells, strict=True)), size=size)


def json_rows(lines: Lines, columns: Columns) -> Iterator[Raw]:
    """Rows of an NDJSON file: one object a line. Numbers are read exactly; empty lines are passed over."""
    while True:
        begin = lines.position
        try:
            text = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield Raw(lines.number, {}, Problem("MALFORMED_ROW", (), f"It cannot be read: {error}."))
            continue
        if text.strip():
            yield json_row(lines.number, text, lines.position - begin)


def json_row(line: int, text: str, size: int) -> Raw:
    """One object."""
    if not encodable(text):
        return Raw(line, {}, Problem("NOT_UTF8", (), "It is not UTF-8: save the file in that encoding."))
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=no_constant, object_pairs_hook=each_once)
    except (ValueError, RecursionError) as error:
        return Raw(line, {}, Problem("MALFORMED_ROW", (), f"It is not JSON: {error}."))
    except ArithmeticError:
        return Raw(line, {}, Problem("MALFORMED_ROW", (), "It holds a number whose exponent nothing can hold."))
    if not isinstance(value, dict):
        return Raw(line, {}, Problem("MALFORMED_ROW", (), f"It is {kind_of(value)}, not an object."))
    return Raw(line, value, size=size)


def no_constant(name: str) -> NoReturn:
    """Python reads NaN and infinities, which are not JSON."""
    raise ValueError(f"{name} is no JSON number")


def each_once(pairs: list[tuple[str, Any]]) -> Doc:
    """An object whose names are all different: of two values for one name, neither is to be trusted."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("an object has the same name twice")
    return made
