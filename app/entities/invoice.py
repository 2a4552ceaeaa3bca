"""What is billed and what was paid: invoices, their lines, payments and credit notes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.values import METADATA, MetadataEntry, Money, history
from app.graph.choices import Choice, choices
from app.graph.edges import one
from app.graph.many import many
from app.graph.ownership import Blocker, OnMerge, Ownership
from app.graph.record import Embedded, Record, claimed, embedded, filterable, named, order, record
from app.graph.scalars import CountryCode, Currency, EmailAddress

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""`openUntil` of an invoice that is still open."""


@choices(description="The status of an invoice.")
class InvoiceStatus(Choice):
    """Where an invoice stands."""

    DRAFT = "DRAFT", "Not issued yet: it can be edited, and nothing is due."
    OPEN = "OPEN", "Issued, with an amount still due."
    PAID = "PAID", "Issued, with nothing left to pay."
    VOID = "VOID", "Withdrawn; payments on it became credit."
    UNCOLLECTIBLE = "UNCOLLECTIBLE", "The amount due was written off."


@embedded(description="The payer's name, address and payment instructions, as they were when the invoice was issued.")
class BilledTo(Embedded):
    """The payer when the invoice was issued."""

    name: str = Field(description="Name.")
    address1: str | None = Field(default=None, description="Street and number.")
    address2: str | None = Field(default=None, description="The second line of the address.")
    city: str | None = Field(default=None, description="City.")
    state: str | None = Field(default=None, description="State, province or region.")
    zip: str | None = Field(default=None, description="Postal code.")
    country: CountryCode | None = Field(default=None, description="Country, ISO 3166-1 alpha-2.")
    phone: str | None = Field(default=None, description="Telephone number.")
    email: EmailAddress | None = Field(default=None, description="Where the invoice was sent.")
    remittance_instructions: str | None = Field(default=None, description="Payment instructions, as printed on it.")


@record(description="An invoice to a payer, for its own usage and that of the organizations it pays for.")
class Invoice(Record):
    """What a payer is billed."""

    collection: ClassVar = "invoices"
    prefix: ClassVar = "inv"
    read_scope: ClassVar = Scope.BILLING
    orders: ClassVar = (
        order("date", "By invoice date."),
        order("due_at", "By due date."),
        order("created_at", "By the time it was recorded."),
    )
    filters: ClassVar = (
        filterable("number", indexed=True),
        filterable("status"),
        filterable("currency"),
        filterable("date"),
        filterable("due_at"),
        filterable("created_at"),
        filterable("custom_metadata", indexed=True),
    )
    finders: ClassVar = (claimed("number", "invoiceNumber", "Its number."),)
    searched: ClassVar = ("number", "billedTo.name")
    needed_indexes: ClassVar = (("organizationId", "currency", "openUntil"),)
    covering_indexes: ClassVar = (("organizationId", "status", "currency", "dueAt", "amountDue.amount"),)

    number: str | None = Field(default=None, description="Its unique number; null for a draft.")
    status: InvoiceStatus = Field(description="Its status.")
    currency: Currency = Field(description="The currency of every amount on it, ISO 4217.")
    date: datetime = Field(description="The invoice date: when it was issued, or for a draft when it was created.")
    issued_at: datetime | None = Field(default=None, description="When it was issued, UTC; null for a draft.")
    due_at: datetime = Field(description="When it is due, UTC; provisional for a draft.")
    voided_at: datetime | None = Field(default=None, description="When it was voided, UTC.")
    written_off_at: datetime | None = Field(default=None, description="When the amount due was written off, UTC.")
    billed_to: BilledTo | None = Field(
        default=None,
        description="The payer's name, address and payment instructions when it was issued; null for a draft.",
    )
    total: Money = Field(description="The sum of its lines.")
    amount_paid: Money = Field(description="The amount paid.")
    amount_credited: Money = Field(description="The amount credited.")
    amount_due: Money = Field(description="The total less payments and credits, never below zero; zero if void.")
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    organization_id: strawberry.Private[str]
    excess: strawberry.Private[Decimal] = Decimal(0)
    open_until: strawberry.Private[datetime] = FOREVER

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The organization that pays it.",
        owned=Ownership(
            on_merge=OnMerge.REASSIGN,
            blocks_delete=Blocker(
                "open invoices",
                "number",
                "They must be paid, voided or written off first.",
                lambda _: {"status": {"$in": ["OPEN", "DRAFT"]}},
            ),
            is_counted=True,
            fixes_currency=True,
        ),
    )
    lines = many("InvoiceLine", by="invoiceId", doc="Its lines: what is billed, and for whose usage.")
    payments = many("Payment", by="invoiceId", doc="The payments on it.")
    credit_notes = many("CreditNote", by="invoiceId", doc="The credit notes on it.")


@record(description="One line of an invoice: what is billed, and for whose usage. The invoice says who pays.")
class InvoiceLine(Record):
    """One line of an invoice."""

    collection: ClassVar = "invoiceLines"
    prefix: ClassVar = "inl"
    read_scope: ClassVar = Scope.BILLING
    orders: ClassVar = (order("date", "By invoice date."), order("created_at", "By the time it was recorded."))
    filters: ClassVar = (filterable("description"), filterable("date"), filterable("created_at"))
    needed_indexes: ClassVar = (("organizationId", "chargedElsewhere"), ("payerId",))

    description: str = Field(description="What is billed.")
    quantity: Decimal = Field(description="The number of units.")
    unit_price: Money = Field(description="The price of one unit.")
    amount: Money = Field(description="The amount billed: quantity times unit price, rounded as on the invoice.")
    date: datetime = Field(description="The date of its invoice, UTC.")
    period_start: datetime | None = Field(default=None, description="Start of the period it bills, UTC.")
    period_end: datetime | None = Field(default=None, description="End of the period it bills, UTC, exclusive.")

    invoice_id: strawberry.Private[str]
    payer_id: strawberry.Private[str]
    organization_id: strawberry.Private[str]
    subscription_id: strawberry.Private[str | None] = None
    subscriber_id: strawberry.Private[str | None] = None
    credential_id: strawberry.Private[str | None] = None
    charged_elsewhere: strawberry.Private[bool] = False

    history = history()
    invoice = one("Invoice", via="invoiceId", required=True, doc="The invoice it belongs to.")
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The organization whose usage is billed.",
        owned=Ownership(on_merge=OnMerge.SWEEP),
    )
    payer = one(
        "Organization",
        via="payerId",
        required=True,
        doc="The organization that pays it.",
        owned=Ownership(on_merge=OnMerge.SWEEP),
    )
    subscription = one("PlanSubscription", via="subscriptionId", doc="The subscription it is billed under, if known.")
    subscriber = one("Subscriber", via="subscriberId", doc="The subscriber whose usage is billed, if known.")
    credential = one("Credential", via="credentialId", doc="The credential that was used, if known.")


@record(description="A payment, on an invoice or in advance.")
class Payment(Record):
    """Money that a payer paid."""

    collection: ClassVar = "payments"
    prefix: ClassVar = "pay"
    read_scope: ClassVar = Scope.BILLING
    orders: ClassVar = (order("paid_at", "By payment time."), order("created_at", "By the time it was recorded."))
    filters: ClassVar = (filterable("reference", indexed=True), filterable("paid_at"), filterable("created_at"))
    finders: ClassVar = (named("reference", "Its exact reference; AMBIGUOUS if several have the same one."),)
    searched: ClassVar = ("reference",)
    needed_indexes: ClassVar = (("organizationId", "currency", "paidAt"),)

    amount: Money = Field(description="The amount.")
    paid_at: datetime = Field(description="When it was paid, UTC; `createdAt` is when it was recorded.")
    reference: str | None = Field(default=None, description="The bank's or payment app's reference for it.")

    currency: strawberry.Private[Currency]
    organization_id: strawberry.Private[str]
    invoice_id: strawberry.Private[str | None] = None

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The organization that paid.",
        owned=Ownership(on_merge=OnMerge.REASSIGN, fixes_currency=True),
    )
    invoice = one("Invoice", via="invoiceId", doc="The invoice it pays; null for a payment in advance.")


@record(description="A credit to the payer of an invoice.")
class CreditNote(Record):
    """What was credited on an invoice."""

    collection: ClassVar = "creditNotes"
    prefix: ClassVar = "crn"
    read_scope: ClassVar = Scope.BILLING
    orders: ClassVar = (
        order("credited_at", "By the time it took effect."),
        order("created_at", "By the time it was recorded."),
    )
    filters: ClassVar = (filterable("number", indexed=True), filterable("credited_at"), filterable("created_at"))
    finders: ClassVar = (claimed("number", "creditNoteNumber", "Its number."),)
    searched: ClassVar = ("number",)
    needed_indexes: ClassVar = (("organizationId", "currency", "creditedAt"),)

    number: str = Field(description="Its number, in a series without gaps.")
    amount: Money = Field(description="The amount.")
    reason: str | None = Field(default=None, description="Why it was issued.")
    credited_at: datetime = Field(description="When it took effect, UTC; `createdAt` is when it was recorded.")

    currency: strawberry.Private[Currency]
    organization_id: strawberry.Private[str]
    invoice_id: strawberry.Private[str]

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The organization that was credited.",
        owned=Ownership(on_merge=OnMerge.REASSIGN, fixes_currency=True),
    )
    invoice = one("Invoice", via="invoiceId", required=True, doc="The invoice it credits.")
