"""The customer account: a company, a business unit or a person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.codes import timezone_name
from app.entities.contacts import domain_name
from app.entities.identifiers import ExternalId
from app.entities.statement import AS_OF, CURRENCY, SCOPE
from app.entities.value_rules import ReadBy
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
from app.graph.depth import MAX_DEPTH_ARGUMENT, within_depth
from app.graph.edges import computed, one, refs
from app.graph.many import many
from app.graph.ownership import MOVE_OR_DELETE, Blocker, OnMerge, Ownership
from app.graph.record import (
    BY_CHANGE,
    Embedded,
    OwnKey,
    Record,
    by_app,
    claimed,
    embedded,
    filterable,
    filterable_as,
    named,
    order,
    record,
)
from app.graph.scalars import URL, CountryCode, Currency, EmailAddress

BY_THE_MERGE = Ownership(on_merge=OnMerge.TREE)


@choices(description="The kind of customer.")
class OrganizationKind(Choice):
    """What sort of customer an organization is."""

    COMPANY = "COMPANY", "A company or another legal entity."
    BUSINESS_UNIT = "BUSINESS_UNIT", "A part of a company, such as a department or a team."
    INDIVIDUAL = "INDIVIDUAL", "A person."


@embedded(description="Billing address and payment instructions.")
class Billing(Embedded):
    """Where bills go. All of it is optional."""

    address1: str | None = Field(default=None, max_length=256, description="Street and number.")
    address2: str | None = Field(default=None, max_length=256, description="A second line of the address.")
    city: str | None = Field(default=None, max_length=256, description="City.")
    state: str | None = Field(default=None, max_length=256, description="State, province or region.")
    zip: str | None = Field(default=None, max_length=256, description="Postal code.")
    country: CountryCode | None = Field(default=None, description="Country, ISO 3166-1 alpha-2; XK is Kosovo.")
    phone: str | None = Field(default=None, max_length=256, description="Telephone number.")
    email: EmailAddress | None = Field(default=None, description="Where invoices are sent.")
    remittance_instructions: str | None = Field(
        default=None, max_length=2_048, description="Payment instructions, as printed on invoices."
    )


@embedded(description="A period in which one organization pays for the usage of another.")
class PayerTerm(Embedded):
    """From when on which organization pays."""

    held_ids: ClassVar = {"payerId": Ownership(on_merge=OnMerge.READ_THROUGH)}

    payer_id: strawberry.ID = Field(description="The organization that is invoiced for the usage.")
    valid_from: datetime = Field(description="When the term begins, UTC; it lasts until the next one begins.")


@record(description="A customer account: a company, a business unit or a person.")
class Organization(Record):
    """A customer account."""

    collection: ClassVar = "organizations"
    prefix: ClassVar = "org"
    read_scope: ClassVar = Scope.CUSTOMERS
    orders: ClassVar = (
        order("name", "By name, in code point order."),
        order("created_at", "By creation time."),
        BY_CHANGE,
    )
    filters: ClassVar = (
        filterable("name"),
        filterable("kind"),
        filterable("external_id", indexed=True, also=("aliases",)),
        filterable("aliases", indexed=True),
        filterable_as("parent_id", "The id of the organization directly above it; null finds the roots."),
        filterable_as("payer_id", "The id of the organization that pays for its usage."),
        filterable_as("billing_profile_id", "The id of its own billing profile; null finds those without one."),
        filterable_as("country", "The country of its billing address.", on="billing.country", indexed=True),
        filterable("currency"),
        filterable("associated_domains", indexed=True),
        filterable("created_at"),
        filterable("updated_at"),
        filterable("app_ids", indexed=True),
        filterable("custom_metadata", indexed=True),
    )
    finders: ClassVar = (
        claimed("external_id", "customer", "Its external id, or one of its aliases.", fields=("externalId", "aliases")),
        named(
            "name",
            "Its exact name, current or former; AMBIGUOUS if several have the same one.",
            fields=("name", "formerNames"),
        ),
        by_app(app_namespace),
    )
    own_keys: ClassVar = (OwnKey("customer", "_id", "id"), OwnKey("customer", "mergedIds", "id"))
    is_mergeable: ClassVar = True
    searched: ClassVar = ("name", "formerNames", "externalId", "aliases", "associatedDomains", "appIds.value")
    needed_indexes: ClassVar = (("formerNames",), ("matchKeys",))

    name: str = Field(
        min_length=1, max_length=256, description="Its name, 1 to 256 characters; not necessarily unique."
    )
    kind: OrganizationKind = Field(default=OrganizationKind.COMPANY, description="The kind of customer it is.")
    description: str | None = Field(
        default=None, max_length=1024, description="Its description, at most 1,024 characters."
    )
    external_id: ExternalId | None = Field(
        default=None,
        min_length=1,
        max_length=256,
        description="Its id in your own system; unique and case-sensitive.",
    )
    aliases: tuple[ExternalId, ...] = Field(default=(), description="Further external ids by which it can be found.")
    currency: Currency = Field(default=Currency("USD"), description="The currency it is billed in, ISO 4217.")
    timezone: Annotated[str, ReadBy(timezone_name)] = Field(
        default="UTC", description="The IANA time zone in which days, due dates and aging are counted."
    )
    former_names: tuple[str, ...] = Field(
        default=(),
        description="Its earlier names and those of organizations merged into it; it can still be found by them.",
    )
    associated_domains: tuple[Annotated[str, ReadBy(domain_name)], ...] = Field(
        default=(),
        description="The domains of its people's e-mail addresses, in lower-case IDNA form; matched exactly.",
    )
    storefront_url: URL | None = Field(default=None, description="Its web site.")
    primary_email: EmailAddress | None = Field(default=None, description="The e-mail address of its main contact.")
    billing: Billing | None = Field(default=None, description="Its billing address and payment instructions.")
    payer_terms: tuple[PayerTerm, ...] = Field(
        default=(), description="Who has paid for its usage, oldest term first; empty if it has always paid for itself."
    )
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    app_ids: tuple[AppId, ...] = Field(default=(), description=APP_IDS)

    app_rows: strawberry.Private[tuple[AppDocument, ...]] = Field(default=(), alias="appMetadata")
    parent_id: strawberry.Private[str | None] = None
    ancestor_ids: strawberry.Private[tuple[str, ...]] = ()
    payer_id: strawberry.Private[str]
    billing_profile_id: strawberry.Private[str | None] = None
    merged_into_id: strawberry.Private[str | None] = None
    merged_ids: strawberry.Private[tuple[str, ...]] = ()
    match_keys: strawberry.Private[tuple[str, ...]] = ()
    """What it shares with organizations like it: `organizations.duplicates.match_keys` of its other fields."""

    app_metadata = app_metadata()

    merged_into = one(
        "Organization",
        via="mergedIntoId",
        doc="The organization it was merged into, if it is a tombstone.",
        owned=BY_THE_MERGE,
    )
    merged_from = refs(
        "Organization",
        via="mergedIds",
        doc="The tombstones of the organizations that were merged into it.",
        owned=BY_THE_MERGE,
    )
    history = history()
    parent = one(
        "Organization",
        via="parentId",
        doc="The organization directly above it; null at the top of a tree.",
        owned=Ownership(on_merge=OnMerge.REASSIGN, blocks_delete=Blocker("live children", "name", MOVE_OR_DELETE)),
    )
    ancestors = refs(
        "Organization", via="ancestorIds", doc="The organizations above it, from the top down.", owned=BY_THE_MERGE
    )
    children = many("Organization", by="parentId", doc="The organizations directly below it.")
    descendants = many(
        "Organization",
        by="ancestorIds",
        in_array=True,
        doc="All organizations below it, at any depth.",
        narrow=within_depth("ancestorIds"),
        max_depth=MAX_DEPTH_ARGUMENT,
    )
    payer = one(
        "Organization",
        via="payerId",
        required=True,
        doc="The organization that pays for its usage: itself or an ancestor.",
        owned=Ownership(on_merge=OnMerge.REASSIGN),
    )
    pays_for = many(
        "Organization", by="payerId", doc="The organizations whose usage it pays for, which may include itself."
    )
    subscribers = many("Subscriber", by="organizationId", doc="The subscribers who use the service on its account.")
    credentials = many("Credential", by="organizationId", doc="The credentials whose usage is attributed to it.")
    usage_attributes = many("UsageAttribute", by="organizationId", doc="What identifies its usage besides credentials.")
    subscriptions = many("PlanSubscription", by="organizationId", doc="Its subscriptions to plans.")
    features = computed(
        "Feature",
        of=("_id", "ancestorIds"),
        batch="Organization.features",
        plural=True,
        doc="The features it may use: those of its running subscriptions, and those of its ancestors' if the "
        "plan covers descendants.",
    )
    billing_profile = one(
        "BillingProfile",
        via="billingProfileId",
        otherwise={"isDefault": True},
        doc="How it is billed: its own billing profile, or else the default one.",
        owned=Ownership(
            blocks_delete=Blocker("organizations that use it", "name", "Give them another billing profile first.")
        ),
    )
    invoices = many("Invoice", by="organizationId", doc="The invoices it pays, for its own usage and that of others.")
    payments = many("Payment", by="organizationId", doc="Its payments.")
    credit_notes = many("CreditNote", by="organizationId", doc="Its credit notes.")
    charges = many("InvoiceLine", by="organizationId", doc="The invoice lines for its own usage, whoever pays them.")
    statements = computed(
        "Statement",
        of=("_id", "currency", "timezone"),
        batch="Organization.statements",
        plural=True,
        doc="What it owes: one statement per currency, always including its own currency.",
        scope=SCOPE,
        as_of=AS_OF,
    )
    statement = computed(
        "Statement",
        of=("_id", "currency", "timezone"),
        batch="Organization.statement",
        doc="What it owes in one currency.",
        currency=CURRENCY,
        scope=SCOPE,
        as_of=AS_OF,
    )
