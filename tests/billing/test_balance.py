"""The rule of what is due on an invoice, by example and by property."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.billing.balance import Balance, Issued, Settlement, settle_invoice
from app.entities.invoice import FOREVER, InvoiceStatus
from tests.records import EPOCH

D1, D2, D3, D4 = (EPOCH + timedelta(days=n) for n in range(1, 5))
HUNDRED = Decimal(100)


def paid(amount: int, at: object = D2) -> Settlement:
    return Settlement(at, Decimal(amount), True)  # type: ignore[arg-type]  # an instant


def credited(amount: int) -> Settlement:
    return Settlement(D2, Decimal(amount), False)


def shown(balance: Balance) -> tuple[str, int, int]:
    """Status, due, excess."""
    return balance.status.value, int(balance.due), int(balance.excess)


def test_an_open_invoice_is_due_less_what_was_paid_and_credited() -> None:
    assert shown(settle_invoice(Issued(HUNDRED, D1), [paid(30), credited(20)], D4)) == ("OPEN", 50, 0)


def test_what_is_paid_over_the_total_is_credit_and_due_is_never_below_zero() -> None:
    assert shown(settle_invoice(Issued(HUNDRED, D1), [paid(130)], D4)) == ("PAID", 0, 30)
    assert shown(settle_invoice(Issued(HUNDRED, D1), [paid(100), credited(30)], D4)) == ("PAID", 0, 30)


def test_voiding_releases_the_payments_into_credit() -> None:
    """100 invoiced, 30 paid, voided: 0 outstanding, 30 credit."""
    assert shown(settle_invoice(Issued(HUNDRED, D1, voided_at=D3), [paid(30)], D4)) == ("VOID", 0, 30)


def test_a_credit_note_on_a_voided_invoice_is_no_money() -> None:
    assert shown(settle_invoice(Issued(HUNDRED, D1, voided_at=D3), [paid(30), credited(20)], D4)) == ("VOID", 0, 30)


def test_what_is_written_off_is_due_but_not_open() -> None:
    assert shown(settle_invoice(Issued(HUNDRED, D1, written_off_at=D3), [paid(30)], D4)) == ("UNCOLLECTIBLE", 70, 0)
    assert shown(settle_invoice(Issued(HUNDRED, D1, written_off_at=D3), [paid(100)], D4)) == ("PAID", 0, 0)


def test_a_draft_owes_nothing_and_an_invoice_of_nothing_is_paid() -> None:
    assert shown(settle_invoice(Issued(HUNDRED, None), [], D4)) == ("DRAFT", 0, 0)
    assert settle_invoice(Issued(HUNDRED, D2), [], D1).status is InvoiceStatus.DRAFT, "not issued yet"
    free = settle_invoice(Issued(Decimal(0), D1), [], D4)
    assert (free.status, free.open_until) == (InvoiceStatus.PAID, D1)


def test_an_invoice_was_open_until_the_first_thing_that_closed_it() -> None:
    assert settle_invoice(Issued(HUNDRED, D1), [paid(60, D2), paid(40, D3)], D4).open_until == D3
    assert settle_invoice(Issued(HUNDRED, D1), [paid(60, D2)], D4).open_until == FOREVER
    assert settle_invoice(Issued(HUNDRED, D1, voided_at=D3), [paid(60, D2)], D4).open_until == D3
    assert settle_invoice(Issued(HUNDRED, D2), [paid(100, D1)], D4).open_until == D2, "paid before it was issued"


days = st.integers(0, 10).map(lambda n: EPOCH + timedelta(days=n))
settlements = st.lists(st.builds(Settlement, days, st.decimals(1, 200, places=2), st.booleans()), max_size=6)
invoices = st.builds(Issued, st.decimals(0, 500, places=2), days, st.none() | days, st.none() | days)


@given(invoice=invoices, given=settlements, as_of=days)
def test_money_is_never_lost(invoice: Issued, given: list[Settlement], as_of: object) -> None:
    """What was paid is on the invoice or in credit, and the invoice is open exactly in its period."""
    balance = settle_invoice(invoice, given, as_of)  # type: ignore[arg-type]  # an instant
    assert balance.due >= 0
    assert balance.excess >= 0
    if balance.status in (InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.UNCOLLECTIBLE):
        assert invoice.total - balance.paid - balance.credited == balance.due - balance.excess
    else:
        assert balance.excess == balance.paid


@given(invoice=invoices, given=settlements, as_of=days)
def test_an_invoice_is_open_exactly_in_its_half_open_period(
    invoice: Issued, given: list[Settlement], as_of: object
) -> None:
    final = settle_invoice(invoice, given, EPOCH + timedelta(days=99))
    then = settle_invoice(invoice, given, as_of)  # type: ignore[arg-type]  # an instant
    assert invoice.issued_at is not None
    inside = invoice.issued_at <= as_of < final.open_until  # type: ignore[operator]  # instants
    assert inside == (then.status is InvoiceStatus.OPEN)


@given(invoice=invoices, given=settlements, data=st.data())
def test_the_order_of_recording_does_not_matter(invoice: Issued, given: list[Settlement], data: st.DataObject) -> None:
    late = EPOCH + timedelta(days=99)
    assert settle_invoice(invoice, given, late) == settle_invoice(invoice, data.draw(st.permutations(given)), late)
