"""What the room of invoices, payments and statements brings."""

from __future__ import annotations

from app.billing import statements
from app.billing.exporting import INVOICES
from app.billing.importing import InvoiceImporter
from app.billing.organization_hook import MoneyHook
from app.billing.queries import BillingQueries
from app.entities.invoice import CreditNote, Invoice, InvoiceLine, Payment
from app.entities.organization import Organization
from app.entities.statement import Statement
from app.room import Room

ROOM = Room(
    records=(Invoice, InvoiceLine, Payment, CreditNote, Statement),
    queries=BillingQueries,
    computed_edges={
        "Organization.statements": statements.of_organizations,
        "Organization.statement": statements.of_organization,
        "Credential.statement": statements.of_credentials,
        "Statement.id": statements.by_id,
    },
    importers={"invoices": InvoiceImporter},
    exporters={"invoices": INVOICES},
    owner_hooks=((Organization, MoneyHook()),),
)
