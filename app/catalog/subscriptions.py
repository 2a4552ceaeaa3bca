"""What may be written of subscriptions. Their status follows from their dates; canceling and ending are acts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from app.catalog.plans import is_free
from app.entities.catalog import Plan
from app.entities.credential import Credential
from app.entities.organization import Organization
from app.entities.subscription import PlanSubscription, SubscriptionStatus, status_at, status_of
from app.entities.value_rules import value_rule
from app.errors import Problem, Problems
from app.graph.documents import evolve, from_document
from app.mongo.client import Doc
from app.organizations.tree import at_or_below
from app.organizations.unclassified import validate_customer
from app.writing.inputs import CUSTOM_METADATA, Field, Inputs, RecordInput, Reference
from app.writing.naming import name_with_id
from app.writing.owned import SHOWN, name_a_few
from app.writing.rules import Rules
from app.writing.work import Work

TERMS = ("organization_id", "plan_id", "external_id", "active_from", "active_to")
MOST_CREDENTIALS = 10_000
PENDING, ACTIVE, CANCELED, ENDED = SubscriptionStatus


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
        Field(
            "status",
            required=False,
            rule=value_rule(PlanSubscription, "written_status"),
            annotation=SubscriptionStatus,
            doc="CANCELED lets it run until `activeTo`, ENDED ends it now, ACTIVE takes a cancellation back. What is "
            "omitted follows from its dates; what contradicts them is refused.",
        ),
        Field("active_from", required=False, doc="When it starts; now if omitted."),
        Field("active_to"),
        CUSTOM_METADATA,
        Reference(
            "organization",
            Organization,
            "organizationId",
            "The organization that subscribes. Another takes it over only while every credential that is linked to it "
            "belongs to that organization or one below it.",
            required=True,
        ),
        Reference("plan", Plan, "planId", "The plan it subscribes to.", required=True),
    )

    def construct(
        self, work: Work, base: Doc, before: PlanSubscription | None, given: RecordInput, problems: Problems
    ) -> PlanSubscription:
        """It starts now and bears its id where nothing else is said. Its status follows from its dates, but for acts:
        CANCELED and ENDED."""
        values = base | given.values
        own = {"externalId": values["externalId"] or values["_id"], "activeFrom": values["activeFrom"] or work.now}
        after = from_document(PlanSubscription, values | own)
        if before is None or "status" in given.values:
            after = with_status(after, given.values, work.now)
        if said := given.values.get("status"):
            validate_given_status(before, after, said, work.now, problems)
        if said == ENDED and after.active_to != given.values.get("activeTo", after.active_to):
            message = "It would end later: leave `activeTo` out to end it now, or give CANCELED to end it then."
            problems.add("MISMATCH", "activeTo", message)
        return after

    async def validate(
        self, work: Work, before: PlanSubscription | None, after: PlanSubscription, problems: Problems
    ) -> None:
        validate_change(before, after, work.now, problems)
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
        if before is None or after.organization_id != before.organization_id:
            validate_customer(after.organization_id, problems)
        if before is not None and organization and after.organization_id != before.organization_id:
            await validate_new_owner(work, after, organization, problems)

    async def deletion_blockers(self, work: Work, record: PlanSubscription) -> list[Problem]:
        blockers = []
        if (status := status_of(record, work.now)) in (ACTIVE, CANCELED):
            message = f"It is {status}. End it first: update its status to ENDED."
            blockers.append(Problem("IN_USE", ("by",), message))
        return blockers + await super().deletion_blockers(work, record)


def with_status(subscription: PlanSubscription, given: Doc, now: datetime) -> PlanSubscription:
    """A subscription as it is after what was given of its status: one that is ENDED ends now, unless it had before."""
    said = given.get("status") or ACTIVE
    if said == ENDED and (subscription.active_to is None or subscription.active_to > now):
        return evolve(subscription, written_status=ENDED, active_to=max(now, subscription.active_from))
    if said in (ENDED, CANCELED):
        return evolve(subscription, written_status=SubscriptionStatus(said))
    by_dates = status_at(ACTIVE, subscription.active_from, subscription.active_to, now=now)
    return evolve(subscription, written_status=by_dates)


def validate_given_status(
    before: PlanSubscription | None, after: PlanSubscription, said: str, now: datetime, problems: Problems
) -> None:
    """A status that is given is the one that the dates make. One that starts later may be canceled ahead."""
    status = status_of(after, now)
    if before is not None and said != ENDED and status_of(before, now) is ENDED:
        problems.add("ENDED", "status", f"It has ended and cannot become {said}. Create a new subscription.")
    elif said != status and not (said == CANCELED and status is PENDING):
        message = f"By its dates it is {status}: leave `status` out, or give other dates."
        problems.add("MISMATCH", "status", message)


def validate_change(
    before: PlanSubscription | None, after: PlanSubscription, now: datetime, problems: Problems
) -> None:
    """What ended stays as it is, what runs does not become PENDING again, and what is canceled has an end."""
    had = status_of(before or after, now)
    if before is not None and had is ENDED:
        if before.deleted_at is None and terms_of(after) != terms_of(before):
            problems.add("ENDED", "by", "An ended subscription cannot change. Create a new one.")
    elif had is not PENDING and status_of(after, now) is PENDING:
        problems.add("MISMATCH", "activeFrom", "It is running: it cannot start later. End it and create a new one.")
    elif after.written_status == CANCELED and after.active_to is None:
        problems.add("REQUIRED", "activeTo", "Give the time at which it ends: `activeTo`.")


async def validate_new_owner(
    work: Work, subscription: PlanSubscription, organization: Organization, problems: Problems
) -> None:
    """The credentials that are linked to a subscription stay at or below its organization, and are kept there."""
    query: Doc = {"subscriptionId": subscription.id, "deletedAt": None}
    linked = await work.find(Credential.collection, query, {"name": 1, "organizationId": 1}, limit=MOST_CREDENTIALS + 1)
    if len(linked) > MOST_CREDENTIALS:
        message = f"More than {MOST_CREDENTIALS:,} credentials are linked to it: link some to another one first."
        problems.add("TOO_LARGE", "organization", message)
        return
    ids = {doc["organizationId"] for doc in linked}
    await work.fetch(ids)
    work.lock_references(*ids)
    places = {each: work.get(Organization, each) for each in ids}
    covered = {
        each for each, place in places.items() if place and at_or_below(each, place.ancestor_ids, organization.id)
    }
    if outside := [doc for doc in linked if doc["organizationId"] not in covered]:
        named = name_a_few([name_with_id(doc) for doc in outside[:SHOWN]], len(outside))
        message = (
            f"Credentials of organizations that are neither {organization.name!r} nor below it are linked to it: "
            f"{named}. Move or unlink them first."
        )
        problems.add("SUBSCRIPTION_ELSEWHERE", "organization", message)


def terms_of(subscription: PlanSubscription) -> tuple[str | datetime | None, ...]:
    """The values that cannot change after a subscription has ended."""
    return tuple(getattr(subscription, name) for name in TERMS)
