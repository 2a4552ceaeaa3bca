"""Secrets at rest: AES-256-GCM with the record's id as associated data, so that none can be moved to another record.

The key comes from the environment or a file, never from the database. Nothing shows a secret yet.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import SetupError

KEY_BYTES, NONCE_BYTES = 32, 12
SECRET = "externalSecret"  # noqa: S105  # a field's name
"""The field in which a secret is given, and stored encrypted. Its value is never returned and never logged."""


@dataclass(frozen=True, slots=True, repr=False)
class Cipher:
    """Encrypts and decrypts under one key. What it encrypts bears `key_id`, so that the key can be changed one day."""

    key: bytes
    key_id: str

    @classmethod
    def from_key(cls, key: bytes) -> Cipher:
        """The cipher of a key of 32 bytes."""
        return cls(key, hashlib.sha256(b"customer-graph key id" + key).hexdigest()[:16])

    def encrypt(self, secret: str, record_id: str) -> dict[str, str | bytes]:
        """The secret as it is stored with the record: the key's id, a nonce of its own, and the encrypted text."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.key).encrypt(nonce, secret.encode(), record_id.encode())
        return {"keyId": self.key_id, "nonce": nonce, "sealed": sealed}

    def decrypt(self, stored: dict[str, str | bytes], record_id: str) -> str:
        """The secret of a record, from what `encrypt` made of it; raises InvalidTag for anything else."""
        nonce, sealed = stored["nonce"], stored["sealed"]
        assert isinstance(nonce, bytes)  # noqa: S101  # as `encrypt` made it
        assert isinstance(sealed, bytes)  # noqa: S101
        return AESGCM(self.key).decrypt(nonce, sealed, record_id.encode()).decode()

    def digest(self, secret: str) -> str:
        """A keyed hash of a secret, by which two are compared: without the key nobody can try out guesses."""
        return hmac.new(self.key, secret.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()


def parse_key(text: str) -> bytes:
    """The key in a text of 32 bytes in base64, as the environment or a file has it."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SetupError("A secret key is 32 random bytes in base64: make one with `openssl rand -base64 32`.")
    return key


def read_key_file(path: Path) -> bytes:
    """The key in a file; raises SetupError where there is none."""
    try:
        return parse_key(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"The secret key cannot be read from {path}: {type(error).__name__}.") from None


def load_or_create_key(directory: Path) -> bytes:
    """The key beside the embedded MongoDB's data, made when it is first needed; only its owner can read it."""
    path = directory / "secret.key"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        made = base64.b64encode(os.urandom(KEY_BYTES)) + b"\n"
        part = path.with_name(f"secret.key.{os.getpid()}")
        part.touch(mode=0o600)
        part.write_bytes(made)
        try:
            os.link(part, path)  # of several processes that start at once, one makes it
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return read_key_file(path)
