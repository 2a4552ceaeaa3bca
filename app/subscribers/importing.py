"""Subscribers from files: what a row may say."""

from __future__ import annotations

from app.organizations.importing import ORGANIZATION_KEY
from app.subscribers.rules import SubscriberRules
from app.transfer.columns import Column, ReferenceTarget
from app.transfer.record_columns import ROW_KEY_NOTE, ColumnBuilder
from app.transfer.record_importer import RecordImporter
from app.transfer.references import organization_key

BUILDER = ColumnBuilder(SubscriberRules)
COLUMNS: tuple[Column, ...] = (
    BUILDER.field("email", note=ROW_KEY_NOTE),
    BUILDER.field("kind"),
    BUILDER.field("first_name"),
    BUILDER.field("last_name"),
    BUILDER.field(
        "subscriber_id", export_value=lambda doc: doc["subscriberId"] if doc["subscriberId"] != doc["_id"] else None
    ),
    BUILDER.reference(
        "organization_external_id",
        "Its organization, by external id, alias or id. If empty: the only organization that claims the "
        "e-mail's domain, or else UNCLASSIFIED.",
        ReferenceTarget("organization", ORGANIZATION_KEY, "UNKNOWN_ORGANIZATION", "organization"),
        export_reference=organization_key,
    ),
    *BUILDER.metadata(),
)


class SubscriberImporter(RecordImporter):
    """Subscribers, each in the organization that the row names, its e-mail's domain decides, or UNCLASSIFIED."""

    kind = "subscribers"
    key = "email"
    rules = SubscriberRules()
    columns = COLUMNS
