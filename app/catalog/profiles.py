"""What may be written of billing profiles: one of them, always exactly one, applies where none is pinned."""

from __future__ import annotations

from typing import Any, ClassVar

from app.catalog.plans import truth
from app.entities.billing_profile import BillingProfile, CollectionInterval, CollectionMethod
from app.entities.texts import Invalid, one_of, text
from app.errors import Problem
from app.mongo.client import Doc
from app.writing.inputs import Field, Inputs, Path
from app.writing.lifecycle import Lifecycle
from app.writing.resting import resting
from app.writing.work import Work

short = text(256)
LONGEST_TERM = 3_650


def days(value: Any) -> int:
    """A payment term."""
    if not 0 <= value <= LONGEST_TERM:
        raise Invalid("INVALID_NUMBER", f"A payment term has 0 to {LONGEST_TERM:,} days.")
    return int(value)


class BillingProfileLifecycle(Lifecycle):
    """Billing profiles."""

    record = BillingProfile
    inputs: ClassVar[Inputs] = (
        Field("name", short, required=True),
        Field("is_default", truth, doc="Make it the one that applies where none is pinned; the other one stops to be."),
        Field("tax_app", short),
        Field("invoicing_app", short),
        Field("payment_app", short),
        Field("collection_method", one_of(CollectionMethod)),
        Field("collection_interval", one_of(CollectionInterval)),
        Field("payment_term_days", days),
    )

    def derived(self, doc: Doc) -> Doc:
        return {"appliesTo": [doc["_id"], None] if doc["isDefault"] else [doc["_id"]]}

    async def settle(self, work: Work, before: Doc | None, after: Doc, problems: list[Problem], path: Path) -> None:
        was = bool(before and before["isDefault"])
        if was and not after["isDefault"]:
            message = "There is always one default profile: make another one the default instead."
            problems.append(Problem("DEFAULT_PROFILE", (*path, "isDefault"), message))
        if after["isDefault"] and not was and not problems:
            for other in await work.find("billingProfiles", {"isDefault": True}):
                work.records[other["_id"]] = other
                work.change(other["_id"], {"isDefault": False, "appliesTo": [other["_id"]]})

    async def in_the_way(self, work: Work, doc: Doc) -> list[Problem]:
        if doc["isDefault"]:
            return [Problem("DEFAULT_PROFILE", ("by",), "The default profile is never deleted: make another one it.")]
        pinned: Doc = {"billingProfileId": doc["_id"]}
        return await resting(work, "organizations", pinned, "organizations pinned to it", "name", "Pin another first.")
