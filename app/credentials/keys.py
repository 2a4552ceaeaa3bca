"""The keys of a credential through time: what a new key, a rotation, an expiry and a revocation make of them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from app.entities.credential import Credential, CredentialKey, KeyStatus, status_at
from app.graph.documents import evolve

Keys = tuple[CredentialKey, ...]
"""All keys of a credential, the oldest first."""


def has_ended(key: CredentialKey, now: datetime) -> bool:
    """Whether a key works no more."""
    return status_at(key.written_status, key.valid_to, now=now) is KeyStatus.ENDED


def valid_until(keys: Sequence[CredentialKey]) -> datetime | None:
    """When the last of the keys stops working; None where one has no end."""
    ends = [key.valid_to for key in keys if key.valid_to is not None]
    return max(ends, default=None) if len(ends) == len(keys) else None


def hash_key(value: str) -> str:
    """The SHA-256 of a key in hexadecimal, which stands in its place where a proxy keeps keys to itself."""
    return hashlib.sha256(value.encode()).hexdigest()


def with_keys(credential: Credential, keys: Keys) -> Credential:
    """A credential with these keys, and what follows from them."""
    hashes = tuple(hash_key(key.value) for key in keys)
    return evolve(credential, keys=keys, valid_until=valid_until(keys), key_hashes=hashes)


def find_current(keys: Sequence[CredentialKey], credential_id: str) -> CredentialKey:
    """The key that the credential goes by."""
    return next(key for key in keys if key.value == credential_id)


def replace_current(keys: Sequence[CredentialKey], current: CredentialKey) -> Keys:
    """The keys with another state of the one that has this value."""
    return tuple(current if key.value == current.value else key for key in keys)


def rotate_keys(keys: Sequence[CredentialKey], added: CredentialKey, now: datetime, grace: timedelta) -> Keys:
    """The keys with a new one; those that work retire, until the grace period ends or they do."""
    until = now + grace
    return (*(key if has_ended(key, now) else end_key(key, until, now) for key in keys), added)


def end_key(key: CredentialKey, until: datetime, now: datetime) -> CredentialKey:
    """A key that works until then, or until it ends by itself."""
    valid_to = until if key.valid_to is None else min(key.valid_to, until)
    status = KeyStatus.ENDED if valid_to <= now else KeyStatus.RETIRING
    return evolve(key, written_status=status, valid_to=valid_to)


def revoke_keys(keys: Sequence[CredentialKey], now: datetime, values: Collection[str] | None) -> Keys:
    """The keys, those of these values ended now; all of them where that is None."""
    return tuple(
        end_key(key, now, now) if (values is None or key.value in values) and not has_ended(key, now) else key
        for key in keys
    )
