"""Invoices as an export writes them, with their lines, payments and credit notes. Drafts have no number yet."""

from __future__ import annotations

from collections import defaultdict

from app.billing.importing import PARTS
from app.billing.invoice_columns import COLUMNS
from app.billing.invoice_records import as_said
from app.entities.invoice import Invoice
from app.mongo.client import Doc, Store
from app.transfer.exporting import LIVE, Exporter

PAGE_SIZE = 100  # invoices, of any number of lines


async def with_parts(store: Store, docs: list[Doc]) -> list[Doc]:
    """Invoices, and what stands on them: one read for each sort of it."""
    ids = [each["_id"] for each in docs]
    parts: dict[str, Doc] = {each: {} for each in ids}
    for name, (record, fields, _) in PARTS.items():
        of: dict[str, list[Doc]] = defaultdict(list)
        for doc in await store[record.collection].find({"invoiceId": {"$in": ids}, **LIVE}).to_list():
            of[doc["invoiceId"]].append(doc)
        for each in ids:
            parts[each][name] = as_said(of[each], fields)
    return [each | parts[each["_id"]] for each in docs]


INVOICES = Exporter(COLUMNS, Invoice, order_key="number", complete=with_parts, page_size=PAGE_SIZE)
