"""What may be written of subscriptions, and which way they go: PENDING, ACTIVE, CANCELED, ENDED."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from app.catalog.plans import is_free
from app.entities.catalog import Plan
from app.entities.organization import Organization
from app.entities.subscription import PlanSubscription, SubscriptionStatus
from app.errors import Problem, Problems
from app.graph.documents import evolve, from_document
from app.mongo.client import Doc
from app.writing.inputs import CUSTOM_METADATA, Field, Inputs, RecordInput, Reference
from app.writing.rules import Rules
from app.writing.work import Work

TERMS = ("plan_id", "external_id", "active_from", "active_to")
PENDING, ACTIVE, CANCELED, ENDED = SubscriptionStatus
GOES_TO: dict[str, frozenset[str]] = {
    PENDING: frozenset({ACTIVE, CANCELED, ENDED}),
    ACTIVE: frozenset({CANCELED, ENDED}),
    CANCELED: frozenset({ACTIVE, ENDED}),
    ENDED: frozenset(),
}


class SubscriptionRules(Rules[PlanSubscription]):
    """Subscriptions. A customer subscribes to a plan in the customer's currency; a FREE plan may be in any."""

    record = PlanSubscription
    inputs: ClassVar[Inputs] = (
        Field(
            "external_id",
            required=False,
            doc='Its id in usage events and in your own system, such as "sub_gold_1234567890". Unique; defaults '
            "to its id.",
        ),
        Field("status", required=False, doc="Its status; determined by its dates if omitted."),
        Field("active_from", required=False, doc="When it starts; now if omitted."),
        Field("active_to"),
        CUSTOM_METADATA,
        Reference(
            "organization",
            Organization,
            "organizationId",
            "The organization that subscribes.",
            required=True,
            on_update=False,
        ),
        Reference("plan", Plan, "planId", "The plan it subscribes to.", required=True),
    )

    def construct(
        self, work: Work, base: Doc, before: PlanSubscription | None, given: RecordInput, problems: Problems
    ) -> PlanSubscription:
        """Values that are omitted or null have defaults: its id, this instant, and the status by its dates."""
        values = base | given.values
        active_from = values["activeFrom"] or work.now
        own = {
            "externalId": values["externalId"] or values["_id"],
            "activeFrom": active_from,
            "status": values["status"] or (PENDING if active_from > work.now else ACTIVE).value,
        }
        return from_document(PlanSubscription, values | own)

    async def complete(self, work: Work, before: PlanSubscription | None, after: PlanSubscription) -> PlanSubscription:
        """A subscription that becomes ENDED ends now, unless it had ended before."""
        ends_now = after.status == ENDED and (before is None or before.status != ENDED)
        if ends_now and (after.active_to is None or after.active_to > work.now):
            return evolve(after, active_to=max(work.now, after.active_from))
        return after

    async def validate(
        self, work: Work, before: PlanSubscription | None, after: PlanSubscription, problems: Problems
    ) -> None:
        validate_status(before, after, problems)
        if after.active_to is not None and after.active_to < after.active_from:
            problems.add("INVALID_INSTANT", "activeTo", "It would end before it starts: give a later `activeTo`.")
        await work.fetch([after.organization_id, after.plan_id])
        organization, plan = work.get(Organization, after.organization_id), work.get(Plan, after.plan_id)
        if organization and plan and not is_free(plan) and plan.currency != organization.currency:
            message = (
                f"The plan {plan.key!r} is in {plan.currency}, but the customer is billed in {organization.currency}. "
                "Choose a plan in that currency or a free one."
            )
            problems.add("CURRENCY_MISMATCH", "plan", message)

    async def deletion_blockers(self, work: Work, record: PlanSubscription) -> list[Problem]:
        blockers = []
        if record.status in (ACTIVE, CANCELED):
            message = f"It is {record.status}. End it first: update its status to ENDED."
            blockers.append(Problem("IN_USE", ("by",), message))
        return blockers + await super().deletion_blockers(work, record)


def validate_status(before: PlanSubscription | None, after: PlanSubscription, problems: Problems) -> None:
    """Whether a subscription may go from one status to the other, or begin in that."""
    had = before.status if before else after.status
    if after.status != had and after.status not in GOES_TO[had]:
        code = "ENDED" if had == ENDED else "MISMATCH"
        problems.add(code, "status", f"It is {had} and cannot become {after.status}.")
    elif before is not None and had == ENDED:
        if before.deleted_at is None and terms_of(after) != terms_of(before):
            problems.add("ENDED", "by", "An ended subscription cannot change. Create a new one.")
    elif after.status == CANCELED and after.active_to is None:
        problems.add("REQUIRED", "activeTo", "Give the time at which it ends: `activeTo`.")


def terms_of(subscription: PlanSubscription) -> tuple[str | datetime | None, ...]:
    """The values that cannot change after a subscription has ended."""
    return tuple(getattr(subscription, name) for name in TERMS)
