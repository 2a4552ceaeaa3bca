"""What a row of an organizations file may say."""

from __future__ import annotations

from app.entities.addresses import normalise_email
from app.entities.codes import country_code, currency_code, timezone_name
from app.entities.contacts import domain_name, email_address, web_address
from app.entities.identifiers import external_id
from app.entities.metadata import app_documents, metadata_entries
from app.entities.organization import OrganizationKind
from app.entities.texts import one_of, text, texts
from app.transfer.columns import Column, Columns, Shape
from app.transfer.references import customer

short = text(256)


METADATA = (
    Column(
        "custom_metadata",
        "An object of your own names and values.",
        metadata_entries,
        "customMetadata",
        default=(),
        says=lambda doc: {each["name"]: each["value"] for each in doc.get("customMetadata", ())},
        shape=Shape.OBJECT,
    ),
    Column(
        "app_metadata",
        'An object of apps and their documents: {"stripe": {"customerId": "cus_…"}}.',
        app_documents,
        "appMetadata",
        default=(),
        says=lambda doc: {each["app"]: each["data"] for each in doc.get("appMetadata", ())},
        shape=Shape.OBJECT,
    ),
)
"""What callers and other systems keep beside a record, whatever it is."""

COLUMNS: Columns = (
    Column(
        "external_id",
        "The id it has in your own system. A row is recognised by it when it comes again.",
        external_id,
        "externalId",
        required=True,
    ),
    Column("name", "What it is called, 1 to 256 characters.", short, "name", required=True),
    Column(
        "parent_external_id",
        "The organization directly above it, by external id, alias or id: of this file, in any order, or there before.",
        short,
        "parentId",
        names=customer,
    ),
    Column(
        "kind",
        "COMPANY, BUSINESS_UNIT or INDIVIDUAL; COMPANY if empty.",
        one_of(OrganizationKind),
        "kind",
        default="COMPANY",
    ),
    Column("description", "At most 1,024 characters.", text(1024), "description"),
    Column("currency", "ISO 4217; USD if empty.", currency_code, "currency", default="USD"),
    Column("timezone", "IANA; UTC if empty.", timezone_name, "timezone", default="UTC"),
    Column(
        "aliases",
        "Further external ids that find it: a list.",
        texts(external_id),
        "aliases",
        default=(),
        shape=Shape.LIST,
    ),
    Column(
        "associated_domains",
        "E-mail host names of its people: a list.",
        texts(domain_name),
        "associatedDomains",
        default=(),
        shape=Shape.LIST,
    ),
    Column("website", "Its web site, kept as `storefrontUrl`.", web_address, "storefrontUrl"),
    Column("primary_email", "Whom to write to.", email_address, "primaryEmail", same=normalise_email),
    Column("address1", "Billing address: street and number.", short, "billing.address1"),
    Column("address2", "Billing address: a second line.", short, "billing.address2"),
    Column("city", "Billing address: city.", short, "billing.city"),
    Column("state", "Billing address: state, province or region.", short, "billing.state"),
    Column("zip", "Billing address: postal code.", short, "billing.zip"),
    Column("country", "Billing address: ISO 3166-1 alpha-2 code; XK is Kosovo.", country_code, "billing.country"),
    Column("phone", "Telephone number for billing.", short, "billing.phone"),
    Column("billing_email", "Where invoices are sent.", email_address, "billing.email", same=normalise_email),
    *METADATA,
)
