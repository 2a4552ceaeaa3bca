"""The first line of a CSV file: the names of its columns, all of them known, none of them missing."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from app.transfer.columns import Columns, flatten_columns

OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}


class UnreadableFile(Exception):  # noqa: N818  # said to whoever called, not a fault of the program
    """A file that is not what it was said to be; the message says what to do."""


def read_header(reader: Iterator[list[str]], columns: Columns) -> list[str]:
    """The columns that a file has, in its order. Names match in any case."""
    typed = [name.strip() for name in read_first_line(reader, columns)]
    names, known = [name.lower() for name in typed], list_csv_columns(columns)
    if unknown := [name for name in typed if name.lower() not in known]:
        raise UnreadableFile(explain_unknown_columns(unknown, columns))
    if twice := {name for name in names if names.count(name) > 1}:
        raise UnreadableFile(f"Line 1 names a column twice: {', '.join(sorted(twice))}.")
    if missing := [name for name in list_required_columns(columns) if name not in names]:
        raise UnreadableFile(f"Line 1 lacks columns that are needed: {', '.join(missing)}.")
    return names


def read_first_line(reader: Iterator[list[str]], columns: Columns) -> list[str]:
    """The cells of the first line."""
    try:
        return next(reader)
    except StopIteration:
        known = ", ".join(list_csv_columns(columns))
        raise UnreadableFile(f"The file is empty. Its first line names its columns, of: {known}.") from None
    except csv.Error as error:
        raise UnreadableFile(f"Line 1 is not CSV: {error}.") from None


def list_csv_columns(columns: Columns) -> list[str]:
    """The columns that a CSV file may have."""
    return [each.name for each in flatten_columns(columns) if not each.only_ndjson]


def explain_unknown_columns(unknown: Sequence[str], columns: Columns) -> str:
    """Why names are none of the columns of a CSV file, the likeliest reason first."""
    for mark, what in OTHER_SEPARATORS.items():
        if any(mark in name for name in unknown):
            return f"Line 1 has {what} in it. Columns are parted by commas: save the file as CSV with commas."
    lower = [name.lower() for name in unknown]
    ndjson = [each.name for each in flatten_columns(columns) if each.only_ndjson and each.name in lower]
    if ndjson:
        return f"Line 1 names columns that are for NDJSON only: {', '.join(ndjson)}."
    listed = ", ".join(ascii(name[:60]) for name in unknown[:10])
    return f"Line 1 names columns that are not known: {listed}. The columns are {', '.join(list_csv_columns(columns))}."


def list_required_columns(columns: Columns) -> list[str]:
    """The columns that a CSV file cannot do without."""
    return [each.name for each in flatten_columns([each for each in columns if each.required]) if each.required]
