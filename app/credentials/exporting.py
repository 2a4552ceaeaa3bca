"""Credentials as an export writes them: each with its current key, and never a secret."""

from __future__ import annotations

from app.credentials.importing import COLUMNS, with_period
from app.entities.credential import Credential
from app.mongo.client import Doc, Store
from app.transfer.exporting import Exporter


async def with_periods(_store: Store, docs: list[Doc]) -> list[Doc]:
    """Credentials, and when their current keys work."""
    return [with_period(each) for each in docs]


CREDENTIALS = Exporter(
    COLUMNS,
    Credential,
    order_key="credentialId",
    complete=with_periods,
    left_out={"subscriberId": None},
    left_out_reason="their subscriber is not known yet",
)
