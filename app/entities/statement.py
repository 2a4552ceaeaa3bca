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


@choices(description="Whose invoices, payments and credit notes a statement counts.")
class StatementScope(Choice):
    """Whose documents a statement counts."""

    OWN = "OWN", "Those of the organization alone."
    TREE = "TREE", "Those of the organization and of every organization below it."


TREE_RECORDS = 50
"""How many records the documents of a tree count for against the limit on a query's cost."""

SCOPE = Argument(
    StatementScope,
    StatementScope.TREE,
    "Whose documents count: those of its whole tree, or only its own.",
    reads={StatementScope.TREE: TREE_RECORDS},
)
AS_OF = Argument(
    datetime | None,
    strawberry.UNSET,
    "The statement as of this instant, by the times at which documents took effect, over today's tree; now if omitted.",
)
CURRENCY = Argument(Currency | None, strawberry.UNSET, "The currency; the organization's own if omitted.")


@embedded(
    description="The outstanding balance by age, in whole days past the due date in the organization's time zone."
)
class Aging(Embedded):
    """The outstanding balance by age."""

    current: Money = Field(description="Not overdue: due today or later.")
    days1_to30: Money = Field(description="1 to 30 days overdue.")
    days31_to60: Money = Field(description="31 to 60 days overdue.")
    days61_to90: Money = Field(description="61 to 90 days overdue.")
    over90: Money = Field(description="More than 90 days overdue.")


@record(description="What an organization owes in one currency, alone or with all organizations below it.")
class Statement(Node):
    """What an organization owes in one currency."""

    prefix: ClassVar = "stm"
    read_scope: ClassVar = Scope.BILLING

    currency: Currency = Field(description="The currency of every amount in it, ISO 4217.")
    scope: StatementScope = Field(description="Whose documents it counts.")
    as_of: datetime = Field(description="The instant it was computed for, UTC.")
    outstanding_balance: Money = Field(description="The amount still due on open invoices.")
    overdue_balance: Money = Field(description="The part of it that is overdue, in the organization's time zone.")
    open_invoices: int = Field(description="The number of open invoices: the count of `unpaidInvoices`.")
    credit_balance: Money = Field(
        description="Payments and credits beyond what was due. They are not subtracted from the outstanding balance."
    )
    written_off: Money = Field(
        description="The amount written off as uncollectible; not part of the outstanding balance."
    )
    aging: Aging = Field(description="The outstanding balance by age.")
    last_payment_at: datetime | None = Field(
        default=None, description="When the last payment was made, UTC; null if there was none."
    )
    charged_to_payer: Money = Field(
        description="The amount of its usage that is invoiced to a payer whose documents are not counted here."
    )

    organization_id: strawberry.Private[str]
    open_in: strawberry.Private[tuple[str, ...]]

    organization = one(
        "Organization", via="organizationId", required=True, doc="The organization whose statement it is."
    )
    unpaid_invoices = many(
        "Invoice",
        by={
            "organizationId": "openIn",
            "currency": "currency",
            "issuedAt": ("$lte", "asOf"),
            "openUntil": ("$gt", "asOf"),
        },
        doc="The invoices that make up the outstanding balance, as they are now; their count equals `openInvoices`.",
    )
