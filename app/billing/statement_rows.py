"""What statements add up: one row for each organization and currency, read for many organizations in one command."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from app.billing.aging import BUCKETS, bucket
from app.billing.balance import ZERO, Balance, Issued, Settlement, settle
from app.entities.invoice import InvoiceStatus
from app.graph.edges import LIVE
from app.mongo.client import Doc, Store
from app.mongo.reads import aggregate

Edges = Mapping[str, tuple[datetime, ...]]
"""Time zone → the instants between the aging buckets, latest first."""


@dataclass(slots=True)
class Row:
    """What one organization's own documents in one currency come to.

    `ages` and `overdue` are by time zone, `ages` in the order of the buckets; `charged_to` is what others pay of its
    usage, by payer.
    """

    organization_id: str
    currency: str
    open_invoices: int = 0
    due: Decimal = ZERO
    written_off: Decimal = ZERO
    credit: Decimal = ZERO
    last_payment_at: datetime | None = None
    overdue: dict[str, Decimal] = field(default_factory=dict)
    ages: dict[str, list[Decimal]] = field(default_factory=dict)
    charged_to: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a statement is asked for, besides what is outstanding: each costs something."""

    aging: bool = True
    written_off: bool = True
    credit: bool = True
    payments: bool = True
    charges: bool = True

    @classmethod
    def of(cls, fields: Iterable[str] | None) -> Parts:
        """The parts that make these stored fields of a statement; all of them for None."""
        if fields is None:
            return cls()
        asked = set(fields)
        credit = "creditBalance" in asked
        return cls(
            aging="aging" in asked,
            written_off="writtenOff" in asked,
            credit=credit,
            payments=credit or "lastPaymentAt" in asked,
            charges="chargedToPayer" in asked,
        )


class Rows(defaultdict[tuple[str, str], Row]):
    """Rows by (organization id, currency)."""

    def __missing__(self, key: tuple[str, str]) -> Row:
        made = self[key] = Row(*key)
        return made


async def rows_now(store: Store, ids: Sequence[str], now: datetime, edges: Edges, parts: Parts) -> list[Row]:
    """As things stand: the database adds up what stands on the documents.

    What was issued is never deleted but voided, so an open invoice is live, and the sums come from the index alone.
    """
    zones = list(edges)
    status: object = {"$in": ["OPEN", "UNCOLLECTIBLE"]} if parts.written_off else "OPEN"
    sums = invoice_sums([edges[zone] for zone in zones], parts)
    pipeline = [
        {"$match": {"organizationId": {"$in": ids}, "status": status}},
        {"$group": {"_id": {"o": "$organizationId", "c": "$currency"}, **sums}},
        *([{"$unionWith": {"coll": "invoices", "pipeline": excesses(ids)}}] if parts.credit else []),
        *unions(ids, now, parts),
    ]
    rows = Rows()
    for reply in await aggregate(store, "invoices", pipeline):
        row = rows[reply["_id"]["o"], reply["_id"]["c"]]
        row.open_invoices += reply.get("open", 0)
        row.due += reply.get("due", ZERO)
        row.written_off += reply.get("writtenOff", ZERO)
        add_money(row, reply)
        for n, zone in enumerate(zones if "open" in reply else ()):
            row.overdue[zone] = reply[f"z{n}o"]
            if parts.aging:
                row.ages[zone] = [reply[f"z{n}b{b}"] for b in range(len(BUCKETS))]
    return list(rows.values())


def invoice_sums(edges: Sequence[tuple[datetime, ...]], parts: Parts) -> Doc:
    """Accumulators over open invoices, and those written off.

    `z0o` is what is overdue in the first time zone (due today is not), `z0b1` its second bucket.
    """
    due = "$amountDue.amount"
    is_open = [{"$eq": ["$status", "OPEN"]}] if parts.written_off else []  # else none but open ones come here

    def sum_if(*conditions: Doc) -> Doc:
        return {"$sum": {"$cond": [{"$and": list(conditions)}, due, ZERO]} if conditions else due}

    sums: Doc = {
        "open": {"$sum": {"$cond": [{"$and": is_open}, 1, 0]} if is_open else 1},
        "due": sum_if(*is_open),
    }
    if parts.written_off:
        sums["writtenOff"] = sum_if({"$eq": ["$status", "UNCOLLECTIBLE"]})
    for n, zone in enumerate(edges):
        sums[f"z{n}o"] = sum_if(*is_open, {"$lt": ["$dueAt", zone[0]]})
        for b in range(len(BUCKETS) if parts.aging else 0):
            later = [{"$gte": ["$dueAt", zone[b]]}] if b < len(zone) else []
            earlier = [{"$lt": ["$dueAt", zone[b - 1]]}] if b else []
            sums[f"z{n}b{b}"] = sum_if(*is_open, *later, *earlier)
    return sums


def excesses(ids: Sequence[str]) -> list[Doc]:
    """What was paid or credited over what was due, by organization and currency."""
    return [
        {"$match": {"organizationId": {"$in": ids}, "excess": {"$gt": ZERO}, **LIVE}},
        {"$group": {"_id": {"o": "$organizationId", "c": "$currency"}, "credit": {"$sum": "$excess"}}},
    ]


def unions(ids: Sequence[str], as_of: datetime, parts: Parts) -> list[Doc]:
    """Payments, and lines that others pay: the same now and as of an earlier instant."""
    wanted = [("payments", payments(ids, as_of))] if parts.payments else []
    wanted += [("invoiceLines", charges(ids, as_of))] if parts.charges else []
    return [{"$unionWith": {"coll": name, "pipeline": pipeline}} for name, pipeline in wanted]


def payments(ids: Sequence[str], as_of: datetime) -> list[Doc]:
    """When each organization last paid in each currency, and what it paid in advance."""
    return [
        {"$match": {"organizationId": {"$in": ids}, "paidAt": {"$lte": as_of}, **LIVE}},
        {
            "$group": {
                "_id": {"o": "$organizationId", "c": "$currency"},
                "last": {"$max": "$paidAt"},
                "credit": {"$sum": {"$cond": [{"$eq": ["$invoiceId", None]}, "$amount.amount", ZERO]}},
            }
        },
    ]


def charges(ids: Sequence[str], as_of: datetime) -> list[Doc]:
    """What others are charged for each organization's usage, by currency and payer."""
    issued: Doc = {"issuedAt": {"$lte": as_of}, "$or": [{"voidedAt": None}, {"voidedAt": {"$gt": as_of}}]}
    return [
        {"$match": {"organizationId": {"$in": ids}, "chargedElsewhere": True, **LIVE}},
        {
            "$lookup": {
                "from": "invoices",
                "localField": "invoiceId",
                "foreignField": "_id",
                "pipeline": [{"$match": issued}, {"$project": {"_id": 1}}],
                "as": "issued",
            }
        },
        {"$match": {"issued": {"$ne": []}}},
        {
            "$group": {
                "_id": {"o": "$organizationId", "c": "$amount.currency", "p": "$payerId"},
                "charged": {"$sum": "$amount.amount"},
            }
        },
    ]


def add_money(row: Row, reply: Doc) -> None:
    """Count what `excesses` and `unions` found."""
    row.credit += reply.get("credit", ZERO)
    row.last_payment_at = reply.get("last") or row.last_payment_at
    if "charged" in reply:
        payer = reply["_id"]["p"]
        row.charged_to[payer] = row.charged_to.get(payer, ZERO) + reply["charged"]


async def rows_at(store: Store, ids: Sequence[str], as_of: datetime, edges: Edges) -> list[Row]:
    """As things stood at `as_of`: each invoice issued by then is settled again. It reads the whole history of `ids`."""
    replies = await aggregate(
        store,
        "invoices",
        [
            {"$match": {"organizationId": {"$in": ids}, "issuedAt": {"$lte": as_of}, **LIVE}},
            settled_by("payments", "paidAt", as_of),
            settled_by("creditNotes", "creditedAt", as_of),
            {"$unionWith": {"coll": "payments", "pipeline": prepaid(ids, as_of)}},
            *unions(ids, as_of, Parts()),
        ],
    )
    rows = Rows()
    for reply in replies:
        if "total" in reply:
            balance = balance_at(reply, as_of)
            if balance.due or balance.excess:  # what is settled to the cent leaves no row, as it does now
                add_invoice(rows[reply["organizationId"], reply["currency"]], balance, reply["dueAt"], edges)
        else:
            add_money(rows[reply["_id"]["o"], reply["_id"]["c"]], reply)
    return list(rows.values())


def settled_by(collection: str, at: str, as_of: datetime) -> Doc:
    """The payments or credit notes on an invoice that had taken effect."""
    return {
        "$lookup": {
            "from": collection,
            "localField": "_id",
            "foreignField": "invoiceId",
            "pipeline": [
                {"$match": {at: {"$lte": as_of}, **LIVE}},
                {"$project": {"at": f"${at}", "amount": "$amount.amount"}},
            ],
            "as": collection,
        }
    }


def prepaid(ids: Sequence[str], as_of: datetime) -> list[Doc]:
    """Payments on invoices that had not been issued yet: credit, until they were."""
    return [
        {"$match": {"organizationId": {"$in": ids}, "paidAt": {"$lte": as_of}, "invoiceId": {"$ne": None}, **LIVE}},
        {"$lookup": {"from": "invoices", "localField": "invoiceId", "foreignField": "_id", "as": "invoice"}},
        {"$match": {"invoice.issuedAt": {"$not": {"$lte": as_of}}}},
        {"$group": {"_id": {"o": "$organizationId", "c": "$currency"}, "credit": {"$sum": "$amount.amount"}}},
    ]


def balance_at(doc: Doc, as_of: datetime) -> Balance:
    """Settle one invoice again, with its payments and credit notes."""
    return settle(
        Issued(doc["total"]["amount"], doc["issuedAt"], doc["voidedAt"], doc["writtenOffAt"]),
        [
            *(Settlement(each["at"], each["amount"], True) for each in doc["payments"]),
            *(Settlement(each["at"], each["amount"], False) for each in doc["creditNotes"]),
        ],
        as_of,
    )


def add_invoice(row: Row, balance: Balance, due_at: datetime, edges: Edges) -> None:
    """Count one invoice."""
    row.credit += balance.excess
    if balance.status is InvoiceStatus.UNCOLLECTIBLE:
        row.written_off += balance.due
    if balance.status is not InvoiceStatus.OPEN:
        return
    row.open_invoices += 1
    row.due += balance.due
    for zone, between in edges.items():
        if due_at < between[0]:
            row.overdue[zone] = row.overdue.get(zone, ZERO) + balance.due
        ages = row.ages.setdefault(zone, [ZERO] * len(BUCKETS))
        ages[BUCKETS.index(bucket(due_at, between))] += balance.due
