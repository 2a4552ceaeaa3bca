"""CSV rows that together are one record, whatever kind of record it is."""

from __future__ import annotations

from app.transfer.csv_records import find_separated, refuse_separated
from app.transfer.rows import RawRow


def test_a_message_calls_the_record_what_its_importer_calls_it() -> None:
    rows = [RawRow(line, {"code": code, "n": line}) for line, code in ((2, "A"), (3, "B"), (4, "A"))]
    separated = find_separated(rows, "code")
    assert separated == {"A": [2, 4]}
    rule = "The rows of one price list must follow each other: sort the file by code."
    message = f"{rule} Those of 'A' begin on line 2 and line 4."
    refused = [refuse_separated(row, "code", separated, "price list") for row in rows]
    assert [row.problem and row.problem.message for row in refused] == [
        message,
        None,
        message,
    ]
