"""That an organization is on a plan. Credentials link to it: one invoice per company, usage per key."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.values import METADATA, MetadataEntry, history
from app.graph.choices import Choice, choices
from app.graph.declarations import derived
from app.graph.edges import one
from app.graph.many import many
from app.graph.ownership import Blocker, MongoFilter, OnMerge, Ownership
from app.graph.record import BY_CHANGE, Record, claimed, filterable, filterable_as, filterable_choice, order, record


@choices(description="The status of a subscription.")
class SubscriptionStatus(Choice):
    """Where a subscription stands."""

    PENDING = "PENDING", "It has not started yet."
    ACTIVE = "ACTIVE", "It is running."
    CANCELED = "CANCELED", "It was canceled, and runs until `activeTo`."
    ENDED = "ENDED", "It has ended for good: `activeTo` has passed."


def status_at(written: str, active_from: datetime, active_to: datetime | None, *, now: datetime) -> SubscriptionStatus:
    """The status at an instant, which follows from the dates. Of what was `written`, only CANCELED and ENDED count."""
    if written == SubscriptionStatus.ENDED or (active_to is not None and active_to <= now):
        return SubscriptionStatus.ENDED
    if active_from > now:
        return SubscriptionStatus.PENDING
    is_canceled = written == SubscriptionStatus.CANCELED
    return SubscriptionStatus.CANCELED if is_canceled else SubscriptionStatus.ACTIVE


def has_status(status: SubscriptionStatus, now: datetime) -> MongoFilter:
    """`status_at` as a MongoDB filter: the subscriptions that have that status at an instant."""
    if status is SubscriptionStatus.ENDED:
        return {"$or": [{"status": status.value}, {"activeTo": {"$lte": now}}]}
    if status is SubscriptionStatus.PENDING:
        return {**not_ended(now), "activeFrom": {"$gt": now}}
    canceled = SubscriptionStatus.CANCELED.value
    written = {"$eq": canceled} if status is SubscriptionStatus.CANCELED else {"$nin": [canceled, "ENDED"]}
    return {**not_ended(now), "activeFrom": {"$lte": now}, "status": written}


def not_ended(now: datetime) -> MongoFilter:
    """The MongoDB filter for the subscriptions that run at an instant or later."""
    over = SubscriptionStatus.ENDED.value
    return {"status": {"$ne": over}, "$or": [{"activeTo": None}, {"activeTo": {"$gt": now}}]}


def is_running(now: datetime) -> MongoFilter:
    """The MongoDB filter for the subscriptions that run at an instant."""
    return {**not_ended(now), "activeFrom": {"$lte": now}}


NOT_ENDED = Blocker("subscriptions that have not ended", "externalId", "End them first.", not_ended)


@record(description="An organization's subscription to a plan, under which usage of its credentials is billed.")
class PlanSubscription(Record):
    """That an organization is on a plan."""

    collection: ClassVar = "subscriptions"
    prefix: ClassVar = "sub"
    noun: ClassVar = "subscription"
    read_scope: ClassVar = Scope.CATALOG
    orders: ClassVar = (
        order("external_id", "By external id, in code point order."),
        order("active_from", "By start time."),
        order("created_at", "By creation time."),
        BY_CHANGE,
    )
    filters: ClassVar = (
        filterable("external_id"),
        filterable_choice("status", matches=has_status),
        filterable_as("organization_id", "The id of the organization that subscribes."),
        filterable_as("plan_id", "The id of its plan."),
        filterable("active_from"),
        filterable("active_to"),
        filterable("created_at"),
        filterable("updated_at"),
        filterable("custom_metadata", indexed=True),
    )
    finders: ClassVar = (claimed("external_id", "subscription", "Its external id."),)
    searched: ClassVar = ("externalId",)

    external_id: str = Field(
        min_length=1,
        max_length=256,
        description='Its id in usage events and in your own system, such as "sub_gold_1234567890". Unique.',
    )
    active_from: datetime = Field(description="When it starts, UTC.")
    active_to: datetime | None = Field(default=None, description="When it ends, UTC, exclusive; null if it has no end.")
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    organization_id: strawberry.Private[str]
    plan_id: strawberry.Private[str]
    written_status: strawberry.Private[SubscriptionStatus] = Field(alias="status")

    status = derived(
        SubscriptionStatus,
        of=("status", "activeFrom", "activeTo"),
        by=status_at,
        doc="Its status, which follows from its dates and the time.",
    )

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The organization that subscribes.",
        owned=Ownership(on_merge=OnMerge.REASSIGN, blocks_delete=NOT_ENDED, is_counted=True, fixes_currency=True),
    )
    plan = one(
        "Plan", via="planId", required=True, doc="The plan it subscribes to.", owned=Ownership(blocks_delete=NOT_ENDED)
    )
    credentials = many("Credential", by="subscriptionId", doc="The credentials whose usage is billed under it.")
    charges = many("InvoiceLine", by="subscriptionId", doc="The invoice lines for its usage.")


def status_of(subscription: PlanSubscription, now: datetime) -> SubscriptionStatus:
    """The status of a subscription at an instant."""
    return status_at(subscription.written_status, subscription.active_from, subscription.active_to, now=now)
