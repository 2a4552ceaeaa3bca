"""Credentials from files: what a row may say, and what a stored credential says of its current key."""

from __future__ import annotations

from app.credentials.rules import CredentialRules
from app.entities.contacts import email_address
from app.entities.subscriber import Subscriber
from app.entities.subscription import Subscription
from app.mongo.client import Doc
from app.organizations.importing import ORGANIZATION_KEY
from app.transfer.columns import Column, ReferenceTo
from app.transfer.record_columns import KNOWN_AGAIN, ColumnsOf
from app.transfer.record_importer import RecordImporter
from app.transfer.references import customer

OF = ColumnsOf(CredentialRules)
BY_EMAIL, BY_ID = Subscriber.finders
[BY_EXTERNAL_ID] = Subscription.finders
COLUMNS: tuple[Column, ...] = (
    OF.field("credential_id", note=KNOWN_AGAIN),
    OF.field("name"),
    OF.reference(
        "subscriber_email",
        "Its subscriber, by e-mail address, or else by your own id in the next field.",
        ReferenceTo("subscriber", BY_EMAIL, "UNKNOWN_SUBSCRIBER", "subscriber"),
        rule=email_address,
    ),
    OF.reference(
        "subscriber_id",
        "Its subscriber, by its id in your own system.",
        ReferenceTo("subscriber", BY_ID, "UNKNOWN_SUBSCRIBER", "subscriber"),
        written=False,
    ),
    OF.reference(
        "organization_external_id",
        "The organization its usage is attributed to, by external id, alias or id; the subscriber's "
        "organization if empty.",
        ReferenceTo("organization", ORGANIZATION_KEY, "UNKNOWN_ORGANIZATION", "organization"),
        names=customer,
    ),
    OF.reference(
        "subscription_external_id",
        "The subscription its usage is billed under, of its organization or one above that.",
        ReferenceTo("subscription", BY_EXTERNAL_ID, "UNKNOWN_SUBSCRIPTION", "subscription"),
    ),
    OF.field("tags", note="A list."),
    OF.field("valid_from", decided=True),
    OF.field("expires_at", decided=False, stored="validTo"),
    OF.field(
        "external_secret",
        decided=False,
        stored=None,
        secret=True,
        note="It is not compared with the stored one and never exported.",
    ),
    *OF.metadata(),
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

    def as_said(self, doc: Doc) -> Doc:
        return with_period(doc)
