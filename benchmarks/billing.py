"""The invoices and payments of the benchmarks' data: ten invoices an organization, and what was paid on each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import Decimal128

from app.entities.invoice import FOREVER, Invoice, Payment
from app.mongo.client import Doc
from benchmarks.data import EPOCH, Size, organization_id, template

FAR = datetime(2090, 1, 1, tzinfo=UTC)
"""When invoices fall due that are not overdue: later than anybody will run this."""

STATUSES = ("PAID", "PAID", "OPEN", "PAID", "OVERDUE", "PAID", "PAID", "OPEN", "PAID", "VOID")  # of ten invoices


def money(amount: Any) -> Doc:
    """An amount as it is stored."""
    return {"amount": amount, "currency": "USD"}


def invoices(size: Size) -> Iterator[Doc]:
    """Ten invoices an organization; what is open has a tenth of it paid."""
    amounts = {name: money(Decimal(0)) for name in ("total", "amountPaid", "amountCredited", "amountDue")}
    times = {"date": EPOCH, "dueAt": EPOCH, "issuedAt": EPOCH, "openUntil": EPOCH}
    common = template(Invoice, number="-", status="OPEN", currency="USD", organizationId="-", **amounts, **times)
    for n in range(size.organizations * len(STATUSES)):
        owner, place = divmod(n, len(STATUSES))
        tenth, date = 1_000 + n * 37 % 9_000, EPOCH + timedelta(days=30 * place)
        yield common | {
            "_id": f"inv_{n:07}",
            "number": f"INV-{n:07}",
            "organizationId": organization_id(owner),
            "date": date,
            "issuedAt": date,
            **standing(STATUSES[place], tenth, date),
        }


def standing(status: str, tenth: int, date: datetime) -> Doc:
    """Where an invoice over ten times `tenth` cents stands."""
    is_open, due_at = status in ("OPEN", "OVERDUE"), FAR if status == "OPEN" else date + timedelta(days=30)
    due, paid = (tenth * 9, tenth) if is_open else (0, 0 if status == "VOID" else tenth * 10)
    return {
        "status": "OPEN" if is_open else status,
        "dueAt": due_at,
        "voidedAt": date if status == "VOID" else None,
        "openUntil": FOREVER if is_open else date,
        "total": money(cents(tenth * 10)),
        "amountPaid": money(cents(paid)),
        "amountDue": money(cents(due)),
    }


def cents(amount: int) -> Decimal128:
    """An amount of the main unit, with two decimals."""
    return Decimal128(f"{amount // 100}.{amount % 100:02}")


def payments(size: Size) -> Iterator[Doc]:
    """What was paid on each invoice."""
    amount, own = money(Decimal(1)), {"currency": "USD", "organizationId": "-", "invoiceId": "-"}
    common = template(Payment, amount=amount, paidAt=EPOCH, **own)
    for each in invoices(size):
        if each["status"] != "VOID":
            yield common | {
                "_id": each["_id"].replace("inv", "pay"),
                "amount": each["amountPaid"],
                "paidAt": each["date"],
                "organizationId": each["organizationId"],
                "invoiceId": each["_id"],
            }
