"""How customers are billed: which apps do it, when, and on what terms."""

from __future__ import annotations

from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.values import history
from app.graph.choices import Choice, choices
from app.graph.many import many
from app.graph.record import BY_CHANGE, Record, filterable, named, order, record

DEFAULT_ID = "bpr_default"


@choices(description="How payment is collected.")
class CollectionMethod(Choice):
    """How what is due is collected."""

    CHARGE_AUTOMATICALLY = "CHARGE_AUTOMATICALLY", "The payment app charges the customer's payment method."
    SEND_INVOICE = "SEND_INVOICE", "The customer receives an invoice and pays it."


@choices(description="How often invoices are issued.")
class CollectionInterval(Choice):
    """How often invoices are made."""

    MONTHLY = "MONTHLY", "Once a month."
    QUARTERLY = "QUARTERLY", "Once a quarter."
    YEARLY = "YEARLY", "Once a year."


@record(description="How customers are billed: by which apps, how often, and on what payment terms.")
class BillingProfile(Record):
    """How customers are billed."""

    collection: ClassVar = "billingProfiles"
    prefix: ClassVar = "bpr"
    read_scope: ClassVar = Scope.BILLING
    orders: ClassVar = (
        order("name", "By name, in code point order."),
        order("created_at", "By creation time."),
        BY_CHANGE,
    )
    filters: ClassVar = (filterable("name"), filterable("updated_at"), filterable("collection_method"))
    finders: ClassVar = (named("name", "Its exact name; AMBIGUOUS if several have the same one."),)

    name: str = Field(min_length=1, max_length=256, description="Its name.")
    is_default: bool = Field(
        default=False,
        description="Whether it is the default, for organizations without a profile of their own. Exactly one is.",
    )
    tax_app: str | None = Field(default=None, max_length=256, description="The app that calculates taxes.")
    invoicing_app: str | None = Field(default=None, max_length=256, description="The app that sends invoices.")
    payment_app: str | None = Field(default=None, max_length=256, description="The app that collects payments.")
    collection_method: CollectionMethod = Field(
        default=CollectionMethod.SEND_INVOICE, description="How payment is collected."
    )
    collection_interval: CollectionInterval = Field(
        default=CollectionInterval.MONTHLY, description="How often invoices are issued."
    )
    payment_term_days: int = Field(default=30, ge=0, le=3_650, description="Days from issue to due date, 0 to 3,650.")

    applies_to: strawberry.Private[tuple[str | None, ...]]

    history = history()
    organizations = many(
        "Organization",
        by={"billingProfileId": "appliesTo"},
        in_array=True,
        doc="The organizations that use it; for the default profile also those without a profile of their own.",
    )
