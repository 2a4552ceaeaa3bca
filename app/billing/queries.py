"""The root fields that lead to invoices, payments and credit notes."""

from __future__ import annotations

from app.billing.previews import OrganizationPreviews
from app.graph.roots import find, page


class BillingQueries(OrganizationPreviews):
    """The root fields that lead to invoices, payments and credit notes."""

    invoice = find("Invoice", doc="One invoice, by its id or number.")
    invoices = page("Invoice", doc="All invoices.")
    payment = find("Payment", doc="One payment, by its id or reference.")
    payments = page("Payment", doc="All payments.")
    credit_note = find("CreditNote", doc="One credit note, by its id or number.")
    credit_notes = page("CreditNote", doc="All credit notes.")
