"""What an organization has in money: what keeps it from being deleted, and its currency from being changed."""

from __future__ import annotations

from app.access.viewer import SYSTEM
from app.billing.statements import of_organizations
from app.context import Context
from app.errors import Problem
from app.graph.scalars import show_decimal
from app.mongo.client import Doc
from app.writing.resting import resting
from app.writing.work import Work

PLACES = {
    "subscriptions": "subscriptions",
    "invoices": "invoices",
    "payments": "payments",
    "creditNotes": "credit notes",
}


async def standing(work: Work, organization: Doc) -> list[Problem]:
    """Open invoices and credit. Whoever writes either writes the organization's guard, so that none comes meanwhile."""
    unpaid: Doc = {"organizationId": organization["_id"], "status": {"$in": ["OPEN", "DRAFT"]}}
    settle = "Let them be paid, voided or written off first."
    found = await resting(work, "invoices", unpaid, "open invoices", "number", settle)
    key = organization["_id"], organization["currency"], organization["timezone"]
    context = Context(store=work.store, viewer=SYSTEM, now=work.now)  # credit counts, whoever may see it
    for statement in (await of_organizations(context, [key], {}, None))[key]:
        credit = statement["creditBalance"]
        if credit["amount"]:
            told = f"{show_decimal(credit['amount'])} {credit['currency']}"
            found.append(Problem("IN_USE", ("by",), f"It has {told} of credit. Pay it back or use it up first."))
    return found


async def currency_rests_on(work: Work, organization_id: str) -> list[str]:
    """What there is that fixes the currency, in words; deleted records too, since they were in it."""
    found = []
    for collection, words in PLACES.items():
        if await work.find(collection, {"organizationId": organization_id}, {"_id": 1}, limit=1):
            found.append(words)
    return found
