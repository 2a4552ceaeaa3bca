"""That an organization is on a plan. Credentials link to it: one invoice per company, usage per key."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.values import METADATA, MetadataEntry, history
from app.graph.choices import Choice, choices
from app.graph.edges import one
from app.graph.many import many
from app.graph.ownership import Blocker, OnMerge, Ownership
from app.graph.record import Record, claimed, filterable, order, record


@choices(description="The status of a subscription.")
class SubscriptionStatus(Choice):
    """Where a subscription stands."""

    PENDING = "PENDING", "Not started yet."
    ACTIVE = "ACTIVE", "Running."
    CANCELED = "CANCELED", "Canceled, and running until `activeTo`."
    ENDED = "ENDED", "Ended for good."


RUNNING = Blocker("running subscriptions", "externalId", "End them first.", {"status": {"$ne": "ENDED"}})


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
    )
    filters: ClassVar = (
        filterable("external_id"),
        filterable("status"),
        filterable("active_from"),
        filterable("created_at"),
        filterable("custom_metadata", indexed=True),
    )
    finders: ClassVar = (claimed("external_id", "subscription", "Its external id."),)
    searched: ClassVar = ("externalId",)

    external_id: str = Field(
        min_length=1,
        max_length=256,
        description='Its id in usage events and in your own system, such as "sub_gold_1234567890". Unique.',
    )
    status: SubscriptionStatus = Field(description="Its status.")
    active_from: datetime = Field(description="When it starts, UTC.")
    active_to: datetime | None = Field(default=None, description="When it ends, UTC, exclusive; null if it has no end.")
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    organization_id: strawberry.Private[str]
    plan_id: strawberry.Private[str]

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The organization that subscribes.",
        owned=Ownership(on_merge=OnMerge.REASSIGN, blocks_delete=RUNNING, is_counted=True, fixes_currency=True),
    )
    plan = one(
        "Plan", via="planId", required=True, doc="The plan it subscribes to.", owned=Ownership(blocks_delete=RUNNING)
    )
    credentials = many("Credential", by="subscriptionId", doc="The credentials whose usage is billed under it.")
    charges = many("InvoiceLine", by="subscriptionId", doc="The invoice lines for its usage.")
