"""Amounts of money on invoices: exact, and as fine as their currency is. Pure rules; nothing is ever rounded.

One amount is written in one way (`normal`), whatever arithmetic made it: with the decimals that its currency has, and
with more of them only where its value needs them. 37 and 37.000000 dollars are 37.00; 0.000002 of one stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, Inexact, InvalidOperation
from functools import cache, reduce

from app.entities.codes import minor_units
from app.entities.measures import EXACT, LARGEST
from app.entities.texts import Invalid

ZERO = Decimal(0)


@cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount there is in a currency: 0.01 for USD."""
    return Decimal(1).scaleb(-minor_units(currency))


def normal(amount: Decimal, currency: str) -> Decimal:
    """The same value, with the currency's decimals at least and no zeros behind those; no exponent, no minus zero."""
    if amount.same_quantum(minor_unit(currency)):
        return amount or amount.copy_abs()
    whole, _, fraction = f"{amount:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(minor_units(currency), "0")
    found = Decimal(f"{whole}.{fraction}")
    return found if found else found.copy_abs()


def in_minor_units(amount: Decimal, currency: str) -> Decimal:
    """The amount, shown to the currency's last digit: 5 becomes 5.00 in USD. Finer ones are refused."""
    try:
        return EXACT.quantize(amount, minor_unit(currency))
    except (Inexact, InvalidOperation):
        digits = minor_units(currency)
        raise Invalid(
            "TOO_PRECISE", f"{amount:f} is not an amount in {currency}, which has {digits} decimals."
        ) from None


def line_amount(quantity: Decimal, unit_price: Decimal, stated: Decimal | None, currency: str) -> Decimal:
    """What a line bills: quantity times unit price, exactly; or as it was rounded when the invoice was made."""
    try:
        exact = EXACT.multiply(quantity, unit_price)
    except Inexact:
        raise Invalid("TOO_PRECISE", f"{quantity:f} × {unit_price:f} has more than 34 digits.") from None
    if stated is None:
        return EXACT.create_decimal(normal(exact, currency))
    if (exact - stated).copy_abs() >= minor_unit(currency):
        raise Invalid("AMOUNT_MISMATCH", f"It is not {quantity:f} × {unit_price:f} = {exact:f}, rounded.")
    return in_minor_units(stated, currency)


def total_of(amounts: Iterable[Decimal], currency: str) -> Decimal:
    """The total of the lines. Raises Invalid if it cannot be invoiced."""
    try:
        total = reduce(EXACT.add, amounts, ZERO)
    except Inexact:
        raise Invalid("TOO_PRECISE", "The total of the lines has more than 34 digits.") from None
    check_total(total, currency)
    return in_minor_units(total, currency)


def check_total(total: Decimal, currency: str) -> None:
    """Raise Invalid if a total is below zero or too large for an invoice."""
    if total < 0:
        what = f"The total of the lines is {normal(total, currency):f} {currency}, less than zero."
        raise Invalid("INVALID_TOTAL", f"{what} Use a credit note on the original invoice to give an amount back.")
    if total >= LARGEST:
        what = f"The total of the lines is {normal(total, currency):f} {currency}."
        raise Invalid("INVALID_TOTAL", f"{what} It must be less than {LARGEST:,}.")
