"""Usage attributes from files and to files: what a row may say."""

from __future__ import annotations

from app.entities.usage_attribute import UsageAttribute
from app.organizations.importing import EXAMPLE, ORGANIZATION_KEY
from app.organizations.usage_attributes import UsageAttributeRules
from app.transfer.columns import Column, ReferenceTarget
from app.transfer.exporting import Exporter
from app.transfer.record_columns import ROW_KEY_NOTE, ColumnBuilder
from app.transfer.record_importer import RecordImporter
from app.transfer.references import organization_key

BUILDER = ColumnBuilder(UsageAttributeRules)
COLUMNS: tuple[Column, ...] = (
    BUILDER.field("key", note=ROW_KEY_NOTE, example="acme-gateway"),
    BUILDER.field("kind", example="CONSUMER"),
    BUILDER.reference(
        "organization_external_id",
        "The organization its usage is attributed to, by external id, alias or id.",
        ReferenceTarget("organization", ORGANIZATION_KEY, "UNKNOWN_ORGANIZATION", "organization"),
        export_reference=organization_key,
        example=EXAMPLE,
    ),
    BUILDER.field("display_name", example="The gateway of Acme"),
    *BUILDER.metadata(),
)


class UsageAttributeImporter(RecordImporter):
    """Usage attributes, each of an organization that is there already."""

    kind = "usage-attributes"
    key = "key"
    rules = UsageAttributeRules()
    columns = COLUMNS


USAGE_ATTRIBUTES = Exporter(COLUMNS, UsageAttribute, order_key="key")
