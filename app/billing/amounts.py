"""Amounts of money on invoices: exact, and as fine as their currency is. Pure rules; nothing is ever rounded."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, Inexact, InvalidOperation
from functools import reduce

from app.entities.codes import minor_units
from app.entities.measures import EXACT, LARGEST
from app.entities.texts import Invalid

ZERO = Decimal(0)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount there is in a currency: 0.01 for USD."""
    return Decimal(1).scaleb(-minor_units(currency))


def in_minor_units(amount: Decimal, currency: str) -> Decimal:
    """The amount, shown to the currency's last digit: 5 becomes 5.00 in USD. Finer ones are refused."""
    try:
        return EXACT.quantize(amount, minor_unit(currency))
    except (Inexact, InvalidOperation):
        digits = minor_units(currency)
        raise Invalid("TOO_PRECISE", f"{amount:f} is no amount in {currency}, which has {digits} decimals.") from None


def line_amount(quantity: Decimal, unit_price: Decimal, stated: Decimal | None, currency: str) -> Decimal:
    """What a line bills: quantity times unit price, exactly; or as it was rounded when the invoice was made."""
    try:
        exact = EXACT.multiply(quantity, unit_price)
    except Inexact:
        raise Invalid("TOO_PRECISE", f"{quantity:f} × {unit_price:f} has more than 34 digits.") from None
    if stated is None:
        return exact
    if (exact - stated).copy_abs() >= minor_unit(currency):
        raise Invalid("AMOUNT_MISMATCH", f"It is not {quantity:f} × {unit_price:f} = {exact:f}, rounded.")
    return in_minor_units(stated, currency)


def total_of(amounts: Iterable[Decimal], currency: str) -> Decimal:
    """What lines come to. Raises Invalid where that is no amount that can be asked for."""
    try:
        total = reduce(EXACT.add, amounts, ZERO)
    except Inexact:
        raise Invalid("TOO_PRECISE", "The lines come to more than 34 digits.") from None
    if total < 0 or total >= LARGEST:
        raise Invalid("INVALID_TOTAL", f"The lines come to {total:f} {currency}, which no invoice is for.")
    return in_minor_units(total, currency)
