"""What produces usage for a customer besides credentials."""

from __future__ import annotations

from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.identifiers import ExternalId
from app.entities.values import METADATA, MetadataEntry, history
from app.graph.choices import Choice, choices
from app.graph.edges import one
from app.graph.ownership import MOVE_OR_DELETE, Blocker, OnMerge, Ownership
from app.graph.record import BY_CHANGE, Record, claimed, filterable, order, record


@choices(description="What a usage attribute identifies.")
class UsageAttributeKind(Choice):
    """What a usage attribute stands for."""

    SUBJECT = "SUBJECT", "The `subject` of metering events."
    CONSUMER = "CONSUMER", "An API consumer, as a gateway identifies it."
    APPLICATION = "APPLICATION", "An application."


@record(
    description="Identifies a customer's usage other than by a credential: by a subject, a consumer or an application."
)
class UsageAttribute(Record):
    """What produces usage for a customer besides credentials."""

    collection: ClassVar = "usageAttributes"
    prefix: ClassVar = "att"
    read_scope: ClassVar = Scope.CUSTOMERS
    orders: ClassVar = (
        order("key", "By key, in code point order."),
        order("created_at", "By creation time."),
        BY_CHANGE,
    )
    filters: ClassVar = (
        filterable("key"),
        filterable("kind"),
        filterable("created_at"),
        filterable("updated_at"),
        filterable("custom_metadata", indexed=True),
    )
    finders: ClassVar = (claimed("key", "customer", "Its key."),)
    searched: ClassVar = ("key", "displayName")

    kind: UsageAttributeKind = Field(description="What it identifies.")
    key: ExternalId = Field(
        min_length=1,
        max_length=256,
        description="The value that usage events carry. It belongs to one organization only.",
    )
    display_name: str | None = Field(default=None, max_length=256, description="The name to show for it.")
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    organization_id: strawberry.Private[str]

    history = history()
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The organization its usage is attributed to.",
        owned=Ownership(
            on_merge=OnMerge.REASSIGN,
            blocks_delete=Blocker("live usage attributes", "key", MOVE_OR_DELETE),
            is_counted=True,
        ),
    )
