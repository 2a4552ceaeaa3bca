"""What an organization would owe after a move or a merge, as it is shown before. Computed, stored nowhere."""

from __future__ import annotations

from pydantic import Field

from app.entities.values import Money
from app.graph.edges import one
from app.graph.record import Embedded, embedded
from app.graph.scalars import Currency


@embedded(description="What an organization owes now and would owe after the change, in one currency.")
class StatementChange(Embedded):
    """What an organization would owe before and after."""

    currency: Currency = Field(description="The currency of every amount in it, ISO 4217.")
    outstanding_before: Money = Field(description="Its outstanding balance now.")
    outstanding_after: Money = Field(description="Its outstanding balance after the change.")
    overdue_before: Money = Field(description="Its overdue balance now.")
    overdue_after: Money = Field(description="Its overdue balance after the change.")
    credit_before: Money = Field(description="Its credit now.")
    credit_after: Money = Field(description="Its credit after the change.")
    open_invoices_before: int = Field(description="The number of its open invoices now.")
    open_invoices_after: int = Field(description="The number of its open invoices after the change.")

    organization_id: str = Field(description="The id of the organization whose statement it is.")

    organization = one("Organization", via="organizationId", doc="The organization whose statement it is.")
