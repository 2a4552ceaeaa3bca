"""The secret of a key: read as it is given, encrypted at once, and never repeated in a message."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag

from app.access.secrets import SECRET, Cipher
from app.entities.texts import Invalid
from app.errors import Problems
from app.writing.work import Work

MOST_CHARACTERS = 4_096
Sealed = dict[str, str | bytes]
"""A secret as it is stored."""


def secret_text(value: object) -> str:
    """A secret, exactly as it is given."""
    if not isinstance(value, str):
        raise Invalid("INVALID_TYPE", "A secret must be text.")
    if not value:
        raise Invalid("REQUIRED", "The secret is empty: omit it if there is none.")
    if len(value) > MOST_CHARACTERS:
        raise Invalid("TOO_LONG", f"A secret has at most {MOST_CHARACTERS:,} characters.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid("INVALID_TEXT", "The secret is not valid Unicode.") from None
    return value


def seal(
    work: Work, record_id: str, secret: str | None, problems: Problems, there: Sealed | None = None
) -> Sealed | None:
    """A secret as it is stored with that credential; None where there is none, or none can be kept.

    Where it is the one that is `there`, that is kept, so that nothing changes.
    """
    if not secret:
        return None
    if work.cipher is None:
        message = "The server has no key to encrypt secrets with: set CUSTOMER_GRAPH_SECRET_KEY."
        problems.add("SECRETS_NOT_CONFIGURED", SECRET, message)
        return None
    if there and is_sealed_in(there, secret, record_id, work.cipher):
        return there
    return work.cipher.encrypt(secret, record_id)


def is_sealed_in(there: Sealed, secret: str, record_id: str, cipher: Cipher) -> bool:
    """Whether a stored secret is that one; False also where it was encrypted under another key."""
    try:
        return cipher.decrypt(there, record_id) == secret
    except InvalidTag:
        return False
