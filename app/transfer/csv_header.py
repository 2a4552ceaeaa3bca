"""The header of a CSV file: its first line names known columns, each once, and all that are required."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence

from app.transfer.columns import REASON, Columns, flatten_columns

OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}


class UnreadableFile(Exception):  # noqa: N818  # a message for the user, not a fault of the program
    """A file that cannot be imported at all; the message says what to do."""


def read_header(reader: Iterator[list[str]], columns: Columns, needed: Collection[str] | None = None) -> list[str]:
    """The names of the file's columns in its order, in lower case. Raises UnreadableFile for a wrong header.

    `needed` are the columns that the file has to have, where these are not all that are required.
    """
    typed = [name.strip() for name in read_first_line(reader, columns)]
    names, known = [name.lower() for name in typed], [*list_csv_columns(columns), REASON]
    if unknown := [name for name in typed if name.lower() not in known]:
        raise UnreadableFile(explain_unknown_columns(unknown, columns))
    if twice := {name for name in names if names.count(name) > 1}:
        raise UnreadableFile(f"Line 1 names a column twice: {', '.join(sorted(twice))}. Remove one of each.")
    required = list_required_columns(columns) if needed is None else needed
    if missing := [name for name in required if name not in names]:
        raise UnreadableFile(f"Line 1 lacks required columns: {', '.join(missing)}. Add them.")
    return names


def read_first_line(reader: Iterator[list[str]], columns: Columns) -> list[str]:
    """The cells of the first line. Raises UnreadableFile if there is none."""
    try:
        return next(reader)
    except StopIteration:
        known = ", ".join(list_csv_columns(columns))
        raise UnreadableFile(f"The file is empty. Its first line must name its columns, of: {known}.") from None
    except csv.Error as error:
        raise UnreadableFile(f"Line 1 is not CSV: {error}.") from None


def list_csv_columns(columns: Columns) -> list[str]:
    """The names of the columns that a CSV file may have."""
    return [each.name for each in flatten_columns(columns) if not each.only_ndjson]


def explain_unknown_columns(unknown: Sequence[str], columns: Columns) -> str:
    """A message about unknown column names, with the likeliest reason."""
    for mark, marks in OTHER_SEPARATORS.items():
        if any(mark in name for name in unknown):
            return f"Line 1 has {marks} in it. Columns are separated by commas: save the file as CSV with commas."
    lower = [name.lower() for name in unknown]
    ndjson = [each.name for each in flatten_columns(columns) if each.only_ndjson and each.name in lower]
    if ndjson:
        return f"Line 1 names columns that only NDJSON can hold: {', '.join(ndjson)}."
    listed = ", ".join(ascii(name[:60]) for name in unknown[:10])
    return f"Line 1 names unknown columns: {listed}. The columns are {', '.join(list_csv_columns(columns))}."


def list_required_columns(columns: Columns) -> list[str]:
    """The names of the columns that a CSV file must have."""
    return [each.name for each in flatten_columns([each for each in columns if each.required]) if each.required]
