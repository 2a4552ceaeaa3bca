"""Subscribers from files: what a row may say."""

from __future__ import annotations

from app.organizations import importing
from app.organizations.importing import ORGANIZATION_KEY
from app.subscribers.rules import SubscriberRules
from app.transfer.columns import Column, ReferenceTarget
from app.transfer.record_columns import ROW_KEY_NOTE, ColumnBuilder
from app.transfer.record_importer import RecordImporter
from app.transfer.references import organization_key

EXAMPLE = "carol@acme.example"
"""The subscriber of templates."""
BUILDER = ColumnBuilder(SubscriberRules)
COLUMNS: tuple[Column, ...] = (
    BUILDER.field("email", note=ROW_KEY_NOTE, example=EXAMPLE),
    BUILDER.field("kind", example="PERSON"),
    BUILDER.field("first_name", example="Carol"),
    BUILDER.field("last_name", example="Lens"),
    BUILDER.field(
        "subscriber_id",
        example="1473847563",
        export_value=lambda doc: doc["subscriberId"] if doc["subscriberId"] != doc["_id"] else None,
    ),
    BUILDER.reference(
        "organization_external_id",
        "Its organization, by external id, alias or id. If empty: the only organization that claims the "
        "e-mail's domain, or else UNCLASSIFIED.",
        ReferenceTarget("organization", ORGANIZATION_KEY, "UNKNOWN_ORGANIZATION", "organization"),
        export_reference=organization_key,
        example=importing.EXAMPLE,
    ),
    *BUILDER.metadata(),
)


class SubscriberImporter(RecordImporter):
    """Subscribers, each in the organization that the row names, its e-mail's domain decides, or UNCLASSIFIED."""

    kind = "subscribers"
    key = "email"
    rules = SubscriberRules()
    columns = COLUMNS
