"""Codes of the world: currencies (ISO 4217), countries (ISO 3166-1), time zones (IANA). Pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from app.entities.texts import Invalid, plain_text
from app.graph import scalars
from app.graph.scalars import CountryCode, Currency

# The column "minor unit" of ISO 4217's list one, as of amendment 179 (2025), where it is not 2. pycountry lacks it.
MINOR_UNITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_NOT_MONEY = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX"
NOT_MONEY = frozenset(_NOT_MONEY.split())
"""Codes to which list one gives no minor unit: metals, units of account, tests, "no currency". None is billed in."""

_MINOR_UNITS = {code: digits for digits, codes in MINOR_UNITS.items() for code in codes.split()}


def minor_units(currency: str) -> int:
    """How many digits an amount in that currency has behind the point: 0 for JPY, 2 for USD, 3 for KWD."""
    return _MINOR_UNITS.get(currency, 2)


def currency_code(value: object) -> Currency:
    """A currency that something can be billed in, in capitals however it was typed."""
    found = scalars.in_capitals(plain_text(value))
    if found not in currencies():
        raise Invalid("INVALID_CURRENCY", f'{value!r} is not an ISO 4217 currency code such as "USD".')
    return Currency(found)


def country_code(value: object) -> CountryCode:
    """A country's alpha-2 code, in capitals however it was typed."""
    found = scalars.in_capitals(plain_text(value))
    if found not in scalars.countries():
        raise Invalid("INVALID_COUNTRY", f'{value!r} is not an ISO 3166-1 alpha-2 country code such as "DE".')
    return CountryCode(found)


def timezone_name(value: object) -> str:
    """An IANA time zone, spelt as IANA does in whatever case it was typed."""
    found = timezones().get(plain_text(value).lower())
    if found is None:
        raise Invalid("INVALID_TIMEZONE", f'{value!r} is not an IANA time zone such as "Europe/Berlin".')
    return found


@cache
def currencies() -> frozenset[str]:
    """The codes that money comes in."""
    return scalars.currencies() - NOT_MONEY


@cache
def timezones() -> Mapping[str, str]:
    """The names of time zones by their lower-case spelling; not the aliases that only a machine's own files have."""
    names = available_timezones() - {"localtime", "posixrules", "Factory"}
    return {name.lower(): name for name in sorted(names)}
