"""The balance and status of an invoice at an instant. Pure rules over amounts and times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.entities.invoice import FOREVER, InvoiceStatus

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payment or credit note on an invoice: its amount, and when it took effect."""

    at: datetime
    amount: Decimal
    is_payment: bool


@dataclass(frozen=True, slots=True)
class Issued:
    """An invoice without its payments: its total, and when it was issued, voided or written off."""

    total: Decimal
    issued_at: datetime | None
    voided_at: datetime | None = None
    written_off_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of an invoice. `excess` is credit of its payer. It was open from `issued_at` to `open_until`."""

    status: InvoiceStatus
    paid: Decimal
    credited: Decimal
    due: Decimal
    excess: Decimal
    open_until: datetime


def settle_invoice(invoice: Issued, settlements: Iterable[Settlement], as_of: datetime) -> Balance:
    """The balance of an invoice at `as_of`, by the times at which its payments and credit notes took effect.

    The amount due is the total less payments and credits, never below zero; the rest of them is excess. Voiding turns
    all payments into excess. An invoice of zero is paid from the start.
    """
    known = sorted((each for each in settlements if each.at <= as_of), key=lambda each: each.at)
    paid = sum((each.amount for each in known if each.is_payment), ZERO)
    credited = sum((each.amount for each in known if not each.is_payment), ZERO)
    if invoice.issued_at is None or invoice.issued_at > as_of:
        return Balance(InvoiceStatus.DRAFT, paid, credited, ZERO, paid, FOREVER)
    voided, written_off = past(invoice.voided_at, as_of), past(invoice.written_off_at, as_of)
    open_until = min(voided or FOREVER, written_off or FOREVER, settled_at(invoice, invoice.issued_at, known))
    if voided:
        return Balance(InvoiceStatus.VOID, paid, credited, ZERO, paid, open_until)
    rest = invoice.total - paid - credited
    status = InvoiceStatus.PAID if rest <= 0 else InvoiceStatus.UNCOLLECTIBLE if written_off else InvoiceStatus.OPEN
    return Balance(status, paid, credited, max(rest, ZERO), max(-rest, ZERO), open_until)


def past(at: datetime | None, as_of: datetime) -> datetime | None:
    """The instant if it is not after `as_of`, else None."""
    return at if at is not None and at <= as_of else None


def settled_at(invoice: Issued, issued_at: datetime, known: Iterable[Settlement]) -> datetime:
    """When the invoice was settled in full; FOREVER if it is not. `known` is in order of time."""
    rest = invoice.total
    if rest <= 0:
        return issued_at
    for each in known:
        rest -= each.amount
        if rest <= 0:
            return max(each.at, issued_at)
    return FOREVER
