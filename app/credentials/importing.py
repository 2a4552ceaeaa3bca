"""Credentials from files: what a row may say, and what a stored credential says of its current key."""

from __future__ import annotations

from app.credentials.rules import CredentialRules
from app.entities.contacts import email_address
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription
from app.mongo.client import Doc
from app.organizations import importing
from app.organizations.importing import ORGANIZATION_KEY
from app.transfer.columns import Column, ReferenceTarget
from app.transfer.record_columns import ROW_KEY_NOTE, ColumnBuilder
from app.transfer.record_importer import RecordImporter
from app.transfer.references import organization_key

EXAMPLE = "hak-acme-1"
"""The credential of templates."""
BUILDER = ColumnBuilder(CredentialRules)
BY_EMAIL, BY_ID, *_ = Subscriber.finders
[BY_EXTERNAL_ID] = PlanSubscription.finders
COLUMNS: tuple[Column, ...] = (
    BUILDER.field("credential_id", note=ROW_KEY_NOTE, example=EXAMPLE),
    BUILDER.field("name", example="Production key"),
    BUILDER.reference(
        "subscriber_email",
        "Its subscriber, by e-mail address, or else by your own id in the next field.",
        ReferenceTarget("subscriber", BY_EMAIL, "UNKNOWN_SUBSCRIBER", "subscriber"),
        rule=email_address,
        is_one_of_several=True,
        example="carol@acme.example",
    ),
    BUILDER.reference(
        "subscriber_id",
        "Its subscriber, by its id in your own system.",
        ReferenceTarget("subscriber", BY_ID, "UNKNOWN_SUBSCRIBER", "subscriber"),
        exported=False,
        is_one_of_several=True,
    ),
    BUILDER.reference(
        "organization_external_id",
        "The organization its usage is attributed to, by external id, alias or id; the subscriber's "
        "organization if empty.",
        ReferenceTarget("organization", ORGANIZATION_KEY, "UNKNOWN_ORGANIZATION", "organization"),
        export_reference=organization_key,
        example=importing.EXAMPLE,
    ),
    BUILDER.reference(
        "subscription_external_id",
        "The subscription its usage is billed under, of its organization or one above that.",
        ReferenceTarget("subscription", BY_EXTERNAL_ID, "UNKNOWN_SUBSCRIPTION", "subscription"),
    ),
    BUILDER.field("tags", note="A list.", example=["production"]),
    BUILDER.field("valid_from", default_by_rule=True, example="2026-01-01T00:00:00Z"),
    BUILDER.field("expires_at", default_by_rule=False, stored="validTo"),
    BUILDER.field(
        "external_secret",
        default_by_rule=False,
        stored=None,
        secret=True,
        note="It is not compared with the stored one and never exported.",
    ),
    *BUILDER.metadata(),
)


def with_period(doc: Doc) -> Doc:
    """A stored credential, and from when and until when its current key works."""
    keys = doc.get("keys") or ()
    key = next((each for each in keys if each["value"] == doc["credentialId"]), None)
    return doc | {"validFrom": key["validFrom"], "validTo": key.get("validTo")} if key else doc


class CredentialImporter(RecordImporter):
    """Credentials, each with one key, of a subscriber that is there already."""

    kind = "credentials"
    key = "credential_id"
    rules = CredentialRules()
    columns = COLUMNS

    def with_column_values(self, doc: Doc) -> Doc:
        return with_period(doc)
