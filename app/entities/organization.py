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
from app.entities.values import METADATA, AppDocument, MetadataEntry, app_metadata, history
from app.graph.choices import Choice, choices
from app.graph.depth import MAX_DEPTH_ARGUMENT, within_depth
from app.graph.edges import computed, one, refs
from app.graph.many import many
from app.graph.ownership import MOVE_OR_DELETE, Blocker, OnMerge, Ownership
from app.graph.record import Embedded, OwnKey, Record, claimed, embedded, filterable, named, order, record
from app.graph.scalars import URL, CountryCode, Currency, EmailAddress

BY_THE_MERGE = Ownership(on_merge=OnMerge.TREE)


@choices(description="What sort of customer an organization is.")
class OrganizationKind(Choice):
    """What sort of customer an organization is."""

    COMPANY = "COMPANY", "A company, or another legal person."
    BUSINESS_UNIT = "BUSINESS_UNIT", "A part of one: a department, a team."
    INDIVIDUAL = "INDIVIDUAL", "A person."


@embedded(description="Where bills go, and what they say.")
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
        default=None, max_length=2_048, description="How to pay, as printed on invoices."
    )


@embedded(description="From when on which organization pays for another's usage.")
class PayerTerm(Embedded):
    """From when on which organization pays."""

    held_ids: ClassVar = {"payerId": Ownership(on_merge=OnMerge.READ_THROUGH)}

    payer_id: strawberry.ID = Field(description="The organization whose invoices the usage goes on.")
    valid_from: datetime = Field(description="From this instant on, until the next term begins.")


@record(description="A customer account: a company, a business unit or a person.")
class Organization(Record):
    """A customer account."""

    collection: ClassVar = "organizations"
    prefix: ClassVar = "org"
    read_scope: ClassVar = Scope.CUSTOMERS
    orders: ClassVar = (
        order("name", "By name, in code point order."),
        order("created_at", "By when it was made."),
    )
    filters: ClassVar = (
        filterable("name"),
        filterable("kind"),
        filterable("external_id", indexed=True),
        filterable("currency"),
        filterable("associated_domains", indexed=True),
        filterable("created_at"),
        filterable("custom_metadata", indexed=True),
    )
    finders: ClassVar = (
        claimed("external_id", "customer", "Its external id, or one of its aliases.", fields=("externalId", "aliases")),
        named(
            "name",
            "Its exact name, current or former, which another may bear too: then the answer is AMBIGUOUS.",
            fields=("name", "formerNames"),
        ),
    )
    own_keys: ClassVar = (OwnKey("customer", "_id", "id"), OwnKey("customer", "mergedIds", "id"))
    is_mergeable: ClassVar = True
    searched: ClassVar = ("name", "formerNames", "externalId", "aliases", "associatedDomains")
    needed_indexes: ClassVar = (("formerNames",), ("matchKeys",))

    name: str = Field(min_length=1, max_length=256, description="What it is called, 1 to 256 characters; not unique.")
    kind: OrganizationKind = Field(default=OrganizationKind.COMPANY, description="What sort of customer it is.")
    description: str | None = Field(default=None, max_length=1024, description="At most 1,024 characters.")
    external_id: ExternalId | None = Field(
        default=None,
        min_length=1,
        max_length=256,
        description="The id it has in your own system; unique, case-sensitive.",
    )
    aliases: tuple[ExternalId, ...] = Field(default=(), description="Further external ids that find it.")
    currency: Currency = Field(default=Currency("USD"), description="The currency it is billed in, ISO 4217.")
    timezone: Annotated[str, ReadBy(timezone_name)] = Field(
        default="UTC", description="IANA time zone in which days, due dates and aging are counted."
    )
    former_names: tuple[str, ...] = Field(
        default=(), description="What it was called before, and what was merged into it: they still find it."
    )
    associated_domains: tuple[Annotated[str, ReadBy(domain_name)], ...] = Field(
        default=(), description="E-mail host names of its people, lower-case, IDNA; matched exactly."
    )
    storefront_url: URL | None = Field(default=None, description="Its web site.")
    primary_email: EmailAddress | None = Field(default=None, description="Whom to write to.")
    billing: Billing | None = Field(default=None, description="Where bills go.")
    payer_terms: tuple[PayerTerm, ...] = Field(
        default=(), description="Who has paid since when, in order of time; empty while it has always paid for itself."
    )
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

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
        doc="The one it was merged into: it is a tombstone then.",
        owned=BY_THE_MERGE,
    )
    merged_from = refs(
        "Organization", via="mergedIds", doc="The tombstones of those that were merged into it.", owned=BY_THE_MERGE
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
    children = many("Organization", by="parentId", doc="The organizations directly under it.")
    descendants = many(
        "Organization",
        by="ancestorIds",
        in_array=True,
        doc="Every organization under it, at any depth.",
        narrow=within_depth("ancestorIds"),
        max_depth=MAX_DEPTH_ARGUMENT,
    )
    payer = one(
        "Organization",
        via="payerId",
        required=True,
        doc="Who pays for its usage: itself, or an ancestor.",
        owned=Ownership(on_merge=OnMerge.REASSIGN),
    )
    pays_for = many("Organization", by="payerId", doc="The organizations whose usage it pays for, itself included.")
    subscribers = many("Subscriber", by="organizationId", doc="Who uses the service on its account.")
    credentials = many("Credential", by="organizationId", doc="The keys its usage comes through.")
    usage_attributes = many("UsageAttribute", by="organizationId", doc="What produces usage besides credentials.")
    subscriptions = many("Subscription", by="organizationId", doc="The plans it subscribes to.")
    features = computed(
        "Feature",
        of=("_id", "ancestorIds"),
        batch="Organization.features",
        plural=True,
        doc="What it may use: the features of its live subscriptions, and of its ancestors' where the plan says so.",
    )
    billing_profile = one(
        "BillingProfile",
        via="billingProfileId",
        otherwise={"isDefault": True},
        doc="How it is billed: the profile pinned to it, else the default one.",
        owned=Ownership(blocks_delete=Blocker("organizations pinned to it", "name", "Pin another first.")),
    )
    invoices = many("Invoice", by="organizationId", doc="The invoices it is to pay, also for others' usage.")
    payments = many("Payment", by="organizationId", doc="What it has paid.")
    credit_notes = many("CreditNote", by="organizationId", doc="What was credited to it.")
    charges = many("InvoiceLine", by="organizationId", doc="The invoice lines for its own usage, whoever pays them.")
    statements = computed(
        "Statement",
        of=("_id", "currency", "timezone"),
        batch="Organization.statements",
        plural=True,
        doc="What it owes: one statement a currency, its own currency always among them.",
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
