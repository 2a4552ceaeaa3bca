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

    CREATED = "CREATED", "The record was created."
    UPDATED = "UPDATED", "Fields of the record changed."
    DELETED = "DELETED", "The record was deleted: it can be found by id only, and its keys are free again."
    RESTORED = "RESTORED", "The deleted record was restored."
    MOVED = "MOVED", "The organization was moved to another parent."
    MERGED = "MERGED", "Another organization was merged into this one."
    MERGED_AWAY = "MERGED_AWAY", "The organization was merged into another one and is now a tombstone."
    ROTATED = "ROTATED", "The credential was given a new key; the old one ends after its grace period."
    REVOKED = "REVOKED", "Keys of the credential were ended."


@embedded(description="One field of a record, before and after.")
class AuditChange(Embedded):
    """One field before and after."""

    field: str = Field(description="The field's stored name, such as `name` or `organizationId`.")
    before: JSON | None = Field(default=None, description="Its value before; null if it had none or is secret.")
    after: JSON | None = Field(default=None, description="Its value after; a secret is never shown.")


@record(description="One change to one record: who made it, when, and each field before and after.")
class AuditEntry(Record):
    """One write to one record. It is never changed."""

    collection: ClassVar = "auditEntries"
    prefix: ClassVar = "aud"
    read_scope: ClassVar = Scope.AUDIT
    orders: ClassVar = (order("created_at", "By creation time."),)
    filters: ClassVar = (
        filterable("record_id"),
        filterable("actor", indexed=True),
        filterable("operation"),
        filterable("action"),
        filterable("created_at"),
    )

    actor: str = Field(description="The id of the viewer who made the change.")
    operation: str = Field(description='The mutation or command, such as "moveOrganization" or "import credentials".')
    action: AuditAction = Field(description="What was done to the record.")
    record_id: str = Field(description="The id of the record, for `node(id:)`.")
    record_version: int | None = Field(
        default=None,
        description="The version of the record that the change made, 1 where it was created; null in entries of before "
        "it was kept. Entries about one record sort by it.",
    )
    changes: tuple[AuditChange, ...] = Field(default=(), description="Every field that changed.")

    record = any_record(
        via="recordId", doc="The record as it is now, deleted or not.", owned=Ownership(on_merge=OnMerge.NOTHING)
    )
