"""The pure rules of imports: readings, codes of the world, amounts, ids."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing.amounts import in_minor_units, line_amount, normal, total_of
from app.entities.codes import MINOR_UNITS, NOT_MONEY, currencies, currency_code, minor_units
from app.entities.identifiers import UNCLASSIFIED_ID, Identifiers, is_organization_id
from app.entities.invoice import InvoiceLine
from app.entities.organization import Organization
from app.entities.texts import Invalid
from app.organizations.domains import claimed_alone
from app.organizations.reading_order import TOO_DEEP, FileRow, find_reading_order

AT = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 40) | st.none()), st.randoms())
def test_every_row_is_read_after_its_parent(parents: dict[int, int | None], random: Any) -> None:
    """Stored in the reading that it gives, each row finds its parent, but for cycles and what hangs below them."""
    names = list(parents)
    random.shuffle(names)
    places = {
        str(name): FileRow(line, None if (parent := parents[name]) is None else str(parent))
        for line, name in enumerate(names)
    }
    found = find_reading_order(places)
    stored: set[str] = set()
    for reading in range(found.count):
        for name, place in places.items():
            if found.readings.get(name, 0) != reading or name in found.cycles:
                continue
            if place.parent is None or place.parent in stored or place.parent not in places:
                stored.add(name)
    lost = set(places) - stored
    assert all(leads_to_a_cycle(name, places, found.cycles) for name in lost)
    assert all(name in cycle for name, cycle in found.cycles.items())


def leads_to_a_cycle(name: str | None, places: dict[str, FileRow], cycles: Any) -> bool:
    """Whether a row stands in a cycle or below one."""
    seen = set()
    while name in places and name not in seen:
        assert name is not None
        if name in cycles:
            return True
        seen.add(name)
        name = places[name].parent
    return False


def test_a_file_in_order_is_read_once() -> None:
    places = {str(n): FileRow(n, str(n - 1) if n else None) for n in range(50)}
    assert find_reading_order(places).count == 1


def test_a_long_chain_backwards_takes_no_more_readings_than_a_tree_is_deep() -> None:
    places = {str(n): FileRow(-n, str(n - 1) if n else None) for n in range(100_000)}
    found = find_reading_order(places)
    assert found.count == TOO_DEEP
    assert len(found.too_deep) == 100_000 - TOO_DEEP


def test_a_long_cycle_is_one_cycle() -> None:
    places = {str(n): FileRow(n, str((n + 1) % 10_000)) for n in range(10_000)}
    assert len(find_reading_order(places).cycles["7"]) == 10_000


def test_minor_units_are_those_of_iso_4217() -> None:
    assert [minor_units(code) for code in ("JPY", "USD", "KWD", "CLF", "EUR")] == [0, 2, 3, 4, 2]
    listed = {code for codes in MINOR_UNITS.values() for code in codes.split()}
    assert listed <= currencies()
    assert not NOT_MONEY & currencies()


@pytest.mark.parametrize("code", ["US", "", "XXX", "XTS", "DEM", "$"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(Invalid, match="ISO 4217"):
        currency_code(code)


def test_amounts_are_never_rounded() -> None:
    assert line_amount(Decimal("0.1"), Decimal("0.3"), None, "USD") == Decimal("0.03")
    assert line_amount(Decimal(3), Decimal("0.335"), Decimal("1.01"), "USD") == Decimal("1.01")
    assert line_amount(Decimal(3), Decimal("0.335"), Decimal("1.00"), "USD") == Decimal("1.00")
    with pytest.raises(Invalid, match="which has 2 decimals"):
        in_minor_units(Decimal("0.005"), "USD")
    with pytest.raises(Invalid, match="34 digits"):
        total_of([Decimal("1e14"), Decimal("1e-24")], "USD")


@given(
    st.decimals(allow_nan=False, allow_infinity=False) | st.decimals(-(10**15), 10**15, places=12),
    st.sampled_from(["USD", "JPY", "KWD", "CLF"]),
)
def test_an_amount_has_one_normal_form(amount: Decimal, currency: str) -> None:
    found = normal(amount, currency)
    assert found == amount
    assert found.as_tuple() == normal(found, currency).as_tuple()
    assert not (found == 0 and found.is_signed())
    decimals = -int(found.as_tuple().exponent)
    assert decimals >= minor_units(currency)
    assert decimals == minor_units(currency) or not f"{found:f}".endswith("0")


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("37.000000", "USD", "37.00"),
        ("37", "USD", "37.00"),
        ("14.68", "USD", "14.68"),
        ("0.000002", "USD", "0.000002"),
        ("0.0000020", "USD", "0.000002"),
        ("-0", "USD", "0.00"),
        ("1E+3", "USD", "1000.00"),
        ("-1.5", "USD", "-1.50"),
        ("5", "JPY", "5"),
        ("5.0", "JPY", "5"),
        ("1.5", "KWD", "1.500"),
    ],
)
def test_amounts_are_written_with_their_currencys_decimals(amount: str, currency: str, shown: str) -> None:
    assert f"{normal(Decimal(amount), currency):f}" == shown


@given(st.lists(st.decimals(0, 10**9, places=2), max_size=50))
def test_a_total_is_the_exact_sum(amounts: list[Decimal]) -> None:
    assert total_of(amounts, "USD") == sum(amounts)


def test_ids_rise_and_are_the_same_for_a_seed() -> None:
    ids = Identifiers(AT, "seed")
    made = [ids.new(InvoiceLine) for _ in range(1_000)]
    assert made == sorted(set(made))
    assert Identifiers(AT, "seed").new(InvoiceLine) == made[0]
    assert Identifiers(AT).new(InvoiceLine) != Identifiers(AT).new(InvoiceLine)


def test_an_organizations_id_is_known_by_its_form() -> None:
    assert is_organization_id(Identifiers(AT).new(Organization))
    assert is_organization_id(UNCLASSIFIED_ID)
    assert not any(map(is_organization_id, ("org_", "org_acme", "ORG_01KF0RDQG07ZWM063WSWS55XHK", "acme")))


def test_only_one_claimant_of_a_private_domain_decides() -> None:
    assert claimed_alone("acme.com", ["a"]) == "a"
    assert claimed_alone("acme.com", ["a", "b"]) is None
    assert claimed_alone("acme.com", []) is None
    assert claimed_alone("gmail.com", ["a"]) is None
