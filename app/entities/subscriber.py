"""Who uses the service: a person or a service account."""

from __future__ import annotations

from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.addresses import normalise_domain_or_text, normalise_email
from app.entities.former_owners import FormerOwner
from app.entities.values import (
    APP_IDS,
    METADATA,
    AppDocument,
    AppId,
    MetadataEntry,
    app_metadata,
    app_namespace,
    history,
)
from app.graph.choices import Choice, choices
from app.graph.edges import one
from app.graph.many import many
from app.graph.ownership import MOVE_OR_DELETE, Blocker, OnMerge, Ownership
from app.graph.record import BY_CHANGE, Record, by_app, claimed, filterable, filterable_as, order, record
from app.graph.scalars import EmailAddress
from app.graph.search_texts import fold

NO_LAST_NAME = "\U0010ffff"
"""What sorts after every last name."""


def name_key(last_name: str | None, first_name: str | None) -> str:
    """What a subscriber is sorted by: last name, then first name, in any case and without accents."""
    return f"{fold(last_name or '').strip() or NO_LAST_NAME}\x01{fold(first_name or '').strip()}"


@choices(description="What a subscriber is.")
class SubscriberKind(Choice):
    """What a subscriber is."""

    PERSON = "PERSON", "A person."
    SERVICE_ACCOUNT = "SERVICE_ACCOUNT", "A program that uses the service on its own account."


@record(description="Who uses the service: a person or a service account.")
class Subscriber(Record):
    """A person or a service account."""

    collection: ClassVar = "subscribers"
    prefix: ClassVar = "sbr"
    read_scope: ClassVar = Scope.CUSTOMERS
    orders: ClassVar = (
        order("email", "By e-mail address, ignoring case.", on="emailKey"),
        order(
            "last_name",
            "By last name, then first name, in any case and without accents; those without a last name come last.",
            on="nameKey",
        ),
        order("created_at", "By creation time."),
        BY_CHANGE,
    )
    filters: ClassVar = (
        filterable("email", on="emailKey", normalise=normalise_email),
        filterable("email_domain", indexed=True, normalise=normalise_domain_or_text),
        filterable("kind"),
        filterable("first_name"),
        filterable("last_name"),
        filterable("subscriber_id", indexed=True),
        filterable_as("organization_id", "The id of its organization."),
        filterable("created_at"),
        filterable("updated_at"),
        filterable("app_ids", indexed=True),
        filterable("custom_metadata", indexed=True),
    )
    finders: ClassVar = (
        claimed("email", "email", "Its e-mail address, in any case.", normalise=normalise_email),
        claimed("subscriber_id", "subscriberId", "Its id in your own system."),
        by_app(app_namespace),
    )
    dated: ClassVar = ("organizationId",)
    needed_indexes: ClassVar = (("organizationId", "emailDomain", "emailKey"),)
    searched: ClassVar = ("email", "firstName", "lastName", "subscriberId", "appIds.value")

    email: EmailAddress = Field(
        description="Its e-mail address: unique in any case and Unicode form, shown as it was typed."
    )
    email_domain: str = Field(
        default="",
        description="The domain of its e-mail address, in lower-case IDNA form like `associatedDomains`.",
    )
    kind: SubscriberKind = Field(default=SubscriberKind.PERSON, description="Whether it is a person or a program.")
    first_name: str | None = Field(default=None, max_length=256, description="Given name.")
    last_name: str | None = Field(default=None, max_length=256, description="Family name.")
    subscriber_id: str = Field(
        max_length=256, description="Its id in your own system; generated if none is given. Unique."
    )
    former_owners: tuple[FormerOwner, ...] = Field(
        default=(), description="To whom it belonged before, the first owner first: usage of that time is theirs."
    )
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    app_ids: tuple[AppId, ...] = Field(default=(), description=APP_IDS)

    app_rows: strawberry.Private[tuple[AppDocument, ...]] = Field(default=(), alias="appMetadata")
    email_key: strawberry.Private[str]
    name_key: strawberry.Private[str]
    organization_id: strawberry.Private[str]

    app_metadata = app_metadata()

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The organization on whose account it uses the service.",
        owned=Ownership(
            on_merge=OnMerge.REASSIGN,
            blocks_delete=Blocker("live subscribers", "email", MOVE_OR_DELETE),
            is_counted=True,
        ),
    )
    credentials = many("Credential", by="subscriberId", doc="Its credentials.")
    charges = many("InvoiceLine", by="subscriberId", doc="The invoice lines for its usage.")
