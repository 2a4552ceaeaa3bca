"""Rules for instants and exact numbers, with the same syntax as the GraphQL scalars. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from app.entities.texts import Invalid, plain_text
from app.graph.scalars import DECIMAL, parse_datetime

MOST_DIGITS = 34  # of a Decimal128
SMALLEST = -12  # the exponent of a unit price such as 0.000000000002
LARGEST = Decimal(10) ** 15
EXACT = Context(prec=MOST_DIGITS, traps=[Inexact, InvalidOperation, Overflow])
"""Arithmetic that raises rather than rounds."""


def instant(value: object) -> datetime:
    """An instant in UTC, from text with an offset or from a datetime that the scalar has parsed."""
    if isinstance(value, datetime):
        return value
    try:
        found = parse_datetime(plain_text(value))
    except Invalid:
        raise
    except ValueError as error:
        raise Invalid("INVALID_INSTANT", str(error)) from None
    return found


def number(value: object) -> Decimal:
    """An exact number, from text, an integer or a Decimal."""
    found = value if isinstance(value, Decimal) else parse_decimal(value)
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or not SMALLEST <= exponent <= MOST_DIGITS or found.copy_abs() >= LARGEST:
        raise Invalid("INVALID_NUMBER", "A number has at most 15 digits before the decimal point and 12 after it.")
    return EXACT.create_decimal(found)


def parse_decimal(value: object) -> Decimal:
    """A number in the digits 0 to 9 without exponent: `Decimal` itself also accepts 1_0 and digits of other scripts."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Invalid("INVALID_NUMBER", "Give a number such as 12.50.")
    text = str(value).strip()
    if not DECIMAL.fullmatch(text):
        raise Invalid("INVALID_NUMBER", f"{text[:60]!r} is not a number such as 12.50.")
    return Decimal(text)


def positive(value: object) -> Decimal:
    """An exact number greater than zero."""
    found = number(value)
    if found <= 0:
        raise Invalid("INVALID_NUMBER", "Give an amount greater than zero.")
    return found


def whole_number(least: int, most: int) -> Callable[[object], int]:
    """The rule for whole numbers from `least` to `most`."""

    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid("INVALID_TYPE", "Give a whole number.")
        if not least <= value <= most:
            raise Invalid("INVALID_NUMBER", f"{value:,} is out of range: give a number from {least:,} to {most:,}.")
        return value

    return parse
