"""What an organization would owe after a move or a merge, as it is shown before. Computed, stored nowhere."""

from __future__ import annotations

from pydantic import Field

from app.entities.values import Money
from app.graph.edges import one
from app.graph.record import Embedded, embedded
from app.graph.scalars import Currency


@embedded(description="What an organization would owe before and after, in one currency.")
class StatementChange(Embedded):
    """What an organization would owe before and after."""

    currency: Currency = Field(description="The currency of every amount in it, ISO 4217.")
    outstanding_before: Money = Field(description="Its outstanding balance as it is.")
    outstanding_after: Money = Field(description="Its outstanding balance as it would be.")
    overdue_before: Money = Field(description="Its overdue balance as it is.")
    overdue_after: Money = Field(description="Its overdue balance as it would be.")
    credit_before: Money = Field(description="Its credit as it is.")
    credit_after: Money = Field(description="Its credit as it would be.")
    open_invoices_before: int = Field(description="How many invoices are open as it is.")
    open_invoices_after: int = Field(description="How many would be open.")

    organization_id: str = Field(description="Whose statement it is, with everything underneath it.")

    organization = one("Organization", via="organizationId", doc="Whose statement it is.")
