"""Credentials from files: what a row may say, whose they are, and the record that a row makes."""

from __future__ import annotations

from collections.abc import Sequence

from app.entities.addresses import normalise_email
from app.entities.contacts import email_address
from app.entities.credential import Credential, KeyStatus
from app.entities.measures import instant
from app.entities.texts import text, texts
from app.errors import Problem
from app.mongo.client import Doc
from app.onboarding.chunk import Chunk
from app.onboarding.columns import Column, Columns, Draft
from app.onboarding.importer import Importer, Made
from app.onboarding.references import Reference, wanted
from app.organizations.importing import NAMED_BY
from app.organizations.tree import at_or_below

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
    ),
    Column("subscriber_id", "Whose it is, by the id in your own system.", short, "subscriberId", decided=True),
    Column(
        "organization_external_id",
        "Whose usage comes through it, by external id or alias; the subscriber's organization if empty.",
        short,
        "organizationId",
        decided=True,
    ),
    Column(
        "subscription_external_id",
        "What its usage is billed under: a subscription of its organization or of one above that.",
        short,
        "subscriptionId",
        decided=True,
    ),
    Column("tags", "Free words to group and filter by: a list.", texts(short), "tags", default=()),
    Column(
        "valid_from",
        "From when on the key works, with its offset; from the import on if empty.",
        instant,
        "validFrom",
        decided=True,
    ),
)

ORGANIZATION = Reference("organization_external_id", "customer", NAMED_BY, "UNKNOWN_ORGANIZATION", "organization")
BY_EMAIL = Reference("subscriber_email", "email", ("email",), "UNKNOWN_SUBSCRIBER", "subscriber", normalise_email)
BY_ID = Reference("subscriber_id", "subscriberId", ("subscriberId",), "UNKNOWN_SUBSCRIBER", "subscriber")
SUBSCRIPTION = Reference(
    "subscription_external_id", "subscription", ("externalId",), "UNKNOWN_SUBSCRIPTION", "subscription"
)
OWN_KEY = Reference("credential_id", "credentialKey", ("keys",), "UNKNOWN_CREDENTIAL", "credential")


class CredentialImporter(Importer):
    """Credentials, each with one key, of a subscriber that is there already."""

    kind = "credentials"
    columns = COLUMNS
    key = "credential_id"

    async def read(self, drafts: Sequence[Draft], chunk: Chunk) -> None:
        """What the rows name, and the organizations of the subscribers."""
        references = [ORGANIZATION, BY_EMAIL, BY_ID, SUBSCRIPTION, OWN_KEY]
        await chunk.look_up(wanted(references, [draft.values for draft in drafts]))
        await chunk.fetch([doc.get("organizationId") for doc in chunk.records.values()])

    def existing(self, draft: Draft, chunk: Chunk) -> Doc | None:
        found = chunk.found("credentialKey", draft.values.get("credential_id", ""), ("keys",))
        if found is None or "keys" not in found:
            return found
        return found | {"validFrom": found["keys"][-1]["validFrom"]}

    def resolve(self, draft: Draft, chunk: Chunk, problems: list[Problem]) -> Doc:
        row = draft.values
        subscriber = subscriber_of(draft, chunk, problems)
        organization = ORGANIZATION.find(row, chunk, problems)
        subscription = SUBSCRIPTION.find(row, chunk, problems)
        owner = organization or chunk.records.get(subscriber["organizationId"] if subscriber else "")
        if subscription and owner and not covers(subscription, owner):
            problems.append(elsewhere(row, owner))
        said = row | {name: id_of(subscriber) for name in ("subscriber_email", "subscriber_id") if name in row}
        said |= {"subscription_external_id": subscription["_id"]} if subscription else {}
        return said | ({"organization_external_id": organization["_id"]} if organization else {})

    def objections(self, said: Doc, chunk: Chunk) -> list[Problem]:
        owner = chunk.owner("credentialKey", said.get("credential_id", ""))
        return [Problem("TAKEN", ("credential_id",), f"It finds {owner.record_id} already.")] if owner else []

    def create(self, said: Doc, chunk: Chunk) -> Made:
        subscriber = chunk.records[said.get("subscriber_email") or said["subscriber_id"]]
        organization_id = said.get("organization_external_id") or subscriber["organizationId"]
        made = credential(chunk.ids.new(Credential), said, subscriber["_id"], organization_id, chunk)
        chunk.add(made, [("credentialKey", made.credential_id, "keys")])
        chunk.point_at(made.subscriber_id, made.organization_id, made.subscription_id)
        return Made(made.id)


def credential(new_id: str, said: Doc, subscriber_id: str, organization_id: str, chunk: Chunk) -> Credential:
    """The record that a row says, its one key active."""
    value = said["credential_id"]
    key = {"value": value, "status": KeyStatus.ACTIVE, "validFrom": said.get("valid_from") or chunk.now}
    return Credential.model_validate(
        {
            "_id": new_id,
            "name": said["name"],
            "credentialId": value,
            "keys": [key],
            "tags": said.get("tags", ()),
            "organizationId": organization_id,
            "subscriberId": subscriber_id,
            "subscriptionId": said.get("subscription_external_id"),
            "createdAt": chunk.now,
            "updatedAt": chunk.now,
        }
    )


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


def covers(subscription: Doc, organization: Doc) -> bool:
    """Whether usage of an organization can be billed under a subscription: its own, or an ancestor's."""
    return at_or_below(organization["_id"], organization["ancestorIds"], subscription["organizationId"])


def called(organization: Doc) -> str:
    """An organization in a message: its external id, if it has one."""
    return repr(organization.get("externalId") or organization["_id"])


def elsewhere(row: Doc, organization: Doc, path: tuple[str, ...] = ()) -> Problem:
    """The subscription that a row names is neither an organization's own nor an ancestor's."""
    key = row["subscription_external_id"]
    message = f"{key!r} is a subscription of neither {called(organization)} nor one above it."
    return Problem("SUBSCRIPTION_ELSEWHERE", (*path, "subscription_external_id"), message)
