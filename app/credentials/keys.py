"""The keys of a credential through time: what a new key, a rotation, an expiry and a revocation make of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.access.secrets import SECRET
from app.entities.credential import KeyStatus, status_at

Key = dict[str, Any]
"""As it is stored: value, status, validFrom, validTo, externalSecret."""


def new_key(value: str, valid_from: datetime, valid_to: datetime | None, secret: Mapping[str, Any] | None) -> Key:
    """A key that works."""
    return {
        "value": value,
        "validFrom": valid_from,
        "validTo": valid_to,
        SECRET: dict(secret) if secret else None,
        "status": KeyStatus.ACTIVE.value,
    }


def has_ended(key: Mapping[str, Any], now: datetime) -> bool:
    """Whether a key works no more."""
    return status_at(key["status"], key.get("validTo"), now=now) is KeyStatus.ENDED


def current(keys: Sequence[Key], credential_id: str) -> Key:
    """The key that the credential goes by."""
    return next(key for key in keys if key["value"] == credential_id)


def with_current(keys: Sequence[Key], credential_id: str, **values: Any) -> list[Key]:
    """The keys, the current one with other values."""
    return [key | values if key["value"] == credential_id else key for key in keys]


def rotated(keys: Sequence[Key], added: Key, now: datetime, grace: timedelta) -> list[Key]:
    """The keys with a new one; those that work retire, until the grace period ends or they do."""
    until = now + grace
    return [*(key if has_ended(key, now) else ended_at(key, until, now) for key in keys), added]


def ended_at(key: Key, until: datetime, now: datetime) -> Key:
    """A key that works until then."""
    valid_to = min(filter(None, (key.get("validTo"), until)))
    status = KeyStatus.ENDED if valid_to <= now else KeyStatus.RETIRING
    return key | {"status": status.value, "validTo": valid_to}


def revoked(keys: Sequence[Key], now: datetime, values: Sequence[str] | None) -> list[Key]:
    """The keys, those of these values ended now; all of them where that is None."""
    return [
        ended_at(key, now, now) if (values is None or key["value"] in values) and not has_ended(key, now) else key
        for key in keys
    ]
