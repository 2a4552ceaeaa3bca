"""Every kind of record that can be imported, by name."""

from __future__ import annotations

from collections.abc import Callable

from app.billing.importing import InvoiceImporter
from app.credentials.importing import CredentialImporter
from app.onboarding.importer import Importer
from app.organizations.importing import OrganizationImporter
from app.subscribers.importing import SubscriberImporter

IMPORTERS: dict[str, Callable[[], Importer]] = {
    "organizations": OrganizationImporter,
    "subscribers": SubscriberImporter,
    "credentials": CredentialImporter,
    "invoices": InvoiceImporter,
}
"""In an order in which a customer's files can be imported. Each run has an importer of its own."""
