"""Every kind of record that can be imported and exported, by name."""

from __future__ import annotations

from collections.abc import Callable

from app.billing.exporting import INVOICES
from app.billing.importing import InvoiceImporter
from app.credentials.exporting import CREDENTIALS
from app.credentials.importing import CredentialImporter
from app.organizations.exporting import ORGANIZATIONS
from app.organizations.importing import OrganizationImporter
from app.subscribers.exporting import SUBSCRIBERS
from app.subscribers.importing import SubscriberImporter
from app.transfer.exporting import Exporter
from app.transfer.importer import Importer

IMPORTERS: dict[str, Callable[[], Importer]] = {
    "organizations": OrganizationImporter,
    "subscribers": SubscriberImporter,
    "credentials": CredentialImporter,
    "invoices": InvoiceImporter,
}
"""In an order in which a customer's files can be imported. Each run has an importer of its own."""

EXPORTERS: dict[str, Exporter] = {
    "organizations": ORGANIZATIONS,
    "subscribers": SUBSCRIBERS,
    "credentials": CREDENTIALS,
    "invoices": INVOICES,
}
