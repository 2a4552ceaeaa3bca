"""Who did what to which record, and when: one entry for each record that a write concerns, in the same transaction."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from app.access.viewer import Scope
from app.graph.choices import Choice, choices
from app.graph.nodes import any_record
from app.graph.ownership import OnMerge, Ownership
from app.graph.record import Embedded, Record, embedded, filterable, order, record
from app.graph.scalars import JSON


@choices(description="What was done to a record.")
class AuditAction(Choice):
    """What was done to a record."""

    CREATED = "CREATED", "It was made."
    UPDATED = "UPDATED", "Fields of it were given other values."
    DELETED = "DELETED", "It was deleted: it is found by id only, and its keys are free again."
    RESTORED = "RESTORED", "It was brought back after it had been deleted."
    MOVED = "MOVED", "It was put under another organization."
    MERGED = "MERGED", "Another organization was merged into it."
    MERGED_AWAY = "MERGED_AWAY", "It was merged into another organization, and is a tombstone now."
    ROTATED = "ROTATED", "It was given a new key; the old one retires."
    REVOKED = "REVOKED", "Its keys were ended."


@embedded(description="One field of a record, before and after.")
class AuditChange(Embedded):
    """One field before and after."""

    field: str = Field(description="The field's stored name, such as `name` or `organizationId`.")
    before: JSON | None = Field(default=None, description="Its value before; null if it had none, or was secret.")
    after: JSON | None = Field(default=None, description="Its value after; a secret is never told.")


@record(description="One write to one record: who, when, what, and each field before and after.")
class AuditEntry(Record):
    """One write to one record. It is never changed."""

    collection: ClassVar = "auditEntries"
    prefix: ClassVar = "aud"
    read_scope: ClassVar = Scope.AUDIT
    orders: ClassVar = (order("created_at", "By when it was written."),)
    filters: ClassVar = (
        filterable("record_id"),
        filterable("actor", indexed=True),
        filterable("operation"),
        filterable("action"),
        filterable("created_at"),
    )

    actor: str = Field(description="Who did it: the viewer's id.")
    operation: str = Field(description='By which mutation or command: "moveOrganization", "import credentials".')
    action: AuditAction = Field(description="What was done to the record.")
    record_id: str = Field(description="The id of the record; `node(id:)` fetches it.")
    changes: tuple[AuditChange, ...] = Field(default=(), description="Every field that changed.")

    record = any_record(
        via="recordId", doc="The record as it is now, deleted or not.", owned=Ownership(on_merge=OnMerge.NOTHING)
    )
