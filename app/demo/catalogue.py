"""What the demo holds that no importer makes: plans, features, subscriptions, usage attributes, payers, a rotation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from app.entities.catalog import Feature, Plan
from app.entities.credential import CredentialKey, KeyStatus
from app.entities.identifiers import Identifiers
from app.entities.subscription import Subscription
from app.entities.usage_attribute import UsageAttribute
from app.graph.documents import to_document
from app.graph.record import Record
from app.mongo.client import Doc, Store
from app.mongo.keys import Claim, find_claims_by_key, insert_claims
from app.mongo.transactions import in_transaction
from app.writing.audit import Author
from app.writing.work import Work

FILE = Path(__file__).parent / "data" / "finoptic_catalogue.json"
KINDS: dict[str, tuple[type[Record], str, str]] = {
    "features": (Feature, "featureKey", "key"),
    "plans": (Plan, "planKey", "key"),
    "subscriptions": (Subscription, "subscription", "externalId"),
    "usageAttributes": (UsageAttribute, "customer", "key"),
}
"""Part of the file → what it holds, and the namespace and field of its key; what others name comes first."""


@cache
def contents() -> Doc:
    """What the file says."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


async def load(store: Store, now: datetime) -> None:
    """Make what is not there yet, in one transaction. The organizations that it names are there."""

    async def work(session: AsyncClientSession) -> None:
        chunk = Work(store, session, now, Identifiers(now, "demo catalogue"), Author("demo", "demo"))
        await chunk.look_up(keys())
        for part, (record, namespace, field) in KINDS.items():
            for row in contents()[part]:
                if chunk.owner(namespace, row[field]) is None:
                    add(chunk, record, row, (namespace, row[field], field))
        await chunk.write()

    await in_transaction(store, work)


def keys() -> dict[str, set[str]]:
    """Every key in the file, its own and those of the organizations that it names."""
    found = {namespace: {row[field] for row in contents()[part]} for part, (_, namespace, field) in KINDS.items()}
    found["customer"] |= {row["organization"] for part in KINDS for row in contents()[part] if "organization" in row}
    return found


def add(chunk: Work, record: type[Record], row: Doc, claim: tuple[str, str, str]) -> None:
    """One record, the keys that it names others by turned into ids."""
    named: Doc = dict(references(chunk, row))
    stamps = {"_id": chunk.ids.new(record), "createdAt": chunk.now, "updatedAt": chunk.now}
    chunk.add(record.model_validate(row | named | stamps), [claim])
    chunk.point_at(named.get("organizationId"), named.get("planId"), *named.get("featureIds", ()))


def references(chunk: Work, row: Doc) -> Iterator[tuple[str, Any]]:
    """Stored field → id, for each record that a row names."""
    if "organization" in row:
        yield "organizationId", chunk.claims["customer", row["organization"]].record_id
    if "plan" in row:
        yield "planId", chunk.claims["planKey", row["plan"]].record_id
    if isinstance(row.get("features"), list):
        yield "featureIds", [chunk.claims["featureKey", key].record_id for key in row["features"]]


async def is_finished(store: Store) -> bool:
    """Whether the last step was taken."""
    last = contents()["rotations"][-1]["new key"]
    return bool(await find_claims_by_key(store, {"credentialKey": [last]}))


async def finish(store: Store) -> None:
    """Let the payers pay and rotate the key, in one transaction: its claim marks that the demo is whole."""

    async def work(session: AsyncClientSession) -> None:
        for row in contents()["payers"]:
            await set_payer(store, row, session)
        for row in contents()["rotations"]:
            await rotate(store, row, session)

    await in_transaction(store, work)


async def set_payer(store: Store, row: Doc, session: AsyncClientSession) -> None:
    """Let one organization pay for others."""
    found = await find_claims_by_key(store, {"customer": [row["payer"], *row["pays for"]]}, session)
    payer_id = found["customer", row["payer"]].record_id
    term = {"payerId": payer_id, "validFrom": datetime.fromisoformat(row["since"])}
    theirs = {"_id": {"$in": [found["customer", each].record_id for each in row["pays for"]]}}
    change: Doc = {"$set": {"payerId": payer_id, "payerTerms": [term]}}
    await store["organizations"].update_many(theirs, change, session=session)
    await store["organizations"].update_one({"_id": payer_id}, {"$inc": {"guard": 1}}, session=session)


async def rotate(store: Store, row: Doc, session: AsyncClientSession) -> None:
    """Give a credential a new key; the old one works for a while."""
    found = await find_claims_by_key(store, {"credentialKey": [row["credential"]]}, session)
    credential_id = found["credentialKey", row["credential"]].record_id
    new = CredentialKey(value=row["new key"], valid_from=datetime.fromisoformat(row["at"]))
    until = datetime.fromisoformat(row["old key until"])
    retired = {"keys.0.status": KeyStatus.RETIRING.value, "keys.0.validTo": until}
    change: Doc = {"$set": {"credentialId": row["new key"], "keys.1": to_document(new), **retired}}
    await store["credentials"].update_one({"_id": credential_id}, change, session=session)
    await insert_claims(store, [Claim("credentialKey", row["new key"], credential_id, "keys")], session)
