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


@choices(description="Where a subscription stands.")
class SubscriptionStatus(Choice):
    """Where a subscription stands."""

    PENDING = "PENDING", "It has not begun."
    ACTIVE = "ACTIVE", "It runs."
    CANCELED = "CANCELED", "It was canceled and runs until `activeTo`."
    ENDED = "ENDED", "It is over."


RUNNING = Blocker("subscriptions that run", "externalId", "End them first.", {"status": {"$ne": "ENDED"}})


@record(description="That an organization is on a plan; its credentials bill under it.")
class Subscription(Record):
    """That an organization is on a plan."""

    collection: ClassVar = "subscriptions"
    prefix: ClassVar = "sbn"
    read_scope: ClassVar = Scope.CATALOG
    orders: ClassVar = (
        order("external_id", "By external id, in code point order."),
        order("active_from", "By when it begins."),
        order("created_at", "By when it was made."),
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
        min_length=1, max_length=256, description='What events and your systems call it: "sub_gold_1234567890". Unique.'
    )
    status: SubscriptionStatus = Field(description="Where it stands.")
    active_from: datetime = Field(description="From when on it runs, UTC.")
    active_to: datetime | None = Field(default=None, description="Until when it runs, UTC, exclusive; null: no end.")
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    organization_id: strawberry.Private[str]
    plan_id: strawberry.Private[str]

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="Who subscribes.",
        owned=Ownership(on_merge=OnMerge.REASSIGN, blocks_delete=RUNNING, is_counted=True, fixes_currency=True),
    )
    plan = one("Plan", via="planId", required=True, doc="To what.", owned=Ownership(blocks_delete=RUNNING))
    credentials = many("Credential", by="subscriptionId", doc="The keys whose usage it bills.")
    charges = many("InvoiceLine", by="subscriptionId", doc="The invoice lines for its usage.")
