"""Idempotency keys: a retry of a mutation returns the first result and changes nothing.

A row is written in the transaction of the effect, unique on (caller, mutation, key), and kept for seven days. It holds
a hash of the input, never the input, and the result as it was stored.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from app.access.secrets import SECRET, Cipher
from app.errors import Problem, Refused
from app.mongo.client import Doc, Store

COLLECTION = "idempotencyKeys"
KEPT_SECONDS = 7 * 24 * 3600
LONGEST = 255
INDEXES = [IndexModel([("createdAt", ASCENDING)], name="kept for seven days", expireAfterSeconds=KEPT_SECONDS)]
FIELD = ("idempotencyKey",)


def check_key(key: str) -> None:
    """Refuse a key that is none."""
    if not key.strip() or len(key) > LONGEST:
        message = f"An idempotency key has 1 to {LONGEST} characters, such as a UUID."
        raise Refused([Problem("REQUIRED" if not key.strip() else "TOO_LONG", FIELD, message)])


def digest(given: Any, cipher: Cipher | None) -> str:
    """A hash of the input, the same for the same input; of secrets it has a digest that needs the server's key."""
    text = json.dumps(without_secrets(given, cipher), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def without_secrets(value: Any, cipher: Cipher | None) -> Any:
    """The input with a digest in place of each secret."""
    if isinstance(value, dict):
        return {
            name: (cipher.digest(each) if cipher else "")
            if name == SECRET and isinstance(each, str)
            else without_secrets(each, cipher)
            for name, each in value.items()
            if name != FIELD[0]
        }
    if isinstance(value, list):
        return [without_secrets(each, cipher) for each in value]
    return value


async def earlier(store: Store, scope: tuple[str, str, str], hashed: str, session: AsyncClientSession) -> Doc | None:
    """The result that (caller, mutation, key) had; Refused where it was of another input."""
    found = await store[COLLECTION].find_one({"_id": row_id(scope)}, session=session)
    if found is None:
        return None
    if found["hash"] != hashed:
        message = f"This key was used with another input at {found['createdAt']:%Y-%m-%dT%H:%M:%SZ}. Take a new key."
        raise Refused([Problem("IDEMPOTENCY_KEY_REUSED", FIELD, message)])
    result: Doc = found["result"]
    return result


async def remember(
    store: Store, scope: tuple[str, str, str], hashed: str, result: Doc, session: AsyncClientSession
) -> None:
    """Keep the result, in the transaction that made it, for as long as the database's own clock says."""
    row = {"_id": row_id(scope), "hash": hashed, "result": result, "createdAt": datetime.now(UTC)}
    await store[COLLECTION].insert_one(row, session=session)


def row_id(scope: tuple[str, str, str]) -> str:
    """One text of caller, mutation and key, whatever characters they have."""
    return json.dumps(scope)
