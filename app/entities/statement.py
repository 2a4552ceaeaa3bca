"""What an organization owes in one currency. Computed from its documents, stored nowhere, and a node all the same."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.values import Money
from app.graph.choices import Choice, choices
from app.graph.declarations import Argument
from app.graph.edges import one
from app.graph.many import many
from app.graph.record import Embedded, Node, embedded, record
from app.graph.scalars import Currency


@choices(description="Whose documents a statement counts.")
class StatementScope(Choice):
    """Whose documents a statement counts."""

    OWN = "OWN", "The organization's alone."
    TREE = "TREE", "Also those of every organization underneath it, each once."


TREE_RECORDS = 50
"""How many records the documents of a tree count for against the limit on a query's cost."""

SCOPE = Argument(
    StatementScope,
    StatementScope.OWN,
    "Whose documents count: its own, or the whole tree's.",
    reads={StatementScope.TREE: TREE_RECORDS},
)
AS_OF = Argument(
    datetime | None,
    strawberry.UNSET,
    "As it stood at this instant, by the times at which documents took effect, over today's tree; now if left out.",
)
CURRENCY = Argument(Currency | None, strawberry.UNSET, "Which currency; the organization's own if left out.")


@embedded(description="The outstanding balance by age: whole days after the due date, in the organization's time zone.")
class Aging(Embedded):
    """The outstanding balance by age."""

    current: Money = Field(description="Not due yet, or due today.")
    days1_to30: Money = Field(description="1 to 30 days overdue.")
    days31_to60: Money = Field(description="31 to 60 days overdue.")
    days61_to90: Money = Field(description="61 to 90 days overdue.")
    over90: Money = Field(description="More than 90 days overdue.")


@record(description="What an organization owes in one currency, alone or with everything underneath it.")
class Statement(Node):
    """What an organization owes in one currency."""

    prefix: ClassVar = "stm"
    read_scope: ClassVar = Scope.BILLING

    currency: Currency = Field(description="The currency of every amount in it, ISO 4217.")
    scope: StatementScope = Field(description="Whose documents it counts.")
    as_of: datetime = Field(description="The instant at which it holds, UTC.")
    outstanding_balance: Money = Field(description="What is still to be paid on its open invoices.")
    overdue_balance: Money = Field(description="The part past its due day, in the organization's time zone.")
    open_invoices: int = Field(description="How many invoices are open: the count of `unpaidInvoices`.")
    credit_balance: Money = Field(description="What was paid or credited over what was due. Never netted silently.")
    written_off: Money = Field(description="What was given up as uncollectible; not part of the outstanding balance.")
    aging: Aging = Field(description="The outstanding balance by age.")
    last_payment_at: datetime | None = Field(default=None, description="When it last paid, UTC; null if it never did.")
    charged_to_payer: Money = Field(description="What was used here and is on invoices of a payer outside.")

    organization_id: strawberry.Private[str]
    open_in: strawberry.Private[tuple[str, ...]]

    organization = one("Organization", via="organizationId", required=True, doc="Whose statement it is.")
    unpaid_invoices = many(
        "Invoice",
        by={
            "organizationId": "openIn",
            "currency": "currency",
            "issuedAt": ("$lte", "asOf"),
            "openUntil": ("$gt", "asOf"),
        },
        doc="The invoices behind the outstanding balance, each as it is now; its count equals `openInvoices`.",
    )
