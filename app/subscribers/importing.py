"""Subscribers from files: what a row may say, whose they are, and the record that a row makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.entities.addresses import normalise_email
from app.entities.contacts import email_address
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.subscriber import Subscriber
from app.entities.texts import text
from app.errors import Problem
from app.mongo.client import Doc
from app.organizations.domains import claimed_alone, domain_of
from app.organizations.importing import NAMED_BY
from app.organizations.organization_columns import METADATA
from app.subscribers.lifecycle import SubscriberLifecycle, claimants_of
from app.transfer.chunk import Chunk
from app.transfer.claiming import keep, taken
from app.transfer.columns import Column, Columns, Draft
from app.transfer.importer import Importer, Made
from app.transfer.references import Reference, customer, wanted
from app.writing.lifecycle import Key

short = text(256)

COLUMNS: Columns = (
    Column(
        "email",
        "Its e-mail address, unique in any case. A row is recognised by it when it comes again.",
        email_address,
        "email",
        required=True,
        same=normalise_email,
    ),
    Column("first_name", "Given name.", short, "firstName"),
    Column("last_name", "Family name.", short, "lastName"),
    Column(
        "subscriber_id",
        "The id it has in your own system, unique; generated if empty.",
        short,
        "subscriberId",
        decided=True,
        says=lambda doc: doc["subscriberId"] if doc["subscriberId"] != doc["_id"] else None,
    ),
    Column(
        "organization_external_id",
        "Its organization, by external id, alias or id. If empty: the one that alone claims the e-mail's domain, else "
        "UNCLASSIFIED.",
        short,
        "organizationId",
        decided=True,
        names=customer,
    ),
    *METADATA,
)

ORGANIZATION = Reference("organization_external_id", "customer", NAMED_BY, "UNKNOWN_ORGANIZATION", "organization")
RULES = SubscriberLifecycle()
COLUMN_OF = {"subscriberId": "subscriber_id", "appMetadata": "app_metadata"}


class SubscriberImporter(Importer):
    """Subscribers, each in the organization that the row names, its e-mail's domain decides, or UNCLASSIFIED."""

    kind = "subscribers"
    columns = COLUMNS
    key = "email"

    def __init__(self) -> None:
        self.claimants: Mapping[str, Sequence[str]] = {}

    def same_key(self, key: str) -> str:
        return normalise_email(key)

    async def read(self, drafts: Sequence[Draft], chunk: Chunk) -> None:
        """The owners of every key in the rows, and who claims the domains that are to decide."""
        rows = [draft.values for draft in drafts]
        await chunk.look_up(wanted([ORGANIZATION], rows, claims))
        undecided = {domain(row) for row in rows if "email" in row and not row.get("organization_external_id")}
        self.claimants = await claimants_of(chunk, undecided)

    def existing(self, draft: Draft, chunk: Chunk) -> Doc | None:
        return chunk.found("email", normalise_email(draft.values.get("email", "")), ("email",))

    def resolve(self, draft: Draft, chunk: Chunk, problems: list[Problem]) -> Doc:
        organization = ORGANIZATION.find(draft.values, chunk, problems)
        return draft.values | ({"organization_external_id": organization["_id"]} if organization else {})

    def objections(self, said: Doc, chunk: Chunk) -> list[Problem]:
        return taken(RULES, claims(said), said, chunk, COLUMN_OF)

    def create(self, said: Doc, chunk: Chunk) -> Made:
        made = subscriber(chunk.ids.new(Subscriber), said, self.organization_of(said), chunk)
        return Made(keep(RULES, made, chunk)["_id"])

    def organization_of(self, said: Doc) -> str:
        """The organization named, else the one that the e-mail's domain decides, else UNCLASSIFIED."""
        if named := said.get("organization_external_id"):
            return str(named)
        return claimed_alone(domain(said), self.claimants.get(domain(said), ())) or UNCLASSIFIED_ID


def subscriber(new_id: str, said: Doc, organization_id: str, chunk: Chunk) -> Subscriber:
    """The record that a row says. Its own id stands in for one in the caller's system."""
    return Subscriber.model_validate(
        {
            "_id": new_id,
            "email": said["email"],
            "emailKey": normalise_email(said["email"]),
            "firstName": said.get("first_name"),
            "lastName": said.get("last_name"),
            "subscriberId": said.get("subscriber_id") or new_id,
            "organizationId": organization_id,
            "customMetadata": said.get("custom_metadata", ()),
            "appMetadata": said.get("app_metadata", ()),
            "createdAt": chunk.now,
            "updatedAt": chunk.now,
        }
    )


def claims(row: Doc) -> list[Key]:
    """(namespace, key, field) for every key in a row."""
    email_key = normalise_email(row["email"]) if "email" in row else None
    doc = {"emailKey": email_key, "subscriberId": row.get("subscriber_id"), "appMetadata": row.get("app_metadata", ())}
    return [key for key in RULES.claims(doc) if key[1]]


def domain(row: Doc) -> str:
    """The host name of a row's e-mail address, as it is compared."""
    return domain_of(normalise_email(row["email"]))
