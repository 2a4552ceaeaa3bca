"""What an audit entry says: who did what to a record, and each field before and after. Never a secret.

Facts that follow from others (ancestors, normal forms, match keys, what search goes by) and what every write changes
are not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from app.access.secrets import SECRET
from app.entities.audit_entry import AuditAction, AuditEntry
from app.entities.identifiers import Identifiers
from app.graph.scalars import show_decimal, show_instant
from app.graph.search_texts import SEARCH_PARTS, SEARCH_TEXTS
from app.mongo.client import Doc

STAMPS = ("_id", "version", "guard", "createdAt", "updatedAt")
DERIVED = (
    "ancestorIds",
    "emailKey",
    "emailDomain",
    "nameKey",
    "validUntil",
    "keyHashes",
    "formerOwners",
    "matchKeys",
    "appIds",
    "appliesTo",
)
UNTOLD = frozenset((*STAMPS, *DERIVED, SEARCH_TEXTS, SEARCH_PARTS))
HIDDEN = "[secret]"


class Author(NamedTuple):
    """Who writes, and by which mutation or command."""

    actor: str
    operation: str


def entry(ids: Identifiers, author: Author, action: AuditAction, before: Doc | None, after: Doc) -> Doc:
    """The document of an audit entry; `before` is None where the record is new.

    It has the record's `updatedAt` and sorts by its version, so that a history tells writes in their order. It is
    written as it is stored: there is one for each record of an import, and a test holds it against `AuditEntry`.
    """
    at, version = after["updatedAt"], after["version"]
    return {
        "_id": ids.new_of_version(AuditEntry, at, version),
        "createdAt": at,
        "updatedAt": at,
        "deletedAt": None,
        "version": 1,
        "actor": author.actor,
        "operation": author.operation,
        "action": action.value,
        "recordId": after["_id"],
        "recordVersion": version,
        "changes": list(differences(before or {}, after)),
    }


def differences(before: Doc, after: Doc) -> Iterator[Doc]:
    """Each field that differs, as an `AuditChange` is stored. Null and an empty list are both nothing."""
    for name, new in after.items():
        if name in UNTOLD:
            continue
        old = before.get(name)
        if old != new and (old or new or old is False or new is False or 0 in (old, new)):
            yield {"field": name, "before": told(old), "after": told(new)}


def told(value: Any) -> Any:
    """A stored value as JSON tells it; of a secret only that there is one."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {name: HIDDEN if name == SECRET and each else told(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [told(each) for each in value]
    if isinstance(value, Decimal):
        return show_decimal(value)
    if isinstance(value, datetime):
        return show_instant(value)
    return value
