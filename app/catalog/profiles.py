"""What may be written of billing profiles: one of them, always exactly one, applies where none is pinned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from app.entities.billing_profile import BillingProfile
from app.errors import Problem, Problems
from app.graph.documents import evolve
from app.graph.record import Record
from app.writing.inputs import Field, Inputs
from app.writing.rules import Rules
from app.writing.work import Work


class BillingProfileRules(Rules[BillingProfile]):
    """Billing profiles."""

    record = BillingProfile
    inputs: ClassVar[Inputs] = (
        Field("name"),
        Field("is_default", doc="True makes it the default profile in place of the current one."),
        Field("tax_app"),
        Field("invoicing_app"),
        Field("payment_app"),
        Field("collection_method"),
        Field("collection_interval"),
        Field("payment_term_days"),
    )

    async def complete(self, work: Work, before: BillingProfile | None, after: BillingProfile) -> BillingProfile:
        return evolve(after, applies_to=(after.id, None) if after.is_default else (after.id,))

    async def validate(
        self, work: Work, before: BillingProfile | None, after: BillingProfile, problems: Problems
    ) -> None:
        if before and before.is_default and not after.is_default:
            message = "There must always be a default profile: set another one as the default instead."
            problems.add("DEFAULT_PROFILE", "isDefault", message)

    async def consequences(
        self, work: Work, before: BillingProfile | None, after: BillingProfile, problems: Problems
    ) -> Sequence[tuple[Record, Record]]:
        """The change of the previous default profile, if another becomes the default."""
        if not after.is_default or (before and before.is_default) or len(problems):
            return ()
        docs = await work.find(BillingProfile.collection, {"isDefault": True})
        for doc in docs:
            work.records.setdefault(doc["_id"], doc)
        others = [other for doc in docs if (other := work.get(BillingProfile, doc["_id"]))]
        return [(other, evolve(other, is_default=False, applies_to=(other.id,))) for other in others]

    async def deletion_blockers(self, work: Work, record: BillingProfile) -> list[Problem]:
        if record.is_default:
            message = "The default profile cannot be deleted: set another one as the default first."
            return [Problem("DEFAULT_PROFILE", ("by",), message)]
        return await super().deletion_blockers(work, record)
