"""The records that one imported invoice comes to, and what a stored one says. Pure rules over what is resolved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.billing.amounts import normal
from app.billing.balance import Balance, Issued, Settlement, settle_invoice
from app.entities.invoice import CreditNote, Invoice, InvoiceLine, Payment
from app.errors import Problem
from app.graph.scalars import show_instant
from app.mongo.client import Doc

LINE_FIELDS = (
    *("description", "quantity", "unitPrice", "amount", "periodStart", "periodEnd"),
    *("organizationId", "subscriptionId", "subscriberId", "credentialId"),
)
PAYMENT_FIELDS = ("amount", "paidAt", "reference")
CREDIT_NOTE_FIELDS = ("amount", "creditedAt", "number", "reason")


@dataclass(frozen=True, slots=True)
class Stamps:
    """What every record of one invoice shares."""

    payer: Doc
    currency: str
    issued_at: datetime
    now: datetime

    def fields(self, record_id: str) -> Doc:
        """The id, and when it was recorded."""
        return {"_id": record_id, "createdAt": self.now, "updatedAt": self.now}

    def money(self, amount: Decimal) -> Doc:
        """An amount in the invoice's currency, as it is stored."""
        return {"amount": normal(amount, self.currency), "currency": self.currency}


def due_date(issued_at: datetime, days: int, timezone: str) -> datetime:
    """So many days after issue, at the same time of the day in the payer's time zone."""
    zone = ZoneInfo(timezone)
    return (issued_at.astimezone(zone) + timedelta(days=days)).astimezone(issued_at.tzinfo)


def balance_of(said: Doc, now: datetime) -> Balance:
    """Where the invoice stands, by the one rule."""
    issued = Issued(said["total"], said["issued_at"], said.get("voided_at"), said.get("written_off_at"))
    paid = [Settlement(each["paidAt"], each["amount"], True) for each in said.get("payments", ())]
    credited = [Settlement(each["creditedAt"], each["amount"], False) for each in said.get("credit_notes", ())]
    return settle_invoice(issued, [*paid, *credited], now)


def invoice_record(new_id: str, said: Doc, stamps: Stamps) -> Invoice:
    """The invoice itself; `said` has its total and due date."""
    balance = balance_of(said, stamps.now)
    return Invoice.model_validate(
        {
            **stamps.fields(new_id),
            "number": said["number"],
            "status": balance.status,
            "currency": stamps.currency,
            "date": stamps.issued_at,
            "issuedAt": stamps.issued_at,
            "dueAt": said["due_at"],
            "voidedAt": said.get("voided_at"),
            "writtenOffAt": said.get("written_off_at"),
            "billedTo": billed_to(stamps.payer),
            "total": stamps.money(said["total"]),
            "amountPaid": stamps.money(balance.paid),
            "amountCredited": stamps.money(balance.credited),
            "amountDue": stamps.money(balance.due),
            "organizationId": stamps.payer["_id"],
            "excess": normal(balance.excess, stamps.currency),
            "openUntil": balance.open_until,
        }
    )


def billed_to(payer: Doc) -> Doc:
    """The payer's name, and all that it says of how it is billed, as they are."""
    return {**(payer.get("billing") or {}), "name": payer["name"]}


def line_record(new_id: str, invoice_id: str, line: Doc, stamps: Stamps) -> InvoiceLine:
    """A line: who pays it and whose usage it bills."""
    payer_id = stamps.payer["_id"]
    amounts = {"unitPrice": stamps.money(line["unitPrice"]), "amount": stamps.money(line["amount"])}
    place = {"invoiceId": invoice_id, "payerId": payer_id, "date": stamps.issued_at}
    elsewhere = {"chargedElsewhere": line["organizationId"] != payer_id}
    return InvoiceLine.model_validate({**line, **amounts, **place, **elsewhere, **stamps.fields(new_id)})


def payment_record(new_id: str, invoice_id: str, payment: Doc, stamps: Stamps) -> Payment:
    """A payment on the invoice."""
    place = {"invoiceId": invoice_id, "organizationId": stamps.payer["_id"], "currency": stamps.currency}
    return Payment.model_validate(
        {**payment, "amount": stamps.money(payment["amount"]), **place, **stamps.fields(new_id)}
    )


def credit_note_record(new_id: str, invoice_id: str, note: Doc, stamps: Stamps) -> CreditNote:
    """A credit note on the invoice."""
    place = {"invoiceId": invoice_id, "organizationId": stamps.payer["_id"], "currency": stamps.currency}
    return CreditNote.model_validate({**note, "amount": stamps.money(note["amount"]), **place, **stamps.fields(new_id)})


def as_said(documents: Sequence[Doc], fields: Sequence[str]) -> list[Doc]:
    """Stored lines, payments or credit notes as a file says them, in the order they were made."""
    ordered = sorted(documents, key=lambda each: each["_id"])
    return [{name: plain(doc.get(name)) for name in fields} for doc in ordered]


def plain(value: object) -> object:
    """The amount of a Money, and everything else as it is."""
    return value["amount"] if isinstance(value, dict) else value


def time_problems(row: Doc, now: datetime) -> Iterator[Problem]:
    """Times that cannot be: in the future, or before the invoice was issued."""
    issued_at = row.get("issued_at")
    for path, at in times(row):
        if at > now and path[-1] != "due_at":
            yield Problem("IN_FUTURE", path, f"{show_instant(at)} has not come yet.")
        if path[-1] in ("due_at", "voided_at", "written_off_at") and issued_at and at < issued_at:
            message = f"{show_instant(at)} is before the invoice was issued, at {show_instant(issued_at)}."
            yield Problem("BEFORE_ISSUE", path, message)
    for number, line in enumerate(row.get("lines", ())):
        start, end = line.get("period_start"), line.get("period_end")
        if start and end and end <= start:
            yield Problem("INVALID_PERIOD", ("lines", str(number), "period_end"), "The period ends before it starts.")


def times(row: Doc) -> Iterator[tuple[tuple[str, ...], datetime]]:
    """The times that an invoice and what was settled on it bear, where they stand."""
    for name in ("issued_at", "due_at", "voided_at", "written_off_at"):
        if row.get(name):
            yield (name,), row[name]
    for nested, name in (("payments", "paid_at"), ("credit_notes", "credited_at")):
        for number, each in enumerate(row.get(nested, ())):
            if name in each:
                yield (nested, str(number), name), each[name]
