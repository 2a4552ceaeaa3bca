"""Subscribers from files: what a row may say."""

from __future__ import annotations

from app.organizations.importing import ORGANIZATION_KEY
from app.subscribers.rules import SubscriberRules
from app.transfer.columns import Column, ReferenceTo
from app.transfer.record_columns import KNOWN_AGAIN, ColumnsOf
from app.transfer.record_importer import RecordImporter
from app.transfer.references import customer

OF = ColumnsOf(SubscriberRules)
COLUMNS: tuple[Column, ...] = (
    OF.field("email", note=KNOWN_AGAIN),
    OF.field("first_name"),
    OF.field("last_name"),
    OF.field(
        "subscriber_id", export_value=lambda doc: doc["subscriberId"] if doc["subscriberId"] != doc["_id"] else None
    ),
    OF.reference(
        "organization_external_id",
        "Its organization, by external id, alias or id. If empty: the one that alone claims the e-mail's domain, else "
        "UNCLASSIFIED.",
        ReferenceTo("organization", ORGANIZATION_KEY, "UNKNOWN_ORGANIZATION", "organization"),
        export_reference=customer,
    ),
    *OF.metadata(),
)


class SubscriberImporter(RecordImporter):
    """Subscribers, each in the organization that the row names, its e-mail's domain decides, or UNCLASSIFIED."""

    kind = "subscribers"
    key = "email"
    rules = SubscriberRules()
    columns = COLUMNS
