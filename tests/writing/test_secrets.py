"""Secrets at rest: what is encrypted for one record opens for no other, and the key is made once and kept apart."""

from __future__ import annotations

import base64
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from app.access.secrets import KEY_BYTES, Cipher, load_or_create_key, parse_key, read_key_file
from app.errors import SetupError

KEY = bytes(range(KEY_BYTES))
CIPHER = Cipher.from_key(KEY)


@pytest.mark.parametrize("secret", ["s", "hush hush", "名😀", "\0", "x" * 4096])
def test_a_secret_comes_back_for_its_own_record_only(secret: str) -> None:
    stored = CIPHER.encrypt(secret, "crd_1")
    assert CIPHER.decrypt(stored, "crd_1") == secret
    assert stored["sealed"] != CIPHER.encrypt(secret, "crd_1")["sealed"]
    assert len(secret) < 4 or secret.encode() not in bytes(stored["sealed"])  # type: ignore[arg-type]  # it is bytes
    for cipher, record_id in ((CIPHER, "crd_2"), (CIPHER, ""), (Cipher.from_key(bytes(KEY_BYTES)), "crd_1")):
        with pytest.raises(InvalidTag):
            cipher.decrypt(stored, record_id)


def test_what_was_tampered_with_does_not_open() -> None:
    stored = CIPHER.encrypt("secret", "crd_1")
    for field in ("nonce", "sealed"):
        value = stored[field]
        assert isinstance(value, bytes)
        with pytest.raises(InvalidTag):
            CIPHER.decrypt(stored | {field: bytes([value[0] ^ 1]) + value[1:]}, "crd_1")


def test_a_digest_tells_secrets_apart_under_one_key() -> None:
    other = Cipher.from_key(bytes(KEY_BYTES))
    assert CIPHER.digest("a") == Cipher.from_key(KEY).digest("a")
    assert len({CIPHER.digest("a"), CIPHER.digest("b"), CIPHER.digest(""), other.digest("a")}) == 4
    assert (CIPHER.key_id, CIPHER.key_id == other.key_id) == (Cipher.from_key(KEY).key_id, False)


def test_a_cipher_does_not_show_its_key() -> None:
    for told in (repr(CIPHER), str(CIPHER), CIPHER.key_id):
        assert repr(KEY)[2:-1] not in told
        assert KEY.hex() not in told


def test_a_key_is_32_bytes_in_base64() -> None:
    good = base64.b64encode(KEY).decode()
    assert parse_key(good) == parse_key(f" {good}\n") == KEY
    short, long = (base64.b64encode(bytes(n)).decode() for n in (31, 33))
    for wrong in ("", "x", short, long, good[:-1], good + "=", f"{good[:5]} {good[5:]}", "é" * 44, KEY.hex()):
        with pytest.raises(SetupError) as refused:
            parse_key(wrong)
        assert not wrong or wrong not in str(refused.value)


def test_a_file_that_holds_no_key_is_said_to(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(SetupError, match="cannot be read"):
        read_key_file(path)
    path.write_bytes(b"\xff" * 44)
    with pytest.raises(SetupError, match="cannot be read"):
        read_key_file(path)


def test_processes_that_start_at_once_make_one_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    own = f"load_or_create_key(Path({str(directory)!r})).hex()"
    code = f"from pathlib import Path; from app.access.secrets import load_or_create_key; print({own})"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)]
    made = {process.communicate()[0] for process in started}
    assert made == {load_or_create_key(directory).hex().encode() + b"\n"}
    [path] = directory.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
