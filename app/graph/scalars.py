"""The schema's own scalars. Each refuses what it does not hold with a sentence that says what it takes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NewType

import pycountry
import strawberry
from strawberry.types.scalar import ScalarDefinition

Currency = NewType("Currency", str)
CountryCode = NewType("CountryCode", str)
EmailAddress = NewType("EmailAddress", str)
URL = NewType("URL", str)
Cursor = NewType("Cursor", str)
JSON = NewType("JSON", object)
MetadataValue = NewType("MetadataValue", object)

INT64 = 2**63
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
DECIMAL = re.compile(r"-?\d{1,34}(?:\.\d{1,34})?", re.ASCII)
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def parse_datetime(value: Any) -> datetime:
    """An instant, UTC, to the millisecond (as the database keeps it)."""
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise ValueError("A DateTime is RFC 3339 text with its offset: 2026-01-31T00:00:00Z or …+01:00.")
    try:
        utc = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such instant. A DateTime is RFC 3339 text: 2026-01-31T00:00:00Z.") from None
    if not EARLIEST <= utc <= LATEST:
        raise ValueError("A DateTime lies between the years 1900 and 2200.")
    return to_the_millisecond(utc)


def to_the_millisecond(at: datetime) -> datetime:
    """An instant as the database keeps it, so that what is shown now is what is read later."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def show_instant(value: datetime) -> str:
    """RFC 3339, UTC, with `Z`; a fraction where there is one. The JSON encoder writes instants in the same way."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_decimal(value: Any) -> Decimal:
    """An exact number from its text."""
    if not isinstance(value, str) or not DECIMAL.fullmatch(value):
        raise ValueError('A Decimal is text such as "12.50", so that no digit is lost.')
    return Decimal(value)


def show_decimal(value: Decimal) -> str:
    """Its digits, never in exponents."""
    return f"{value:f}"


def text_parser(kind: str, example: str) -> Any:
    """A parser for a scalar that is text."""

    def parse(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{kind} is text such as {example}.")
        return value

    return parse


def code_parser(kind: str, example: str, known: Callable[[], frozenset[str]]) -> Callable[[Any], str]:
    """A parser for a scalar that is a code of a published list, in capitals."""

    def parse(value: Any) -> str:
        if not isinstance(value, str) or value not in known():
            raise ValueError(f"{kind}, in capitals, such as {example}.")
        return value

    return parse


@cache
def currencies() -> frozenset[str]:
    """ISO 4217."""
    return frozenset(each.alpha_3 for each in pycountry.currencies)


@cache
def countries() -> frozenset[str]:
    """ISO 3166-1 alpha-2, and XK for Kosovo, which is user-assigned in it."""
    return frozenset(each.alpha_2 for each in pycountry.countries) | {"XK"}


def parse_metadata_value(value: Any) -> Any:
    """Text, a number, a boolean or null; never a list or an object."""
    if isinstance(value, (dict, list)):
        raise ValueError("A metadata value is text, a number, a boolean or null, not a list or an object.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("A metadata value is a finite number.")
    if isinstance(value, int) and not -INT64 <= value < INT64:
        raise ValueError("A metadata value that is an integer has at most 64 bits.")
    return value


def identity(value: Any) -> Any:
    """What is stored is what is shown."""
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: RFC 3339 with its offset (2026-01-31T12:00:00Z). Shown in UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=show_instant,
        parse_value=parse_datetime,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number, as text: "12.50". Never a float.',
        serialize=show_decimal,
        parse_value=parse_decimal,
    ),
    Currency: strawberry.scalar(
        name="Currency",
        description='A currency: its ISO 4217 code, such as "USD".',
        serialize=identity,
        parse_value=code_parser("A Currency is a code of ISO 4217", '"USD"', currencies),
    ),
    CountryCode: strawberry.scalar(
        name="CountryCode",
        description='A country: its ISO 3166-1 alpha-2 code, such as "DE".',
        serialize=identity,
        parse_value=code_parser("A CountryCode is a code of ISO 3166-1 alpha-2", '"DE"', countries),
    ),
    EmailAddress: strawberry.scalar(
        name="EmailAddress",
        description='An e-mail address, shown as it was typed: "carol@finoptic.com".',
        serialize=identity,
        parse_value=text_parser("An EmailAddress", '"carol@finoptic.com"'),
    ),
    URL: strawberry.scalar(
        name="URL",
        description='A web address: "https://finoptic.com".',
        serialize=identity,
        parse_value=text_parser("A URL", '"https://finoptic.com"'),
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="A place in one list in one order, as the list returned it. Opaque: do not build or store it.",
        serialize=identity,
        parse_value=text_parser("A Cursor", "the `endCursor` of a page"),
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=identity,
        parse_value=identity,
    ),
    MetadataValue: strawberry.scalar(
        name="MetadataValue",
        description="A value of custom metadata: text, a number, a boolean or null.",
        serialize=identity,
        parse_value=parse_metadata_value,
    ),
}
