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
from app.graph.scalars import CountryCode, Currency

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""`openUntil` of an invoice that is still open."""


@choices(description="Where an invoice stands.")
class InvoiceStatus(Choice):
    """Where an invoice stands."""

    DRAFT = "DRAFT", "It can still be edited, and nothing is owed on it."
    OPEN = "OPEN", "It was issued, and something is still due on it."
    PAID = "PAID", "Nothing is due on it any more."
    VOID = "VOID", "It was withdrawn; what was paid on it became credit."
    UNCOLLECTIBLE = "UNCOLLECTIBLE", "What was due on it was written off."


@embedded(description="The payer's name and address, as they were when the invoice was issued.")
class BilledTo(Embedded):
    """The payer's name and address when the invoice was issued."""

    name: str = Field(description="Name.")
    address1: str | None = Field(default=None, description="Street and number.")
    city: str | None = Field(default=None, description="City.")
    state: str | None = Field(default=None, description="State, province or region.")
    zip: str | None = Field(default=None, description="Postal code.")
    country: CountryCode | None = Field(default=None, description="Country, ISO 3166-1 alpha-2.")


@record(description="What a payer is billed, for its own usage and that of the organizations it pays for.")
class Invoice(Record):
    """What a payer is billed."""

    collection: ClassVar = "invoices"
    prefix: ClassVar = "inv"
    read_scope: ClassVar = Scope.BILLING
    orders: ClassVar = (
        order("date", "By the day it bears."),
        order("due_at", "By when it is due."),
        order("created_at", "By when it was recorded."),
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

    number: str | None = Field(default=None, description="Its number, unique; null for a draft.")
    status: InvoiceStatus = Field(description="Where it stands.")
    currency: Currency = Field(description="The currency of every amount on it, ISO 4217.")
    date: datetime = Field(description="The day it bears: when it was issued; for a draft, when it was made.")
    issued_at: datetime | None = Field(default=None, description="When it was issued, UTC; null for a draft.")
    due_at: datetime = Field(description="When it is due, UTC; provisional for a draft.")
    voided_at: datetime | None = Field(default=None, description="When it was withdrawn, UTC.")
    written_off_at: datetime | None = Field(default=None, description="When what was due was written off, UTC.")
    billed_to: BilledTo | None = Field(default=None, description="The payer when it was issued; null for a draft.")
    total: Money = Field(description="The sum of its lines.")
    amount_paid: Money = Field(description="What was paid on it.")
    amount_credited: Money = Field(description="What was credited on it.")
    amount_due: Money = Field(description="The total less what was paid and credited, never below zero; zero if void.")
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    organization_id: strawberry.Private[str]
    excess: strawberry.Private[Decimal] = Decimal(0)
    open_until: strawberry.Private[datetime] = FOREVER

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="Who pays it.",
        owned=Ownership(
            on_merge=OnMerge.REASSIGN,
            blocks_delete=Blocker(
                "open invoices",
                "number",
                "Let them be paid, voided or written off first.",
                {"status": {"$in": ["OPEN", "DRAFT"]}},
            ),
            is_counted=True,
            fixes_currency=True,
        ),
    )
    lines = many("InvoiceLine", by="invoiceId", doc="What it bills, and for whose usage.")
    payments = many("Payment", by="invoiceId", doc="What was paid on it.")
    credit_notes = many("CreditNote", by="invoiceId", doc="What was credited on it.")


@record(description="One line of an invoice. It names whose usage it bills, who pays it stands on the invoice.")
class InvoiceLine(Record):
    """One line of an invoice."""

    collection: ClassVar = "invoiceLines"
    prefix: ClassVar = "inl"
    read_scope: ClassVar = Scope.BILLING
    orders: ClassVar = (order("date", "By the day of its invoice."), order("created_at", "By when it was recorded."))
    filters: ClassVar = (filterable("description"), filterable("date"), filterable("created_at"))
    needed_indexes: ClassVar = (("organizationId", "chargedElsewhere"), ("payerId",))

    description: str = Field(description="What is billed.")
    quantity: Decimal = Field(description="How many units.")
    unit_price: Money = Field(description="The price of one unit.")
    amount: Money = Field(description="What it bills: quantity times unit price, as the invoice rounds it.")
    date: datetime = Field(description="The day that its invoice bears, UTC.")
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
    invoice = one("Invoice", via="invoiceId", required=True, doc="The invoice it stands on.")
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="Whose usage it bills.",
        owned=Ownership(on_merge=OnMerge.SWEEP),
    )
    payer = one(
        "Organization", via="payerId", required=True, doc="Who pays it.", owned=Ownership(on_merge=OnMerge.SWEEP)
    )
    subscription = one("Subscription", via="subscriptionId", doc="The subscription it bills under, where known.")
    subscriber = one("Subscriber", via="subscriberId", doc="Who used it, where known.")
    credential = one("Credential", via="credentialId", doc="The key the usage came through, where known.")


@record(description="Money that a payer paid, on an invoice or in advance.")
class Payment(Record):
    """Money that a payer paid."""

    collection: ClassVar = "payments"
    prefix: ClassVar = "pay"
    read_scope: ClassVar = Scope.BILLING
    orders: ClassVar = (order("paid_at", "By when it was paid."), order("created_at", "By when it was recorded."))
    filters: ClassVar = (filterable("reference", indexed=True), filterable("paid_at"), filterable("created_at"))
    finders: ClassVar = (
        named("reference", "Its reference, which another may bear too: then the answer is AMBIGUOUS."),
    )
    searched: ClassVar = ("reference",)
    needed_indexes: ClassVar = (("organizationId", "currency", "paidAt"),)

    amount: Money = Field(description="How much.")
    paid_at: datetime = Field(description="When it was paid, UTC; when it was recorded is `createdAt`.")
    reference: str | None = Field(default=None, description="What the bank or the payment app calls it.")

    currency: strawberry.Private[Currency]
    organization_id: strawberry.Private[str]
    invoice_id: strawberry.Private[str | None] = None

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="Who paid.",
        owned=Ownership(on_merge=OnMerge.REASSIGN, fixes_currency=True),
    )
    invoice = one("Invoice", via="invoiceId", doc="On which invoice; null where it was paid in advance.")


@record(description="What was credited to a payer on an invoice.")
class CreditNote(Record):
    """What was credited on an invoice."""

    collection: ClassVar = "creditNotes"
    prefix: ClassVar = "crn"
    read_scope: ClassVar = Scope.BILLING
    orders: ClassVar = (
        order("credited_at", "By when it took effect."),
        order("created_at", "By when it was recorded."),
    )
    filters: ClassVar = (filterable("number", indexed=True), filterable("credited_at"), filterable("created_at"))
    finders: ClassVar = (claimed("number", "creditNoteNumber", "Its number."),)
    searched: ClassVar = ("number",)
    needed_indexes: ClassVar = (("organizationId", "currency", "creditedAt"),)

    number: str = Field(description="Its number, without gaps in its series.")
    amount: Money = Field(description="How much.")
    reason: str | None = Field(default=None, description="Why.")
    credited_at: datetime = Field(description="When it took effect, UTC; when it was recorded is `createdAt`.")

    currency: strawberry.Private[Currency]
    organization_id: strawberry.Private[str]
    invoice_id: strawberry.Private[str]

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="To whom.",
        owned=Ownership(on_merge=OnMerge.REASSIGN, fixes_currency=True),
    )
    invoice = one("Invoice", via="invoiceId", required=True, doc="On which invoice.")
