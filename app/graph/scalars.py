"""The schema's own scalars: how each is parsed and serialized. A value that is refused is told what would do."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import NewType, TypeVar

import orjson
import pycountry
import strawberry
from strawberry.types.scalar import ScalarDefinition

T = TypeVar("T")

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


def parse_datetime(value: object) -> datetime:
    """A DateTime as an instant: UTC, to the millisecond, as MongoDB stores it."""
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
    """An instant as MongoDB stores it, so that what a mutation returns is what is read later."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def show_instant(value: datetime) -> str:
    """An instant as RFC 3339 in UTC, always with milliseconds, so that text sorts as time: 2026-01-31T12:00:00.000Z."""
    return instant_as_json(value)[1:-1].decode()


def instant_as_json(value: datetime) -> bytes:
    """The same as JSON. The encoder writes no fraction or one of six digits, several times faster than Python does."""
    text = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    if not text.endswith(b'Z"'):
        text = orjson.dumps(value.astimezone(UTC), option=orjson.OPT_UTC_Z)
    return text[:WITH_MILLISECONDS] + b'Z"' if len(text) > WITH_MILLISECONDS else text[:-2] + b'.000Z"'


WITH_MILLISECONDS = len('"2026-01-31T12:00:00.000')


def encode_json(value: object) -> bytes:
    """JSON in which instants are as `show_instant` writes them. Raises TypeError for what JSON cannot hold."""
    return orjson.dumps(value, encode_other, orjson.OPT_PASSTHROUGH_DATETIME)


def encode_other(value: object) -> orjson.Fragment:
    """What the JSON encoder is not to write itself."""
    if isinstance(value, datetime):
        return orjson.Fragment(instant_as_json(value))
    raise TypeError(f"{type(value).__name__} is no JSON")


def parse_decimal(value: object) -> Decimal:
    """A Decimal as an exact number."""
    if not isinstance(value, str) or not DECIMAL.fullmatch(value):
        raise ValueError('A Decimal is text such as "12.50", so that no digit is lost.')
    return Decimal(value)


def show_decimal(value: Decimal) -> str:
    """A number as its digits, without an exponent."""
    return f"{value:f}"


def text_parser(kind: str, example: str) -> Callable[[object], str]:
    """A parser for a scalar that is text; `kind` and `example` are for its error."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{kind} is text such as {example}.")
        return value

    return parse


def code_parser(kind: str, example: str, known: Callable[[], frozenset[str]]) -> Callable[[object], str]:
    """A parser for a scalar that is one of the `known` codes, in any case; `kind` and `example` are for its error."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or in_capitals(value) not in known():
            raise ValueError(f"{kind}, such as {example}.")
        return in_capitals(value)

    return parse


def in_capitals(code: str) -> str:
    """A code in capitals; text with letters that no code has stays as it is, so that "ﬁ" is not taken for FI."""
    return code.upper() if code.isascii() else code


@cache
def currencies() -> frozenset[str]:
    """The codes of ISO 4217."""
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


@cache
def countries() -> frozenset[str]:
    """The codes of ISO 3166-1 alpha-2, and XK for Kosovo, which the standard leaves to its users."""
    return frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}


def parse_metadata_value(value: T) -> T:
    """A MetadataValue as it is: text, a number, a boolean or null; never a list or an object."""
    if isinstance(value, (dict, list)):
        raise ValueError("A metadata value is text, a number, a boolean or null, not a list or an object.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("A metadata value is a finite number.")
    if isinstance(value, int) and not -INT64 <= value < INT64:
        raise ValueError("A metadata value that is an integer has at most 64 bits.")
    return value


def identity(value: T) -> T:
    """The value as it is: for scalars that are stored as they are shown."""
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: RFC 3339 with its offset (2026-01-31T12:00:00Z). Shown in UTC with milliseconds "
        "(2026-01-31T12:00:00.000Z), so that text sorts as time.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=show_instant,
        parse_value=parse_datetime,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number, as text: "12.50". Never a float.',
        specified_by_url="https://www.w3.org/TR/xmlschema-2/#decimal",
        serialize=show_decimal,
        parse_value=parse_decimal,
    ),
    Currency: strawberry.scalar(
        name="Currency",
        description='A currency: its ISO 4217 code, such as "USD".',
        specified_by_url="https://www.iso.org/iso-4217-currency-codes.html",
        serialize=identity,
        parse_value=code_parser("A Currency is a code of ISO 4217", '"USD"', currencies),
    ),
    CountryCode: strawberry.scalar(
        name="CountryCode",
        description='A country: its ISO 3166-1 alpha-2 code, such as "DE".',
        specified_by_url="https://www.iso.org/iso-3166-country-codes.html",
        serialize=identity,
        parse_value=code_parser("A CountryCode is a code of ISO 3166-1 alpha-2", '"DE"', countries),
    ),
    EmailAddress: strawberry.scalar(
        name="EmailAddress",
        description='An e-mail address, shown as it was typed: "carol@finoptic.com".',
        specified_by_url="https://www.rfc-editor.org/rfc/rfc6531",
        serialize=identity,
        parse_value=text_parser("An EmailAddress", '"carol@finoptic.com"'),
    ),
    URL: strawberry.scalar(
        name="URL",
        description='A web address: "https://finoptic.com".',
        specified_by_url="https://url.spec.whatwg.org/",
        serialize=identity,
        parse_value=text_parser("A URL", '"https://finoptic.com"'),
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="A place in one list in one order, as the list returned it. Opaque: do not build or store it.",
        specified_by_url="https://relay.dev/graphql/connections.htm#sec-Cursor",
        serialize=identity,
        parse_value=text_parser("A Cursor", "the `endCursor` of a page"),
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=identity,
        parse_value=identity,
    ),
    MetadataValue: strawberry.scalar(
        name="MetadataValue",
        description="A value of custom metadata: text, a number, a boolean or null.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-3",
        serialize=identity,
        parse_value=parse_metadata_value,
    ),
}
