"""The file of refused rows: each row as it stood, with the reason, to be mended and imported again as it is."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from app.cli.importing import ImportOptions, import_files, opened_refused_file, prepare_run
from app.mongo.client import Store
from app.transfer import runner
from app.transfer.csv_header import UnreadableFile
from app.transfer.outcome import Result
from app.transfer.refused_rows import split_members
from app.transfer.rows import find_source
from tests.transfer.running import Files
from tests.transfer.test_cursor import write_credentials
from tests.transfer.test_running import Narrow

INVOICE = "number,organization_external_id,issued_at,line_description,quantity,unit_price"


async def refused_of(files: Files, kind: str, path: Path, **options: Any) -> Path:
    """The file of the rows that an import refuses."""
    refused = files.folder / f"refused{path.suffix}"
    await import_files(files.store, kind, [find_source(path)], ImportOptions(refused=refused, **options))
    return refused


async def counts_of(files: Files, kind: str, path: Path) -> tuple[int, int, int]:
    """How many records of a file were created, unchanged and refused."""
    [done] = await import_files(files.store, kind, [find_source(path)], ImportOptions())
    counts = done.summary.counts
    return counts[Result.CREATED], counts[Result.UNCHANGED], counts[Result.REFUSED]


def cells_of(path: Path) -> list[list[str]]:
    """The cells of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))


async def test_refused_rows_of_csv_are_mended_and_imported_as_they_are(files: Files, store: Store) -> None:
    path = files.csv(
        "Name,external_id,country,description",
        "A,a,DE,",
        '"B, Ltd",b,UK,"two\nlines, ""quoted"""',
        " ,c,UK,ä",
    )
    refused = await refused_of(files, "organizations", path)
    header, b, c = cells_of(refused)
    assert header == ["refused_because", "Name", "external_id", "country", "description"]
    assert b[0].startswith("country: 'UK' is not an ISO 3166-1 alpha-2 country code")
    assert b[0].endswith("(INVALID_COUNTRY)")
    assert (b[1:], c[1:]) == (["B, Ltd", "b", "UK", 'two\nlines, "quoted"'], [" ", "c", "UK", "ä"])
    assert [code in c[0] for code in ("(REQUIRED); ", "(INVALID_COUNTRY)")] == [True, True]
    refused.write_bytes(refused.read_bytes().replace(b'"UK"', b'"GB"').replace(b'" "', b'"C"'))
    assert await counts_of(files, "organizations", refused) == (2, 0, 0)
    stored = await store["organizations"].find_one({"externalId": "b"})
    assert stored is not None
    assert (stored["name"], stored["description"]) == ("B, Ltd", 'two\nlines, "quoted"')


async def test_refused_rows_of_ndjson_keep_their_text(files: Files) -> None:
    lines = [
        '{"email": "a@x.com"}',
        '{ "first_name":"\\u00e4\\ud800",  "email" : "nobody", '
        '"custom_metadata": {"n": 12.50, "big": 12345678901234567890} }',
        "{}",
    ]
    refused = await refused_of(files, "subscribers", files.ndjson(*lines))
    first, second = refused.read_text().splitlines()
    assert first.startswith('{"refused_because": "')
    assert first.endswith(
        ', "first_name":"\\u00e4\\ud800", "email" : "nobody", '
        '"custom_metadata": {"n": 12.50, "big": 12345678901234567890}}'
    )
    assert list(json.loads(second)) == ["refused_because"]


async def test_a_row_that_is_refused_again_has_the_new_reason_alone(files: Files) -> None:
    for path in (files.csv("email", "nobody"), files.ndjson({"email": "nobody"})):
        refused = await refused_of(files, "subscribers", path)
        again = files.bytes(refused.read_bytes().replace(b"nobody", b"no one"), path.suffix[1:])
        text = (await refused_of(files, "subscribers", again)).read_text()
        assert (text.count("refused_because"), "nobody" in text, "no one" in text) == (1, False, True)


async def test_the_reason_stays_where_a_file_has_it(files: Files) -> None:
    path = files.csv("email,Refused_Because,first_name", "a@x.com,,A", "nobody,old,B", "c@x.com,old", "d@x.com,old,C,")
    refused = cells_of(await refused_of(files, "subscribers", path))
    assert refused[0] == ["email", "refused_because", "first_name"]
    assert (refused[1][0], refused[1][1].startswith("email: "), refused[1][2]) == ("nobody", True, "B")
    assert refused[2:] == [["c@x.com", "old"], ["d@x.com", "old", "C", ""]], "which cell is the reason is not known"


@pytest.mark.parametrize(
    ("suffix", "unreadable"),
    [
        ("csv", [b'x@x.com,"a" b\n', b"y@x.com,a,b\n", b"z@x.com\n", b"n\xfc@x.com,a\n", b'q@x.com,"never closed\n']),
        ("ndjson", [b'{"email": "x@x.com"\n', b"[1]\n", b'{"email": "n\xfc@x.com"}\n', b'{"email": 1, "email": 2}\n']),
    ],
)
async def test_what_cannot_be_read_stays_as_it_stands(files: Files, suffix: str, unreadable: Sequence[bytes]) -> None:
    header = b"email,first_name\n" if suffix == "csv" else b""
    path = files.bytes(header + b"".join(unreadable), suffix)
    refused = await refused_of(files, "subscribers", path)
    written = refused.read_bytes()
    ends = [each.split(b",", 1)[-1].strip(b'{}\n "') for each in unreadable]
    assert all(end in written for end in ends)
    again = files.bytes(written, suffix)
    assert await counts_of(files, "subscribers", again) == (0, 0, len(unreadable))
    assert (await refused_of(files, "subscribers", again)).read_bytes().count(b"x@x.com") == written.count(b"x@x.com")


async def test_a_line_that_is_too_long_is_kept_whole(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.transfer.rows.MAX_LINE_BYTES", 1_000)
    monkeypatch.setattr("app.transfer.refused_rows.PIECE_BYTES", 300)
    long = '{"email": "a@x.com", "first_name": "' + "x" * 2_500 + '"}'
    text = (await refused_of(files, "subscribers", files.ndjson(long, {"email": "b@x.com"}))).read_text()
    note, line = text.splitlines()
    assert "a line is longer than 1,000 bytes" in json.loads(note)["refused_because"]
    assert line == long


async def test_an_invoice_is_refused_with_all_its_rows(files: Files) -> None:
    await files.made("organizations", external_id="a", name="A")
    good = "N-1,a,2026-01-01T00:00:00Z"
    path = files.csv(INVOICE, f"{good},x,1,1", "N-2,b,2026-01-01T00:00:00Z,x,1,1", "", "N-2,,,y,2,1", "N-3,a,,x,1,1")
    refused = await refused_of(files, "invoices", path)
    _, *rows = cells_of(refused)
    assert [(bool(row[0]), row[1], row[4]) for row in rows] == [
        (True, "N-2", "x"), (False, "N-2", "y"), (True, "N-3", "x"),
    ]  # fmt: skip
    refused.write_bytes(refused.read_bytes().replace(b'"b"', b'"a"').replace(b'"a",""', b'"a","2026-01-01T00:00:00Z"'))
    assert await counts_of(files, "invoices", refused) == (2, 0, 0)
    assert await files.store["invoiceLines"].count_documents({}) == 4


async def test_an_invoice_that_comes_twice_is_written_once(files: Files) -> None:
    """Side by side, its rows would be read as one invoice with twice as many lines."""
    twice, other = "N-2,b,2026-01-01T00:00:00Z,x,1,1", "N-1,a,2026-01-01T00:00:00Z,x,1,1"
    await files.made("organizations", external_id="a", name="A")
    refused = await refused_of(files, "invoices", files.csv(INVOICE, twice, other, twice))
    assert [row[1] for row in cells_of(refused)] == ["number", "N-2"]


async def test_all_rows_of_an_invoice_that_stand_apart_are_written(files: Files) -> None:
    await files.made("organizations", external_id="a", name="A")
    rows = [f"{name},a,2026-01-01T00:00:00Z,{line},1,1" for name, line in (("N-2", "x"), ("N-1", "x"), ("N-2", "y"))]
    refused = await refused_of(files, "invoices", files.csv(INVOICE, *rows))
    assert [row[4] for row in cells_of(refused)] == ["line_description", "x", "y"]
    assert await counts_of(files, "invoices", refused) == (1, 0, 0), "they stand together now"


async def test_a_record_that_is_too_large_is_kept(files: Files) -> None:
    path, refused = files.ndjson({"external_id": "a", "name": "A"}), files.folder / "refused.ndjson"
    run = await prepare_run(files.store, "organizations", find_source(path), ImportOptions())
    run.importer = Narrow(OperationFailure("large", 388), 0)
    with opened_refused_file(refused, run) as run.refused:
        [outcome] = [each async for each in run.outcomes()]
    assert (outcome.result, json.loads(refused.read_text())["external_id"]) == (Result.REFUSED, "a")


async def test_where_nothing_is_refused_the_file_has_the_header_alone(files: Files) -> None:
    path = files.bytes(b"\xef\xbb\xbfemail,first_name\na@x.com,A", "csv")
    refused = await refused_of(files, "subscribers", path)
    assert refused.read_bytes() == b'\xef\xbb\xbf"refused_because","email","first_name"\r\n'
    assert await counts_of(files, "subscribers", refused) == (0, 0, 0)


async def test_a_file_that_was_there_is_replaced_by_a_new_import(files: Files) -> None:
    (files.folder / "refused.csv").write_text("something long that was there before this import began\n" * 9)
    refused = await refused_of(files, "subscribers", files.csv("email", "nobody"))
    assert len(cells_of(refused)) == 2


async def test_only_its_owner_can_read_it_since_rows_may_have_secrets(files: Files) -> None:
    path = files.csv("credential_id,name,external_secret", "hak-1,K,s3cret")
    refused = await refused_of(files, "credentials", path)
    assert stat.S_IMODE(refused.stat().st_mode) == 0o600
    assert cells_of(refused)[1][1:] == ["hak-1", "K", "s3cret"]


async def test_a_dry_run_writes_what_would_be_refused(files: Files, store: Store) -> None:
    refused = await refused_of(files, "subscribers", files.csv("email", "a@x.com", "nobody"), dry_run=True)
    assert ([row[1] for row in cells_of(refused)], await store["subscribers"].count_documents({})) == (
        ["email", "nobody"], 0,
    )  # fmt: skip


class TestResuming:
    """A run that was broken off, and the one that goes on."""

    WRONG = (3, 150, 151, 199, 250)

    @pytest.fixture(autouse=True)
    async def people(self, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
        """A hundred rows are a transaction."""
        monkeypatch.setattr(runner, "MAX_CHUNK_RECORDS", 100)
        await files.rows("subscribers", *({"email": f"p{n}@x.com"} for n in range(10)))

    async def broken_off(self, files: Files, *, refused: Path | None) -> Path:
        """A file of which two of three chunks are stored."""
        path = write_credentials(files.folder / "keys.csv", 300, wrong=self.WRONG)
        run = await prepare_run(files.store, "credentials", find_source(path), ImportOptions())
        if refused:
            with opened_refused_file(refused, run) as run.refused:
                await self.take(run, 150)
        else:
            await self.take(run, 150)
        return path

    async def take(self, run: runner.ImportRun, count: int) -> None:
        """Read so many outcomes and no more."""
        async with aclosing(run.outcomes()) as outcomes:  # type: ignore[type-var]  # it is a generator
            for _ in range(count):
                await anext(outcomes)

    def numbers(self, refused: Path) -> list[int]:
        """The numbers of the credentials in the file."""
        return [int(row[1].removeprefix("hak-")) for row in cells_of(refused)[1:]]

    async def test_what_was_refused_before_is_there_at_the_break(self, files: Files) -> None:
        refused = files.folder / "refused.csv"
        await self.broken_off(files, refused=refused)
        assert self.numbers(refused) == [3, 150, 151, 199]

    @pytest.mark.parametrize("more", [b"", b'"what a transaction wrote that was not committed"\r\n'])
    async def test_a_run_that_resumes_loses_and_repeats_nothing(self, files: Files, more: bytes) -> None:
        refused = files.folder / "refused.csv"
        path = await self.broken_off(files, refused=refused)
        with refused.open("ab") as file:
            file.write(more)
        assert await refused_of(files, "credentials", path) == refused
        assert self.numbers(refused) == list(self.WRONG)

    @pytest.mark.parametrize("change", ["edited", "removed", "never written"])
    async def test_it_is_refused_where_earlier_rows_would_be_missing(self, files: Files, change: str) -> None:
        refused = files.folder / "refused.csv"
        path = await self.broken_off(files, refused=None if change == "never written" else refused)
        if change == "edited":
            refused.write_bytes(refused.read_bytes().replace(b"mobile", b"MOBILE"))
        elif change == "removed":
            refused.unlink()
        before = refused.read_bytes() if change == "edited" else b""
        with pytest.raises(UnreadableFile, match=r"lacks what an earlier run refused of this file \(4\)"):
            await refused_of(files, "credentials", path)
        assert refused.read_bytes() == before
        await refused_of(files, "credentials", path, from_start=True)
        assert self.numbers(refused) == list(self.WRONG)

    async def test_a_chunk_that_is_tried_again_is_written_once(self, files: Files) -> None:
        path, refused = files.ndjson(*({"external_id": f"o{n}"} for n in range(9))), files.folder / "refused.ndjson"
        run = await prepare_run(files.store, "organizations", find_source(path), ImportOptions())
        run.importer = Narrow(OperationFailure("large", 388), 2)
        with opened_refused_file(refused, run) as run.refused:
            assert len([each async for each in run.outcomes()]) == 9
        assert [json.loads(line)["external_id"] for line in refused.read_text().splitlines()] == [
            f"o{n}" for n in range(9)
        ]


@pytest.mark.parametrize(
    "text", ["", "1", "[]", "{", "{]", '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', "{1:1}", '{"a":1} x', '{"a":1 "b":2}']
)
def test_members_of_what_is_no_object_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        split_members(text)


def test_members_keep_their_text() -> None:
    assert split_members(' { "a" : 1.50 , "b":[ {"}": ","} ]}\n') == [("a", '"a" : 1.50'), ("b", '"b":[ {"}": ","} ]')]
    assert split_members("{ }") == []
