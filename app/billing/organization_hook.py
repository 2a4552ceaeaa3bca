"""What money has to say when an organization is deleted or merged: its credit, and the lines that another pays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.billing.statements import debtor, of_organizations
from app.context import Context
from app.entities.invoice import InvoiceLine
from app.entities.organization import Organization
from app.errors import Problem
from app.graph.scalars import show_decimal
from app.mongo.client import Doc
from app.writing.work import Sweep, Work


class MoneyHook:
    """Credit blocks a deletion; a line is charged elsewhere while its payer is another than its consumer."""

    async def deletion_blockers(self, work: Work, owner: Organization) -> list[Problem]:
        """Its credit. Whoever writes any writes the organization's guard, so that none comes meanwhile."""
        key = debtor(owner)
        blockers = []
        for statement in (await of_organizations(context_of(work), [key], {}, None))[key]:
            credit = statement["creditBalance"]
            if credit["amount"]:
                amount = f"{show_decimal(credit['amount'])} {credit['currency']}"
                message = f"It has {amount} of credit: pay it back or use it first."
                blockers.append(Problem("IN_USE", ("by",), message))
        return blockers

    def sweeps_on_merge(self, target_id: str, source_ids: Sequence[str]) -> Iterable[Sweep]:
        """Lines whose consumer and payer are one now are not charged elsewhere any more."""
        own: Doc = {"organizationId": target_id, "chargedElsewhere": True, "payerId": target_id, "deletedAt": None}
        return [Sweep(InvoiceLine.collection, own, {"$set": {"chargedElsewhere": False}})]


def context_of(work: Work) -> Context:
    """What statements are read with inside a unit of work: its viewer, its instant, its transaction."""
    return Context(store=work.store, viewer=work.viewer, now=work.now, session=work.session)
