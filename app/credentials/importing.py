"""Credentials from files: what a row may say, whose they are, and the record that a row makes."""

from __future__ import annotations

from collections.abc import Sequence

from app.credentials.keys import current, new_key
from app.credentials.lifecycle import (
    CredentialLifecycle,
    check_period,
    covers,
    elsewhere,
    no_key,
    over,
    sealed,
    secret_text,
)
from app.entities.addresses import normalise_email
from app.entities.contacts import email_address
from app.entities.credential import Credential
from app.entities.measures import instant
from app.entities.texts import text, texts
from app.errors import Problem
from app.mongo.client import Doc
from app.organizations.importing import NAMED_BY
from app.organizations.organization_columns import METADATA
from app.transfer.chunk import Chunk
from app.transfer.claiming import by_column, keep, taken
from app.transfer.columns import Column, Columns, Draft, Shape
from app.transfer.importer import Importer, Made
from app.transfer.references import Reference, customer, field_of, wanted
from app.writing.lifecycle import Key

short = text(256)

COLUMNS: Columns = (
    Column(
        "credential_id",
        "The key that metering events carry: an API key, a client id. Not a secret. A row is recognised by it when it "
        "comes again.",
        short,
        "credentialId",
        required=True,
    ),
    Column("name", 'Its label, such as "Mobile App Production Key".', short, "name", required=True),
    Column(
        "subscriber_email",
        "Whose it is, by e-mail address; or:",
        email_address,
        "subscriberId",
        decided=True,
        same=normalise_email,
        names=field_of("email"),
    ),
    Column(
        "subscriber_id",
        "Whose it is, by the id in your own system.",
        short,
        "subscriberId",
        decided=True,
        written=False,
    ),
    Column(
        "organization_external_id",
        "Whose usage comes through it, by external id, alias or id; the subscriber's organization if empty.",
        short,
        "organizationId",
        decided=True,
        names=customer,
    ),
    Column(
        "subscription_external_id",
        "What its usage is billed under: a subscription of its organization or of one above that.",
        short,
        "subscriptionId",
        decided=True,
        names=field_of("externalId"),
    ),
    Column(
        "tags", "Free words to group and filter by: a list.", texts(short, 100), "tags", default=(), shape=Shape.LIST
    ),
    Column(
        "valid_from",
        "From when on the key works, with its offset; from the import on if empty.",
        instant,
        "validFrom",
        decided=True,
    ),
    Column("expires_at", "When the key ends by itself, with its offset; it does not if empty.", instant, "validTo"),
    Column(
        "external_secret",
        "The key's secret, at most 4,096 characters. It is encrypted at once, not compared, and never written back.",
        secret_text,
        secret=True,
    ),
    *METADATA,
)

ORGANIZATION = Reference("organization_external_id", "customer", NAMED_BY, "UNKNOWN_ORGANIZATION", "organization")
BY_EMAIL = Reference("subscriber_email", "email", ("email",), "UNKNOWN_SUBSCRIBER", "subscriber", normalise_email)
BY_ID = Reference("subscriber_id", "subscriberId", ("subscriberId",), "UNKNOWN_SUBSCRIBER", "subscriber")
SUBSCRIPTION = Reference(
    "subscription_external_id", "subscription", ("externalId",), "UNKNOWN_SUBSCRIPTION", "subscription"
)
RULES = CredentialLifecycle()
COLUMN_OF = {"keys": "credential_id", "appMetadata": "app_metadata", "expiresAt": "expires_at"}


class CredentialImporter(Importer):
    """Credentials, each with one key, of a subscriber that is there already."""

    kind = "credentials"
    columns = COLUMNS
    key = "credential_id"

    async def read(self, drafts: Sequence[Draft], chunk: Chunk) -> None:
        """What the rows name, and the organizations of the subscribers."""
        rows = [draft.values for draft in drafts]
        await chunk.look_up(wanted([ORGANIZATION, BY_EMAIL, BY_ID, SUBSCRIPTION], rows, claims))
        await chunk.fetch([doc.get("organizationId") for doc in chunk.records.values()])

    def existing(self, draft: Draft, chunk: Chunk) -> Doc | None:
        found = chunk.found("credentialKey", draft.values.get("credential_id", ""), ("keys",))
        return found if found is None or "keys" not in found else with_period(found)

    def resolve(self, draft: Draft, chunk: Chunk, problems: list[Problem]) -> Doc:
        row = draft.values
        subscriber = subscriber_of(draft, chunk, problems)
        organization = ORGANIZATION.find(row, chunk, problems)
        subscription = SUBSCRIPTION.find(row, chunk, problems)
        owner = organization or chunk.records.get(subscriber["organizationId"] if subscriber else "")
        if subscription and owner and not covers(subscription, owner):
            problems.append(elsewhere(subscription, owner, (SUBSCRIPTION.column,)))
        said = row | {name: id_of(subscriber) for name in ("subscriber_email", "subscriber_id") if name in row}
        said |= {"subscription_external_id": subscription["_id"]} if subscription else {}
        return said | ({"organization_external_id": organization["_id"]} if organization else {})

    def objections(self, said: Doc, chunk: Chunk) -> list[Problem]:
        owner: Doc = {"organizationId": organization_of(said, chunk)}
        problems = taken(RULES, claims(said), owner, chunk, COLUMN_OF)
        if subscription := chunk.records.get(said.get("subscription_external_id") or ""):
            problems += over(subscription, (SUBSCRIPTION.column,))
        if said.get("external_secret") and chunk.cipher is None:
            problems.append(no_key(("external_secret",)))
        period: list[Problem] = []
        check_period(key_of(said, chunk, None), period, ())
        return problems + by_column(period, COLUMN_OF)

    def create(self, said: Doc, chunk: Chunk) -> Made:
        return Made(keep(RULES, credential(chunk.ids.new(Credential), said, chunk), chunk)["_id"])


def with_period(doc: Doc) -> Doc:
    """A credential, and from when and until when its current key works."""
    key = current(doc["keys"], doc["credentialId"])
    return doc | {"validFrom": key["validFrom"], "validTo": key.get("validTo")}


def credential(new_id: str, said: Doc, chunk: Chunk) -> Credential:
    """The record that a row says, its one key active."""
    secret = sealed(chunk, {"_id": new_id}, said.get("external_secret"), [], ())
    return Credential.model_validate(
        {
            "_id": new_id,
            "name": said["name"],
            "credentialId": said["credential_id"],
            "keys": [key_of(said, chunk, secret)],
            "tags": said.get("tags", ()),
            "customMetadata": said.get("custom_metadata", ()),
            "appMetadata": said.get("app_metadata", ()),
            "organizationId": organization_of(said, chunk),
            "subscriberId": subscriber_id(said),
            "subscriptionId": said.get("subscription_external_id"),
            "createdAt": chunk.now,
            "updatedAt": chunk.now,
        }
    )


def key_of(said: Doc, chunk: Chunk, secret: Doc | None) -> Doc:
    """The one key that a row says."""
    return new_key(said.get("credential_id", ""), said.get("valid_from") or chunk.now, said.get("expires_at"), secret)


def subscriber_id(said: Doc) -> str | None:
    """The subscriber that a row names, by either column."""
    return said.get("subscriber_email") or said.get("subscriber_id")


def organization_of(said: Doc, chunk: Chunk) -> str | None:
    """The organization that a row names, else the subscriber's."""
    subscriber = chunk.records.get(subscriber_id(said) or "")
    return said.get("organization_external_id") or (subscriber["organizationId"] if subscriber else None)


def claims(row: Doc) -> list[Key]:
    """(namespace, key, field) for every key in a row."""
    doc = {"keys": [{"value": row.get("credential_id")}], "appMetadata": row.get("app_metadata", ())}
    return [key for key in RULES.claims(doc) if key[1]]


def subscriber_of(draft: Draft, chunk: Chunk, problems: list[Problem]) -> Doc | None:
    """The subscriber, by either key; by both where both are given, if they agree."""
    row = draft.values
    given = {*row, *(name for problem in draft.problems for name in problem.field)}
    if not given & {"subscriber_email", "subscriber_id"}:
        problems.append(Problem("REQUIRED", ("subscriber_email",), "An e-mail address or an id says whose it is."))
    by_email, by_id = BY_EMAIL.find(row, chunk, problems), BY_ID.find(row, chunk, problems)
    if by_email and by_id and by_email["_id"] != by_id["_id"]:
        message = f"{row['subscriber_email']!r} and {row['subscriber_id']!r} are two subscribers."
        problems.append(Problem("SUBSCRIBER_MISMATCH", ("subscriber_id",), message))
    return by_email or by_id


def id_of(document: Doc | None) -> str | None:
    """The id of a record that a row may name."""
    return document["_id"] if document else None
