"""What may be written of subscriptions, and which way they go: PENDING, ACTIVE, CANCELED, ENDED."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from app.credentials.lifecycle import moment
from app.entities.catalog import Charging
from app.entities.subscription import Subscription, SubscriptionStatus
from app.entities.texts import one_of, text
from app.errors import Problem
from app.mongo.client import Doc
from app.organizations.lifecycle import CUSTOM_METADATA
from app.writing.inputs import Field, Inputs, Path, Reference
from app.writing.lifecycle import Key, Lifecycle
from app.writing.resting import resting
from app.writing.work import Work

TERMS = ("planId", "externalId", "activeFrom", "activeTo")
GOES_TO = {
    "PENDING": {"ACTIVE", "CANCELED", "ENDED"},
    "ACTIVE": {"CANCELED", "ENDED"},
    "CANCELED": {"ACTIVE", "ENDED"},
    "ENDED": set[str](),
}


class SubscriptionLifecycle(Lifecycle):
    """Subscriptions. A customer subscribes to a plan in the customer's currency; a FREE plan may be in any."""

    record = Subscription
    inputs: ClassVar[Inputs] = (
        Field(
            "external_id",
            text(256),
            doc='What events and your systems call it: "sub_gold_1234567890". Unique; its id where it is left out.',
            annotation=str,
        ),
        Field("status", one_of(SubscriptionStatus), doc="Where it stands; by its dates if it is left out."),
        Field(
            "active_from",
            moment,
            annotation=datetime,
            doc="From when on it runs; from now on if it is left out.",
        ),
        Field("active_to", moment),
        CUSTOM_METADATA,
        Reference("organization", "Organization", "organizationId", "Who subscribes.", required=True, on_update=False),
        Reference("plan", "Plan", "planId", "To what.", required=True),
    )

    def claims(self, doc: Doc) -> Iterable[Key]:
        yield "subscription", doc["externalId"], "externalId"

    async def settle(self, work: Work, before: Doc | None, after: Doc, problems: list[Problem], path: Path) -> None:
        after["externalId"] = after["externalId"] or after["_id"]
        after["activeFrom"] = after["activeFrom"] or work.now
        after["status"] = after["status"] or ("PENDING" if after["activeFrom"] > work.now else "ACTIVE")
        problems += change_of_status(before, after, work.now, path)
        if after["activeTo"] is not None and after["activeTo"] < after["activeFrom"]:
            message = "It would end before it begins."
            problems.append(Problem("INVALID_INSTANT", (*path, "activeTo"), message))
        await work.fetch([after["organizationId"], after["planId"]])
        organization, plan = (work.records.get(after[name] or "") for name in ("organizationId", "planId"))
        if organization and plan and not fits(plan, organization):
            message = (
                f"The plan {plan['key']!r} is in {plan['currency']}, the customer is billed in "
                f"{organization['currency']}. Take a plan in that currency, or a free one."
            )
            problems.append(Problem("CURRENCY_MISMATCH", (*path, "plan"), message))

    async def in_the_way(self, work: Work, doc: Doc) -> list[Problem]:
        found = []
        if doc["status"] in ("ACTIVE", "CANCELED"):
            message = f"It is {doc['status']}. End it first: update its status to ENDED."
            found.append(Problem("IN_USE", ("by",), message))
        linked: Doc = {"subscriptionId": doc["_id"]}
        return found + await resting(
            work, "credentials", linked, "credentials linked to it", "name", "Unlink them first."
        )


def fits(plan: Doc, organization: Doc) -> bool:
    """Whether an organization can subscribe to a plan, by its currency."""
    return bool(plan["charging"] == Charging.FREE.value or plan["currency"] == organization["currency"])


def change_of_status(before: Doc | None, after: Doc, now: datetime, path: Path) -> list[Problem]:
    """Whether it may go from one status to the other, or begin in that; when it ends is kept with it."""
    had = before["status"] if before else after["status"]
    if after["status"] != had and after["status"] not in GOES_TO[had]:
        message = f"It is {had} and cannot become {after['status']}."
        return [Problem("ENDED" if had == "ENDED" else "MISMATCH", (*path, "status"), message)]
    if before is not None and had == "ENDED":
        is_same = before.get("deletedAt") or all(after[each] == before[each] for each in TERMS)
        return [] if is_same else [Problem("ENDED", ("by",), "It is over. Make a new subscription.")]
    if after["status"] == "ENDED" and (after["activeTo"] is None or after["activeTo"] > now):
        after["activeTo"] = max(now, after["activeFrom"])
    if after["status"] == "CANCELED" and after["activeTo"] is None:
        message = "Say until when it still runs: `activeTo`."
        return [Problem("REQUIRED", (*path, "activeTo"), message)]
    return []
