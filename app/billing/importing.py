"""Invoices from files, with their lines, payments and credit notes: each is stored whole, or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from app.billing import invoice_records as records
from app.billing.invoice_columns import COLUMNS
from app.billing.invoice_parts import NAMED, Part, credit_note, id_of, line, payment, total
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.invoice import CreditNote, Invoice, InvoiceLine, Payment
from app.errors import Problem
from app.graph.record import Record
from app.mongo.client import Doc
from app.organizations.importing import NAMED_BY
from app.organizations.unclassified import NO_CUSTOMER
from app.transfer.chunk import Chunk
from app.transfer.columns import ParsedRow
from app.transfer.csv_records import find_separated, group_rows, refuse_separated
from app.transfer.importer import CreatedRecord, Importer, ImportPlan
from app.transfer.references import ColumnReference, collect_keys
from app.transfer.rows import Format, RawRow

PAYER = ColumnReference("organization_external_id", "customer", NAMED_BY, "UNKNOWN_ORGANIZATION", "organization")
NUMBER = ColumnReference("number", "invoiceNumber", ("number",), "UNKNOWN_INVOICE", "invoice")
PARTS: Mapping[str, tuple[type[Record], tuple[str, ...], Callable[[Part], Doc]]] = {
    "lines": (InvoiceLine, records.LINE_FIELDS, line),
    "payments": (Payment, records.PAYMENT_FIELDS, payment),
    "credit_notes": (CreditNote, records.CREDIT_NOTE_FIELDS, credit_note),
}
"""Column → the record that each of its objects becomes, what a file says of one, and how it is resolved."""


class InvoiceImporter(Importer):
    """Invoices that were issued. Where each stands follows from its payments, credit notes and dates."""

    kind = "invoices"
    record_name = "invoice"
    columns = COLUMNS
    key = "number"

    def __init__(self) -> None:
        self.terms: Mapping[str | None, int] = {}
        self.parts: Mapping[str, Doc] = {}
        self.separated: Mapping[str, Sequence[int]] = {}

    def group_csv_rows(self, rows: Iterator[RawRow]) -> Iterator[RawRow]:
        return (
            refuse_separated(row, self.key, self.separated, self.record_name)
            for row in group_rows(rows, COLUMNS, self.key)
        )

    def make_plan(self, rows: Callable[[], Iterable[RawRow]], row_format: Format) -> ImportPlan:
        """One reading of a CSV file for the invoices whose rows stand apart."""
        self.separated = find_separated(rows(), self.key) if row_format is Format.CSV else {}
        return ImportPlan()

    async def prefetch(self, parsed_rows: Sequence[ParsedRow], chunk: Chunk) -> None:
        """What the rows name and whose it is, the payment terms, and the parts of the invoices that are there."""
        rows = [parsed.values for parsed in parsed_rows]
        inner = [each for row in rows for name in PARTS for each in row.get(name, ())]
        keys = collect_keys(NAMED, inner)
        for namespace, more in collect_keys([PAYER, NUMBER], rows).items():
            keys[namespace] |= more
        await chunk.look_up(keys)
        await chunk.fetch([doc.get("organizationId") for doc in chunk.records.values()])
        self.terms = await terms(chunk, {doc.get("billingProfileId") for doc in chunk.records.values()})
        self.parts = await parts(chunk, [each for each in chunk.records if each.startswith(f"{Invoice.prefix}_")])

    def find_existing(self, parsed: ParsedRow, chunk: Chunk) -> Doc | None:
        found = chunk.found("invoiceNumber", parsed.values.get("number", ""), ("number",))
        return found and found | self.parts.get(found["_id"], {})

    def resolve_references(self, parsed: ParsedRow, chunk: Chunk, problems: list[Problem]) -> Doc:
        row = parsed.values
        problems += records.time_problems(row, chunk.now)
        payer = PAYER.find_record(row, chunk, problems)
        if payer and payer["_id"] == UNCLASSIFIED_ID:
            problems.append(Problem("UNCLASSIFIED_FIXED", (PAYER.column,), NO_CUSTOMER))
        currency = row.get("currency") or (payer["currency"] if payer else None)
        said = row | {"organization_external_id": id_of(payer)}
        for name, (_, _, resolved) in PARTS.items():
            if name in row:
                said[name] = [
                    resolved(Part(each, (name, str(number)), payer, currency, chunk, problems))
                    for number, each in enumerate(row[name])
                ]
        return said | {"total": total(said.get("lines", []), currency, problems)}

    async def create(self, parsed: ParsedRow, said: Doc, chunk: Chunk, problems: list[Problem]) -> CreatedRecord | None:
        problems += taken(said, chunk)
        if problems:
            return None
        payer = chunk.records[said["organization_external_id"]]
        stamps = records.Stamps(payer, said.get("currency") or payer["currency"], said["issued_at"], chunk.now)
        said = said | {"due_at": said.get("due_at") or self.due(said, payer)}
        made = records.invoice_record(chunk.ids.new(Invoice), said, stamps)
        chunk.add(made, [("invoiceNumber", said["number"], "number")])
        add_parts(made.id, said, stamps, chunk)
        return CreatedRecord(made.id, warnings(said))

    def due(self, said: Doc, payer: Doc) -> datetime:
        """When it is due by the terms of the payer's billing profile, else the default one's."""
        days = self.terms.get(payer.get("billingProfileId"), self.terms[None])
        return records.due_date(said["issued_at"], days, payer["timezone"])


def warnings(said: Doc) -> list[Problem]:
    """What is allowed and should be known."""
    message = "The total of its lines is zero, so it is paid from the start: check the lines."
    return [] if said["total"] else [Problem("NOTHING_BILLED", ("lines",), message)]


def taken(said: Doc, chunk: Chunk) -> list[Problem]:
    """A problem for each number that another record has, or that the invoice gives twice."""
    problems, seen = [], set()
    if owner := chunk.owner("invoiceNumber", said.get("number", "")):
        problems.append(
            Problem("TAKEN", ("number",), f"The invoice {owner.record_id} has this number already: give another one.")
        )
    for number, note in enumerate(said.get("credit_notes", ())):
        if note["number"] is None:
            continue  # it lacks one, which is a problem already
        if note["number"] in seen or chunk.owner("creditNoteNumber", note["number"]):
            path = ("credit_notes", str(number), "credit_note_number")
            problems.append(
                Problem("TAKEN", path, f"{note['number']!r} is another credit note's number: give one of its own.")
            )
        seen.add(note["number"])
    return problems


def add_parts(invoice_id: str, said: Doc, stamps: records.Stamps, chunk: Chunk) -> None:
    """Add the lines, payments and credit notes, in their order, and what they point at."""
    chunk.lock_references(stamps.payer["_id"])
    for each in said["lines"]:
        chunk.add(records.line_record(chunk.ids.new(InvoiceLine), invoice_id, each, stamps))
        chunk.lock_references(
            *(each[name] for name in ("organizationId", "subscriptionId", "subscriberId", "credentialId"))
        )
    for each in said.get("payments", ()):
        chunk.add(records.payment_record(chunk.ids.new(Payment), invoice_id, each, stamps))
    for each in said.get("credit_notes", ()):
        made = records.credit_note_record(chunk.ids.new(CreditNote), invoice_id, each, stamps)
        chunk.add(made, [("creditNoteNumber", made.number, "number")])


async def terms(chunk: Chunk, pinned: set[str | None]) -> dict[str | None, int]:
    """Billing profile → payment term in days; of the default one by None. One read."""
    asked: Doc = {"$or": [{"isDefault": True}, {"_id": {"$in": sorted(each for each in pinned if each)}}]}
    found = await chunk.find("billingProfiles", asked | {"deletedAt": None}, {"isDefault": 1, "paymentTermDays": 1})
    days: dict[str | None, int] = {doc["_id"]: doc["paymentTermDays"] for doc in found}
    return days | {None: next(doc["paymentTermDays"] for doc in found if doc.get("isDefault"))}


async def parts(chunk: Chunk, invoice_ids: Sequence[str]) -> dict[str, Doc]:
    """Invoice id → its lines, payments and credit notes as a file says them; one read each, none if there is none."""
    found: dict[str, Doc] = defaultdict(dict)
    for name, (record, fields, _) in PARTS.items() if invoice_ids else ():
        of: dict[str, list[Doc]] = defaultdict(list)
        for doc in await chunk.find(record.collection, {"invoiceId": {"$in": list(invoice_ids)}, "deletedAt": None}):
            of[doc["invoiceId"]].append(doc)
        for each in invoice_ids:
            found[each][name] = records.as_said(of[each], fields)
    return found
