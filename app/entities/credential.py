"""The keys that usage comes through: a stable record that owns them through every rotation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.former_owners import FormerOwner
from app.entities.statement import SCOPE
from app.entities.values import (
    APP_IDS,
    METADATA,
    AppDocument,
    AppId,
    MetadataEntry,
    app_metadata,
    app_namespace,
    history,
)
from app.graph.choices import Choice, choices
from app.graph.declarations import derived
from app.graph.documents import stored_values
from app.graph.edges import computed, one
from app.graph.many import many
from app.graph.ownership import MOVE_OR_DELETE, Blocker, MongoFilter, OnMerge, Ownership
from app.graph.record import (
    BY_CHANGE,
    Embedded,
    Record,
    by_app,
    claimed,
    embedded,
    filterable,
    filterable_as,
    filterable_choice,
    order,
    record,
)


@choices(description="Whether a key can still be used.")
class KeyStatus(Choice):
    """Whether a key works."""

    ACTIVE = "ACTIVE", "The key works."
    RETIRING = "RETIRING", "The key was replaced and works until `validTo`."
    ENDED = "ENDED", "The key no longer works. Usage that still carries it is attributed."


def status_at(status: str, valid_to: datetime | None, *, now: datetime) -> KeyStatus:
    """The status of a key now: one whose `validTo` has passed has ended, whatever was written."""
    return KeyStatus.ENDED if valid_to is not None and valid_to <= now else KeyStatus(status)


def best_status(keys: Iterable[Any], *, now: datetime) -> KeyStatus:
    """The status of a credential: ACTIVE or RETIRING where one of its keys is, given as models or as documents."""
    fields = ("status", "validTo")
    stored: Iterable[Mapping[str, Any]] = (
        each if isinstance(each, Mapping) else stored_values(each, fields) for each in keys
    )
    found = {status_at(each["status"], each.get("validTo"), now=now) for each in stored}
    return next((each for each in (KeyStatus.ACTIVE, KeyStatus.RETIRING) if each in found), KeyStatus.ENDED)


def has_best_status(status: KeyStatus, now: datetime) -> MongoFilter:
    """`best_status` as a MongoDB filter: the credentials that have that status at an instant."""
    if status is KeyStatus.ENDED:
        return {"validUntil": {"$lte": now}}
    active = {"keys": {"$elemMatch": {"status": KeyStatus.ACTIVE.value, **works_after(now)}}}
    if status is KeyStatus.ACTIVE:
        return active
    retiring: MongoFilter = {"status": KeyStatus.RETIRING.value, "validTo": {"$gt": now}}
    return {"keys": {"$elemMatch": retiring}, "$nor": [active]}


def works_after(now: datetime) -> MongoFilter:
    """The MongoDB filter for keys that have not ended by an instant, but for their written status."""
    return {"$or": [{"validTo": None}, {"validTo": {"$gt": now}}]}


@embedded(description="One key of a credential, as metering events carry it.")
class CredentialKey(Embedded):
    """One key of a credential."""

    value: str = Field(
        description="The key as metering events carry it: an API key, a client id or an alias. Not a secret."
    )
    valid_from: datetime = Field(description="When it starts to work, UTC.")
    valid_to: datetime | None = Field(default=None, description="When it stops working, UTC; null if it has no end.")

    external_secret: strawberry.Private[dict[str, str | bytes] | None] = None
    written_status: strawberry.Private[KeyStatus] = Field(default=KeyStatus.ACTIVE, alias="status")

    status = derived(KeyStatus, of=("status", "validTo"), by=status_at, doc="Whether the key works now.")


@record(description="Identifies the source of usage. Its keys can be rotated; the credential stays the same.")
class Credential(Record):
    """A stable record that owns keys."""

    collection: ClassVar = "credentials"
    prefix: ClassVar = "crd"
    read_scope: ClassVar = Scope.CREDENTIALS
    orders: ClassVar = (
        order("name", "By name, in code point order."),
        order("created_at", "By creation time."),
        BY_CHANGE,
    )
    filters: ClassVar = (
        filterable("name"),
        filterable("credential_id", indexed=True),
        filterable("tags", indexed=True),
        filterable_choice("status", matches=has_best_status),
        filterable("valid_until", indexed=True),
        filterable("last_used_at", indexed=True),
        filterable_as("organization_id", "The id of the organization that its usage is attributed to."),
        filterable_as("subscriber_id", "The id of its subscriber."),
        filterable_as("subscription_id", "The id of its subscription; null finds those without one."),
        filterable("created_at"),
        filterable("updated_at"),
        filterable("app_ids", indexed=True),
        filterable("custom_metadata", indexed=True),
    )
    finders: ClassVar = (
        claimed(
            "credential_id", "credentialKey", "Any of its keys, current or past.", fields=("keys",), within="value"
        ),
        by_app(app_namespace),
    )
    dated: ClassVar = ("organizationId", "subscriberId", "subscriptionId")
    needed_indexes: ClassVar = (("keys.status", "keys.validTo"),)
    covering_indexes: ClassVar = (("keyHashes",),)
    searched: ClassVar = ("name", "credentialId", "keys.value", "tags", "appIds.value")

    name: str = Field(min_length=1, max_length=256, description='Its label, such as "Mobile App Production Key".')
    credential_id: str = Field(
        min_length=1, max_length=256, description="Its current key, as metering events carry it. Not a secret."
    )
    keys: tuple[CredentialKey, ...] = Field(description="All its keys, oldest first.")
    tags: tuple[Annotated[str, Field(max_length=256)], ...] = Field(
        default=(), max_length=100, description="Labels to group and filter by."
    )
    valid_until: datetime | None = Field(
        default=None, description="When the last of its keys stops working, UTC; null if one has no end."
    )
    last_used_at: datetime | None = Field(default=None, description="When it was last used, UTC.")
    former_owners: tuple[FormerOwner, ...] = Field(
        default=(), description="To whom it belonged before, the first owner first: usage of that time is theirs."
    )
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    app_ids: tuple[AppId, ...] = Field(default=(), description=APP_IDS)

    app_rows: strawberry.Private[tuple[AppDocument, ...]] = Field(default=(), alias="appMetadata")
    key_hashes: strawberry.Private[tuple[str, ...]] = ()
    """The SHA-256 of each key: what LiteLLM sends in its place."""
    organization_id: strawberry.Private[str]
    subscriber_id: strawberry.Private[str | None] = None
    subscription_id: strawberry.Private[str | None] = None

    status = derived(
        KeyStatus,
        of=("keys",),
        by=best_status,
        doc="Whether it can be used: ACTIVE or RETIRING if one of its keys is, else ENDED.",
    )
    app_metadata = app_metadata()

    history = history()
    subscriber = one(
        "Subscriber",
        via="subscriberId",
        doc="The subscriber it belongs to; null if it is known only from usage so far.",
        owned=Ownership(blocks_delete=Blocker("live credentials", "name", "Delete them first.")),
    )
    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="Whose usage comes through it.",
        owned=Ownership(
            on_merge=OnMerge.REASSIGN,
            blocks_delete=Blocker("live credentials", "name", MOVE_OR_DELETE),
            is_counted=True,
        ),
    )
    subscription = one(
        "PlanSubscription",
        via="subscriptionId",
        doc="The subscription its usage is billed under, if one is linked.",
        owned=Ownership(blocks_delete=Blocker("credentials linked to it", "name", "Unlink them first.")),
    )
    statement = computed(
        "Statement",
        of=("organizationId",),
        batch="Credential.statement",
        scope=SCOPE,
        doc="The statement of the organization that pays for its usage, in that organization's currency.",
    )
    charges = many("InvoiceLine", by="credentialId", doc="The invoice lines for its usage.")
