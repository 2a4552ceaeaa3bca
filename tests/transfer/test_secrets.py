"""Secrets in imports: encrypted at once with the record's own id, compared with nothing, told by nobody."""

from __future__ import annotations

import io
from typing import Any

import pytest

from app.access.secrets import Cipher
from app.access.viewer import LOCAL_ADMIN
from app.cli.report import write_outcome
from app.mongo.client import Store
from app.schema import IMPORTERS
from app.transfer.outcome import Outcome, Result
from app.transfer.rows import find_source
from app.transfer.runner import ImportRun
from tests.asking import CIPHER
from tests.transfer.running import NOW, Files, codes

SECRET = "s3cr3t-that-nobody-sees"  # noqa: S105  # made up
ROW: dict[str, Any] = {"credential_id": "k", "name": "K", "subscriber_email": "a@x.com", "external_secret": SECRET}


async def imported(files: Files, *rows: dict[str, Any], cipher: Cipher | None = CIPHER) -> list[Outcome]:
    """What became of these credentials."""
    run = ImportRun(
        IMPORTERS["credentials"](), find_source(files.ndjson(*rows)), files.store, NOW, LOCAL_ADMIN, cipher=cipher
    )
    return [each async for each in run.outcomes()]


@pytest.fixture(autouse=True)
async def somebody(files: Files) -> None:
    """Whose credentials they are."""
    await files.made("subscribers", email="a@x.com")


async def everything(store: Store) -> str:
    """All that the database holds, as text."""
    names = await store.list_collection_names(filter={"name": {"$not": {"$regex": r"^system\\."}}})
    return repr([await store[name].find({}).to_list() for name in names])


async def test_a_secret_is_sealed_for_its_credential(files: Files, store: Store) -> None:
    (outcome,) = await imported(files, ROW)
    made = await store["credentials"].find_one({"_id": outcome.record_id})
    assert made is not None
    assert CIPHER.decrypt(made["keys"][0]["externalSecret"], made["_id"]) == SECRET
    assert SECRET not in await everything(store)


async def test_without_a_key_of_the_servers_nothing_is_stored(files: Files, store: Store) -> None:
    (outcome,) = await imported(files, ROW, cipher=None)
    assert codes(outcome) == {("SECRETS_NOT_CONFIGURED", "external_secret")}
    assert await store["credentials"].count_documents({}) == 0


async def test_a_secret_is_not_compared(files: Files, store: Store) -> None:
    other = ROW | {"external_secret": "another"}
    assert [each.result for each in await imported(files, ROW, other)] == [Result.CREATED, Result.UNCHANGED]
    (again,) = await imported(files, other, cipher=None)
    assert again.result is Result.UNCHANGED


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (f"{SECRET}{'x' * 4_096}", "TOO_LONG"),
        ({"value": SECRET}, "INVALID_TYPE"),
        ([SECRET], "INVALID_TYPE"),
        (f"{SECRET}\ud800", "INVALID_TEXT"),
    ],
)
async def test_a_secret_that_cannot_be_kept_is_refused_and_not_repeated(files: Files, secret: Any, code: str) -> None:
    (outcome,) = await imported(files, ROW | {"external_secret": secret, "name": ""})
    assert codes(outcome) == {(code, "external_secret"), ("REQUIRED", "name")}
    report = io.BytesIO()
    write_outcome(report, "keys.ndjson", outcome)
    assert SECRET not in report.getvalue().decode()
