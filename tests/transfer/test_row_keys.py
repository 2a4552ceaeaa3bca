"""Each outcome bears the row's own key, whatever became of the row."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transfer.running import Files

ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("organizations", "crm-1", {"external_id": " crm-1 ", "name": "A", "country": "UK"}),
    ("subscribers", "Ann@x.com", {"email": "Ann@x.com", "organization_external_id": "none"}),
    ("credentials", "hak-1", {"credential_id": "hak-1", "name": "K", "subscriber_email": "nobody@x.com"}),
    ("invoices", "N-1", {"number": "N-1", "organization_external_id": "none", "issued_at": "soon"}),
]


@pytest.mark.parametrize(("kind", "key", "row"), ROWS)
async def test_a_refused_row_bears_its_key(files: Files, kind: str, key: str, row: dict[str, Any]) -> None:
    assert [each.key for each in await files.rows(kind, row)] == [key]


async def test_a_stored_row_bears_its_key_too(files: Files) -> None:
    path = files.csv("email", "a@x.com", "b@x.com")
    for result in ("CREATED", "UNCHANGED"):
        outcomes = await files.run("subscribers", path)
        assert [(each.result, each.key) for each in outcomes] == [(result, "a@x.com"), (result, "b@x.com")]


async def test_rows_of_one_invoice_bear_its_number_where_it_cannot_be_stored(files: Files) -> None:
    path = files.csv(
        "number,organization_external_id,issued_at,line_description,quantity,unit_price",
        "N-1,none,2026-01-01T00:00:00Z,a,1,1",
        "N-1,,,b,1",
    )
    assert {(each.line, each.key) for each in await files.run("invoices", path)} == {(2, "N-1"), (3, None)}


@pytest.mark.parametrize(("value", "key"), [(7, "7"), (None, None), ([], None), ("  ", None)])
async def test_what_is_no_key_is_shown_where_it_is_a_number(files: Files, value: object, key: str | None) -> None:
    assert [each.key for each in await files.rows("organizations", {"external_id": value, "name": "A"})] == [key]


async def test_a_row_that_cannot_be_read_has_no_key(files: Files) -> None:
    assert [each.key for each in await files.rows("subscribers", "{")] == [None]
