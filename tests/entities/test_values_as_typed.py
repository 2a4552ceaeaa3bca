"""What is taken however it was typed, and what is no domain, code or zone at all."""

from __future__ import annotations

import pytest

from app.entities.codes import country_code, currency_code, timezone_name, timezones
from app.entities.contacts import domain_name
from app.entities.texts import Invalid
from app.graph.scalars import SCALARS, CountryCode, Currency


@pytest.mark.parametrize(
    "typed",
    [
        "x",
        "com",
        "localhost",
        "com.",
        ".com",
        "10.0.0.1",
        "１０.0.0.1",
        "10.1",
        "[::1]",
        "::1",
        "[10.0.0.1]",
        "a@b.com",
        ".",
    ],
)
def test_a_word_or_an_ip_address_is_no_domain(typed: str) -> None:
    with pytest.raises(Invalid, match=r"give one such as \"acme\.com\"") as refused:
        domain_name(typed)
    assert refused.value.code == "INVALID_DOMAIN"


@pytest.mark.parametrize(
    ("typed", "kept"), [("Acme.COM.", "acme.com"), ("3com.com", "3com.com"), ("x.1und1", "x.1und1")]
)
def test_other_host_names_are_domains(typed: str, kept: str) -> None:
    assert domain_name(typed) == kept


def test_codes_are_kept_in_capitals_and_zones_as_iana_spells_them() -> None:
    assert (currency_code(" usd "), country_code("de"), timezone_name("europe/berlin")) == (
        "USD",
        "DE",
        "Europe/Berlin",
    )
    assert timezone_name("etc/gmt+5") == "Etc/GMT+5"
    parse_currency, parse_country = SCALARS[Currency].parse_value, SCALARS[CountryCode].parse_value
    assert parse_currency is not None
    assert parse_country is not None
    assert (parse_currency("eur"), parse_country("xk")) == ("EUR", "XK")
    assert len(set(timezones().values())) == len(timezones())


@pytest.mark.parametrize("typed", ["ﬁ", "ſe", "d", "", "dee"])
def test_letters_that_only_become_a_code_in_capitals_are_none(typed: str) -> None:
    with pytest.raises(Invalid):
        country_code(typed)
    parse = SCALARS[CountryCode].parse_value
    assert parse is not None
    with pytest.raises(ValueError, match="ISO 3166-1 alpha-2, such as"):
        parse(typed)
