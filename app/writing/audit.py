"""What an audit entry says: who did what to a record, and each field before and after. Never a secret.

Facts that follow from others (ancestors, normal forms, match keys) and what every write changes are not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from app.access.secrets import SECRET
from app.entities.audit_entry import AuditAction, AuditChange, AuditEntry
from app.entities.identifiers import Identifiers
from app.graph.documents import to_document
from app.graph.scalars import show_decimal, show_instant
from app.mongo.client import Doc

UNTOLD = frozenset(
    {"_id", "version", "guard", "createdAt", "updatedAt", "ancestorIds", "emailKey", "matchKeys", "appliesTo"}
)
HIDDEN = "[secret]"


class Author(NamedTuple):
    """Who writes, and by which mutation or command."""

    actor: str
    operation: str


def entry(ids: Identifiers, now: datetime, author: Author, action: AuditAction, before: Doc | None, after: Doc) -> Doc:
    """The document of an audit entry; `before` is None where the record is new."""
    return to_document(
        AuditEntry.model_construct(
            id=ids.new(AuditEntry),
            created_at=now,
            updated_at=now,
            actor=author.actor,
            operation=author.operation,
            action=action,
            record_id=after["_id"],
            changes=tuple(differences(before or {}, after)),
        )
    )


def differences(before: Doc, after: Doc) -> Iterator[AuditChange]:
    """Each field that differs. What is nothing before and after (null, an empty list) does not."""
    for name in after:
        old, new = before.get(name), after[name]
        if name not in UNTOLD and old != new and (old or new or old is False or new is False or 0 in (old, new)):
            yield AuditChange.model_construct(field=name, before=told(old), after=told(new))


def told(value: Any) -> Any:
    """A stored value as JSON tells it; of a secret only that there is one."""
    if isinstance(value, dict):
        return {name: HIDDEN if name == SECRET and each else told(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [told(each) for each in value]
    if isinstance(value, Decimal):
        return show_decimal(value)
    if isinstance(value, datetime):
        return show_instant(value)
    return value
