"""Files that are not as they should be: a row that cannot be read is refused by its line, a file with one sentence."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from app.cli.report import print_summary, write_outcome
from app.transfer.csv_header import UnreadableFile
from app.transfer.outcome import Outcome, Result, Summary
from app.transfer.rows import MAX_LINE_BYTES, find_source
from tests.transfer.running import Files, by_line, codes, results

HEADER = b"external_id,name\n"


async def outcomes(files: Files, content: bytes, kind: str = "csv") -> dict[int, set[tuple[str, str]]]:
    """Line → problems, of a file of organizations."""
    found = await files.run("organizations", files.bytes(content, kind))
    return {line: codes(outcome) for line, outcome in by_line(found).items()}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"a,A,more\n", "FIELD_COUNT"),
        (b"a\n", "FIELD_COUNT"),
        (b'a,"A"x\n', "MALFORMED_ROW"),
        (b"a,\xff\xfe\n", "NOT_UTF8"),
        (b"a," + b"x" * 200_000 + b"\n", "MALFORMED_ROW"),
        (b"a," + b"x," * (MAX_LINE_BYTES // 2) + b"\n", "MALFORMED_ROW"),
    ],
    ids=["more fields", "fewer fields", "stray quote", "not utf-8", "huge field", "huge line"],
)
async def test_a_row_that_cannot_be_read_is_refused_and_the_next_one_is_read(
    files: Files, row: bytes, code: str
) -> None:
    found = await outcomes(files, HEADER + b"before,B\n" + row + b"after,A\n")
    assert found == {2: set(), 3: {(code, "")}, 4: set()}


async def test_a_nul_is_refused_where_it_stands(files: Files) -> None:
    assert await outcomes(files, HEADER + b"a,x\0y\nb,B\n") == {2: {("INVALID_TEXT", "name")}, 3: set()}


async def test_a_quotation_mark_that_is_never_closed_swallows_little(files: Files) -> None:
    rows = [b'a,"never closed\n', *(b"n%d,Some name or other\n" % n for n in range(20_000))]
    found = await files.run("organizations", files.bytes(HEADER + b"".join(rows), "csv"))
    assert codes(found[0]) == {("MALFORMED_ROW", "")}
    assert "Lines 2 to " in found[0].problems[0].message
    assert results(found)["CREATED"] > 10_000


async def test_a_quotation_mark_open_at_the_end_is_refused(files: Files) -> None:
    assert await outcomes(files, HEADER + b'a,A\nb,"B\n') == {2: set(), 3: {("MALFORMED_ROW", "")}}


async def test_fields_may_hold_line_ends_commas_and_quotation_marks(files: Files) -> None:
    found = await files.run("organizations", files.bytes(HEADER + b'a,"A ""x"",\r\n y"\r\nb,B\r\n', "csv"))
    assert [outcome.line for outcome in found] == [2, 4]
    made = await files.store["organizations"].find_one({"externalId": "a"})
    assert made is not None
    assert made["name"] == 'A "x",\r\n y'


async def test_empty_lines_and_a_byte_order_mark_are_passed_over(files: Files) -> None:
    assert await outcomes(files, b"\xef\xbb\xbf" + HEADER + b"\n\na,A\n\n") == {4: set()} | {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty"),
        (b"a,A\n", "unknown columns: 'a', 'A'"),
        (b"external_id,name,colour\n", "'colour'"),
        (b"external_id;name\n", "has semicolons in it. Columns are separated by commas"),
        (b"external_id\tname\n", "has tabs in it. Columns are separated by commas"),
        (b"External_ID,name,NAME\n", "names a column twice: name"),
        (b"external_id,name,name\n", "names a column twice: name"),
        (b"external_id\n", "lacks required columns: name"),
        (
            b"external_id,name,custom_metadata,app_metadata\n",
            "that only NDJSON can hold: custom_metadata, app_metadata.",
        ),
        (b"\xff\xfe\n", "unknown columns"),
        (b"x" * 200_000, "Line 1 is not CSV"),
    ],
)
async def test_a_header_that_cannot_be_used_stops_the_import(files: Files, content: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=r"Line 1|empty") as raised:
        await outcomes(files, content)
    assert message in str(raised.value)


async def test_an_unknown_column_is_told_the_known_ones(files: Files) -> None:
    with pytest.raises(UnreadableFile, match="The columns are external_id, name, parent_external_id, kind"):
        await outcomes(files, b"external_id,name,colour\n")


async def test_names_of_columns_match_in_any_case(files: Files) -> None:
    assert await outcomes(files, b"External_ID, NAME \na,A\n") == {2: set()}


async def test_a_file_of_a_header_alone_has_no_rows(files: Files) -> None:
    assert await outcomes(files, HEADER) == {}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "MALFORMED_ROW"),
        (b"[1]", "MALFORMED_ROW"),
        (b"null", "MALFORMED_ROW"),
        (b'{"external_id": "a", "name": NaN}', "MALFORMED_ROW"),
        (b'{"external_id": "a", "external_id": "b", "name": "A"}', "MALFORMED_ROW"),
        (b'{"a":' * 100_000, "MALFORMED_ROW"),
        (b'{"external_id": "a", "name": "\xff"}', "NOT_UTF8"),
        (b'{"external_id": "a", "name": ' + b"1" * 10_000 + b"}", "MALFORMED_ROW"),
    ],
)
async def test_a_line_that_is_no_object_is_refused(files: Files, line: bytes, code: str) -> None:
    content = line + b'\n\n{"external_id": "good", "name": "Good"}\n'
    assert await outcomes(files, content, "ndjson") == {1: {(code, "")}, 3: set()}


async def test_half_a_surrogate_pair_is_no_text(files: Files) -> None:
    content = b'{"external_id": "a", "name": "\\ud800", "app_metadata": {"x": {"\\udc00": 1}}, "\\ud801": 1}\n'
    found = await outcomes(files, content, "ndjson")
    assert found[1] >= {("INVALID_TEXT", "name"), ("INVALID_TEXT", "app_metadata")}


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson", "a.jsonl", "A.CSV"])
def test_the_name_says_how_a_file_is_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    assert find_source(path).format == ("csv" if "csv" in name.lower() else "ndjson")


def test_a_file_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="There is no file"):
        find_source(tmp_path / "none.csv")
    with pytest.raises(UnreadableFile, match="no regular file"):
        find_source(tmp_path)
    (tmp_path / "a.xlsx").touch()
    with pytest.raises(UnreadableFile, match="say --format"):
        find_source(tmp_path / "a.xlsx")
    assert find_source(tmp_path / "a.xlsx", "csv").format == "csv"


async def test_what_a_report_shows_is_text_whatever_the_file_holds(files: Files) -> None:
    content = b'{"external_id": "a", "name": "A", "\\ud801\\u001b[31m": 1, "country": "\\u001b[2J"}\n'
    found = await files.run("organizations", files.bytes(content, "ndjson"))
    file, console = io.BytesIO(), Console(file=io.StringIO(), force_terminal=False)
    write_outcome(file, "\udcff.ndjson", found[0])
    summary = Summary()
    summary.count(found[0])
    print_summary(console, "organizations", "[bold]:smile:\x1b.csv", summary, dry_run=True)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "\x1b" not in shown
    assert "[bold]:smile:\\x1b.csv, a dry run: nothing was written" in shown
    assert json.loads(file.getvalue())["problems"][0]["field"] == ["\\ud801\\x1b[31m"]


def test_a_summary_counts_rows_where_it_says_rows() -> None:
    console, summary = Console(file=io.StringIO(), force_terminal=False), Summary(seconds=1)
    summary.count(Outcome(2, Result.CREATED, "inv_1", rows=5))
    summary.count(Outcome(7, Result.CREATED, "inv_2", rows=2))
    print_summary(console, "invoices", "a.csv", summary, dry_run=False)
    assert isinstance(console.file, io.StringIO)
    cells = [[cell.strip() for cell in row.split("│")[1:3]] for row in console.file.getvalue().splitlines()[1:]]
    assert ["created", "2"] in cells
    assert ["rows of the file", "7"] in cells
    assert ["rows a second", "7"] in cells


async def test_a_number_that_nothing_can_hold_is_refused_by_itself(files: Files) -> None:
    large = '{"external_id":"d1","name":"x","custom_metadata":{"n":1e9999999999999999999}}'
    first, second = await files.rows("organizations", large, {"external_id": "a", "name": "A"})
    assert codes(first) == {("MALFORMED_ROW", "")}
    assert second.result is Result.CREATED
