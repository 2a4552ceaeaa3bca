"""Instants and numbers as they are accepted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.entities.measures import instant, number
from app.entities.texts import Invalid


@pytest.mark.parametrize("text", ["1_0", "１２", "٣", "1e3", "0x1", "+1", "1.", ".5", "NaN", "Infinity", "- 1", "1,5"])
def test_a_number_is_written_out_in_ascii_digits(text: str) -> None:
    with pytest.raises(Invalid, match="is not a number such as") as found:
        number(text)
    assert found.value.code == "INVALID_NUMBER"


@pytest.mark.parametrize(
    ("value", "read"),
    [(" 10 ", "10"), ("-0.50", "-0.50"), (7, "7"), (Decimal("1E+3"), "1000"), (Decimal("1E-7"), "0.0000001")],
)
def test_a_json_number_is_read_as_it_is_written(value: Any, read: str) -> None:
    assert number(value) == Decimal(read)


@pytest.mark.parametrize("value", [True, None, 1.5, [], Decimal("1E+999999999"), Decimal("1E-13"), "1" * 35])
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(Invalid) as found:
        number(value)
    assert found.value.code == "INVALID_NUMBER"


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+00:00", "1899-12-31T23:59:59Z", "2200-01-01T00:00:01Z", "9999-12-31T23:59:59-01:00"]
)
def test_an_instant_lies_where_it_can_be_reckoned_with(text: str) -> None:
    with pytest.raises(Invalid) as found:
        instant(text)
    assert found.value.code == "INVALID_INSTANT"


@pytest.mark.parametrize("text", ["1900-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "2026-01-31T00:00:00+14:00"])
def test_other_instants_are_taken(text: str) -> None:
    assert instant(text).utcoffset() is not None
