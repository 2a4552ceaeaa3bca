"""Reading files as rows: CSV and NDJSON, one row at a time.

A row is identified by the line on which it begins. An unreadable row has a problem, and reading goes on after it; an
unreadable file raises `UnreadableFile`. Cells are not parsed here.
"""

from __future__ import annotations

import csv
import enum
import hashlib
import json
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, NoReturn

from strawberry.utils.str_converters import to_camel_case

from app.entities.texts import encodable, kind_of
from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.columns import REASON, Columns
from app.transfer.csv_header import UnreadableFile, read_header

MAX_LINE_BYTES = 16 * 1024 * 1024  # bytes: the largest document that the database takes
NOT_UTF8 = Problem("NOT_UTF8", (), "It is not UTF-8: save the file in that encoding.")
MAX_FIELD_CHARACTERS = 128 * 1024  # characters; a quotation mark that is never closed swallows no more than this


Span = tuple[int, int]
"""A part of a file: where it begins and ends, in bytes."""


class Format(enum.StrEnum):
    """The format of rows: that of a file, or the input of a mutation."""

    CSV = "csv"
    NDJSON = "ndjson"
    INPUT = "input"

    @property
    def row_noun(self) -> str:
        """What a message calls the number of a row: line or row."""
        return "row" if self is Format.INPUT else "line"

    def spell_column(self, column: str) -> str:
        """A column's name in this format."""
        return to_camel_case(column) if self is Format.INPUT else column


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row with its cells as they stand in the file, or the problem that made it unreadable.

    `rows` is how many rows of a CSV file it was grouped from, `spans` where these stand in it.
    """

    line: int
    values: Doc
    problem: Problem | None = None
    rows: int = 1
    spans: tuple[Span, ...] = ()

    @property
    def size(self) -> int:
        """How many bytes its rows have."""
        return sum(end - begin for begin, end in self.spans)


@dataclass
class LineReader:
    """Iterates over the lines of a file as text, and counts lines and bytes. Invalid UTF-8 becomes surrogates."""

    file: BinaryIO
    number: int = 0
    position: int = 0

    def __iter__(self) -> LineReader:
        return self

    def __next__(self) -> str:
        line = self.file.readline(MAX_LINE_BYTES)
        if not line:
            raise StopIteration
        self.number += 1
        self.position += len(line)
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            self.skip_long_line()
        encoding = "utf-8-sig" if self.number == 1 else "utf-8"
        return line.decode(encoding, errors="surrogateescape")

    def skip_long_line(self) -> NoReturn:
        """Read to the end of a line that is too long, and raise csv.Error."""
        while (rest := self.file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            self.position += len(rest)
        self.position += len(rest)
        raise csv.Error(f"a line is longer than {MAX_LINE_BYTES:,} bytes")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import, which messages call `name`. It is read several times, so it cannot be a pipe."""

    path: Path
    format: Format
    name: str

    def read_rows(self, columns: Columns, needed: Collection[str] | None = None) -> Iterator[RawRow]:
        """The rows of the file. `needed` are the columns that a header has to have, if not all that are required."""
        with self.path.open("rb") as file:
            lines = LineReader(file)
            is_csv = self.format is Format.CSV
            yield from read_csv_rows(lines, columns, needed) if is_csv else read_json_rows(lines, columns)

    def compute_digest(self) -> str:
        """The SHA-256 of its content, in hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def find_source(path: Path, format_name: str | None = None) -> Source:
    """The file at `path`, in the named format or that of its suffix. Raises UnreadableFile."""
    if not path.exists():
        raise UnreadableFile(f"There is no file {path}.")
    if not path.is_file():
        raise UnreadableFile(f"{path} is no regular file: send what it holds to standard input, and give - for it.")
    message = f"{path.name} is neither .csv, .ndjson nor .jsonl: say --format csv or --format ndjson."
    return Source(path, parse_format(format_name or path.suffix.removeprefix("."), message), path.name)


@contextmanager
def copied_source(stream: BinaryIO, name: str, format_name: str | None) -> Iterator[Source]:
    """What a stream holds up to its end, as a temporary file that can be read several times. Raises UnreadableFile."""
    row_format = parse_format(format_name or "", f"{name} has no suffix: say --format csv or --format ndjson.")
    with NamedTemporaryFile(prefix="customer-graph-") as file:
        shutil.copyfileobj(stream, file)
        file.flush()
        yield Source(Path(file.name), row_format, name)


def parse_format(name: str, message: str) -> Format:
    """The format of that name, in any case. Raises UnreadableFile with the message if there is none."""
    if name.lower() not in ("csv", "ndjson", "jsonl"):
        raise UnreadableFile(message)
    return Format.CSV if name.lower() == "csv" else Format.NDJSON


def read_csv_rows(lines: LineReader, columns: Columns, needed: Collection[str] | None) -> Iterator[RawRow]:
    """Rows of a CSV file (RFC 4180, UTF-8, comma) whose first row names the columns."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    reader = csv.reader(lines, strict=True)
    names = read_header(reader, columns, needed)
    while True:
        line, begin = lines.number + 1, lines.position
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"Lines {line} to {lines.number} are" if lines.number > line else "It is"
            problem = Problem("MALFORMED_ROW", (), f"{where} not CSV: {error}.")
            yield RawRow(line, {}, problem, spans=((begin, lines.position),))
            continue
        if cells:
            yield parse_csv_row(line, names, cells, (begin, lines.position))


def parse_csv_row(line: int, names: Sequence[str], cells: list[str], span: Span) -> RawRow:
    """One row of cells by the names of the columns, without the reason of an earlier refusal.

    It has a problem if the numbers of names and cells differ.
    """
    if len(cells) != len(names):
        message = f"It has {len(cells)} fields, the header has {len(names)}: give one for each column."
        return RawRow(line, {}, Problem("FIELD_COUNT", (), message), spans=(span,))
    if not all(cell.isascii() or encodable(cell) for cell in cells):
        return RawRow(line, {}, NOT_UTF8, spans=(span,))
    values = dict(zip(names, cells, strict=True))
    values.pop(REASON, None)
    return RawRow(line, values, spans=(span,))


def read_json_rows(lines: LineReader, columns: Columns) -> Iterator[RawRow]:
    """Rows of an NDJSON file: one object a line. Numbers are read exactly.

    Passed over are empty lines, and what only says why the line after it was refused before.
    """
    while True:
        begin = lines.position
        try:
            text = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            problem = Problem("MALFORMED_ROW", (), f"It cannot be read: {error}.")
            yield RawRow(lines.number, {}, problem, spans=((begin, lines.position),))
            continue
        if text.strip():
            values, unreadable = parse_object(text)
            reason = values.pop(REASON, None)
            if values or unreadable or reason is None:
                yield RawRow(lines.number, values, unreadable, spans=((begin, lines.position),))


def parse_object(text: str) -> tuple[Doc, Problem | None]:
    """The JSON object of a line; empty, with a problem, if it is none."""
    if not encodable(text):
        return {}, NOT_UTF8
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=refuse_constant, object_pairs_hook=build_object)
    except (ValueError, RecursionError) as error:
        return {}, Problem("MALFORMED_ROW", (), f"It is not JSON: {error}.")
    except ArithmeticError:
        return {}, Problem("MALFORMED_ROW", (), "It has a number whose exponent is too large: write it out.")
    if not isinstance(value, dict):
        return {}, Problem("MALFORMED_ROW", (), f"It is {kind_of(value)}, not an object.")
    return value, None


def refuse_constant(name: str) -> NoReturn:
    """Raise ValueError for NaN and infinities, which Python would read and JSON does not have."""
    raise ValueError(f"{name} is no JSON number")


def build_object(pairs: list[tuple[str, object]]) -> Doc:
    """A JSON object as a dictionary. Raises ValueError if it has a name twice."""
    built = dict(pairs)
    if len(built) < len(pairs):
        raise ValueError("an object has the same name twice")
    return built
