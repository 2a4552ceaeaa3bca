"""The file of refused rows: as they stand in the imported file, with the reason, ready to be mended and imported again.

A chunk's refused rows are written before its transaction is committed, which stores the size and digest of the file
with the position of the import. A run that resumes continues the file exactly there: no row is lost or written twice.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, Protocol

from app.errors import Problem
from app.transfer.columns import REASON, Columns, NestedColumn
from app.transfer.outcome import Outcome, Result, describe_problem
from app.transfer.rows import Format, LineReader, Source, Span

BOM = b"\xef\xbb\xbf"
PIECE_BYTES = 1_000_000
MAX_PROBLEMS, MAX_REASON_CHARACTERS = 10, 8_000
"""How many problems of a row its reason has, and how long it may be: the cell is read again with its row."""


class RefusedMark(NamedTuple):
    """How far the file of refused rows is: its size in bytes, their SHA-256, and a digest of what was written last."""

    size: int
    digest: str
    last: str = ""


class RowFormatter(Protocol):
    """Formats the rows of one file with the reason why they were refused."""

    def format_header(self) -> Iterator[bytes]:
        """The bytes before all rows."""

    def format_rows(self, spans: Sequence[Span], reason: str) -> Iterator[bytes]:
        """The rows at these places of the file."""


class RefusedRows:
    """Writes refused rows to `file`. What follows the last confirmed ones is replaced by the next."""

    def __init__(self, file: BinaryIO, formatter: RowFormatter, *, merges_rows: bool) -> None:
        self.file, self.formatter, self.merges_rows = file, formatter, merges_rows
        self.confirmed = self.written = hashlib.sha256()
        self.mark = self.confirmed_mark = RefusedMark(0, self.confirmed.hexdigest())

    def begin(self) -> None:
        """Begin the file anew, with the header of the imported file."""
        self.write_pieces(self.formatter.format_header(), "")
        self.confirm()

    def resume(self, mark: RefusedMark) -> bool:
        """Continue the file after what an earlier run wrote; returns whether it still begins with that."""
        self.file.seek(0)
        digest, left = hashlib.sha256(), mark.size
        while left and (piece := self.file.read(min(left, PIECE_BYTES))):
            digest.update(piece)
            left -= len(piece)
        if left or digest.hexdigest() != mark.digest:
            return False
        self.confirmed, self.confirmed_mark, self.mark = digest, mark, mark
        return True

    def write(self, outcomes: Iterable[Outcome]) -> None:
        """Write the refused among these outcomes after the confirmed rows, in place of what follows them."""
        last, pieces = self.confirmed_mark.last, []
        for outcome in outcomes:
            if outcome.result is not Result.REFUSED:
                continue
            before, last = last, digest_record(outcome) if self.merges_rows else ""
            if not last or last != before:
                pieces.append((outcome.spans, describe_refusal(outcome.problems)))
        written = (piece for spans, reason in pieces for piece in self.formatter.format_rows(spans, reason))
        self.write_pieces(written, last)

    def confirm(self) -> None:
        """Keep what was written last: the import has stored that its rows are done."""
        self.confirmed, self.confirmed_mark = self.written, self.mark

    def write_pieces(self, pieces: Iterable[bytes], last: str) -> None:
        """Write bytes after the confirmed ones."""
        self.written, size = self.confirmed.copy(), self.confirmed_mark.size
        self.file.seek(size)
        self.file.truncate()
        for piece in pieces:
            self.file.write(piece)
            self.written.update(piece)
            size += len(piece)
        self.file.flush()
        self.mark = RefusedMark(size, self.written.hexdigest(), last)


@contextmanager
def opened_refused_rows(file: BinaryIO, source: Source, columns: Columns) -> Iterator[RefusedRows]:
    """The writer of a file's refused rows."""
    with source.path.open("rb") as imported:
        if source.format is Format.CSV:
            merges_rows = any(isinstance(each, NestedColumn) for each in columns)
            yield RefusedRows(file, CsvRowFormatter(imported), merges_rows=merges_rows)
        else:
            yield RefusedRows(file, JsonRowFormatter(imported), merges_rows=False)


def digest_record(outcome: Outcome) -> str:
    """What identifies a record among its neighbours where the rows of one record follow each other.

    The same rows may come twice in a file, with others between; side by side they would be read as one record with
    twice as many lines, so they are written once. It is empty for rows of one record that stand apart: all are written.
    """
    if outcome.key is None or any(each.code == "ROWS_APART" for each in outcome.problems):
        return ""
    return hashlib.sha256(repr((outcome.key, outcome.problems)).encode(errors="replace")).hexdigest()


def describe_refusal(problems: Sequence[Problem]) -> str:
    """The problems of a row as one text of bounded length."""
    more = len(problems) - MAX_PROBLEMS
    texts = [*map(describe_problem, problems[:MAX_PROBLEMS]), *([f"and {more:,} more"] if more > 0 else [])]
    text = "; ".join(texts)
    return text if len(text) <= MAX_REASON_CHARACTERS else f"{text[: MAX_REASON_CHARACTERS - 3]}..."


class CsvRowFormatter:
    """Formats rows of a CSV file. The reason is the first column, or stays where the imported file has it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.has_mark = file.read(len(BOM)) == BOM
        file.seek(0)
        self.header = next(csv.reader(LineReader(file), strict=True))
        names = [name.strip().lower() for name in self.header]
        self.place = names.index(REASON) if REASON in names else None

    def format_header(self) -> Iterator[bytes]:
        """The names of the columns as the imported file has them, and the reason's."""
        yield (BOM if self.has_mark else b"") + self.format_cells(self.header, REASON)

    def format_rows(self, spans: Sequence[Span], reason: str) -> Iterator[bytes]:
        """The rows, the first with the reason. What is not CSV or has too many or too few fields stays as it stands."""
        rows = self.read_cells(spans)
        if rows is not None:
            for number, cells in enumerate(rows):
                yield self.format_cells(cells, "" if number else reason)
            return
        if self.place is None:  # otherwise the row has a reason already, somewhere in it
            yield format_quoted([reason]).removesuffix(b"\r\n") + b","
        yield from copy_spans(self.file, spans)

    def read_cells(self, spans: Sequence[Span]) -> list[list[str]] | None:
        """The cells of the rows; None if a row cannot be split into those of the header."""
        rows = []
        for span in spans:
            lines = read_lines(self.file, span)
            reader = csv.reader(lines, strict=True)
            while lines.position < span[1]:
                try:
                    cells = next(reader)
                except csv.Error:
                    return None
                if cells and len(cells) != len(self.header):
                    return None
                rows += [cells] if cells else []
        return rows

    def format_cells(self, cells: Sequence[str], reason: str) -> bytes:
        """One row with the reason in its place."""
        place = self.place
        rest = list(cells) if place is None else [*cells[:place], *cells[place + 1 :]]
        rest.insert(place or 0, reason)
        return format_quoted(rest)


class JsonRowFormatter:
    """Formats rows of an NDJSON file. The reason is the first member; before a line that is no object, it is a line."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def format_header(self) -> Iterator[bytes]:
        """Nothing."""
        yield b""

    def format_rows(self, spans: Sequence[Span], reason: str) -> Iterator[bytes]:
        """The rows, their other members as they stand."""
        member = f"{json.dumps(REASON)}: {json.dumps(reason, ensure_ascii=False)}"
        for span in spans:
            try:
                members = split_members(next(read_lines(self.file, span)))
            except (csv.Error, ValueError, RecursionError):
                yield f"{{{member}}}\n".encode()
                yield from copy_spans(self.file, [span])
                continue
            texts = (text for name, text in members if name != REASON)
            yield f"{{{', '.join((member, *texts))}}}\n".encode(errors="surrogateescape")


def read_lines(file: BinaryIO, span: Span) -> LineReader:
    """The lines from the beginning of a span on."""
    begin, _ = span
    file.seek(begin)
    return LineReader(file, number=1 if begin else 0, position=begin)


def copy_spans(file: BinaryIO, spans: Sequence[Span]) -> Iterator[bytes]:
    """These parts of a file as they stand, in pieces, each ended by a line break."""
    for begin, end in spans:
        file.seek(begin)
        piece = b""
        while begin < end and (piece := file.read(min(PIECE_BYTES, end - begin))):
            begin += len(piece)
            yield piece
        if not piece.endswith(b"\n"):
            yield b"\n"


def format_quoted(cells: Sequence[str]) -> bytes:
    """One row of CSV. All cells are quoted, so that a quotation mark left open before it is noticed at once."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode(errors="surrogateescape")


WHITESPACE = re.compile(r"[ \t\r\n]*")


def split_members(text: str) -> list[tuple[str, str]]:
    """Name and text of each member of a JSON object. Raises ValueError if it is none."""
    scan, members = json.JSONDecoder().raw_decode, list[tuple[str, str]]()
    place = skip_mark(text, 0, "{")
    while not text.startswith("}", place):
        place = skip_mark(text, place, "," if members else "")
        name, end = scan(text, place)
        if not isinstance(name, str):
            raise ValueError("a name is no text")
        _, end = scan(text, skip_mark(text, end, ":"))
        members.append((name, text[place:end]))
        place = skip_mark(text, end, "")
    if skip_mark(text, place, "}") != len(text):
        raise ValueError("something follows the object")
    return members


def skip_mark(text: str, place: int, mark: str) -> int:
    """The place after a mark and the whitespace around it. Raises ValueError if the mark is not there."""
    before = WHITESPACE.match(text, place)
    begin = before.end() if before else place
    if not text.startswith(mark, begin):
        raise ValueError(f"{mark} is missing")
    after = WHITESPACE.match(text, begin + len(mark))
    return after.end() if after else begin + len(mark)
