"""What the demo holds that no importer makes: plans, features, subscriptions, usage attributes, payers, a rotation.

All of it is written as callers write: by the lifecycles of the records, in a unit of work, with versions and audit.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from app.catalog.plans import FeatureRules, PlanRules
from app.catalog.subscriptions import SubscriptionRules
from app.credentials.keys import rotate_keys, with_keys
from app.credentials.rules import CredentialRules
from app.demo.viewer import DEMO
from app.entities.audit_entry import AuditAction
from app.entities.credential import Credential, CredentialKey
from app.entities.identifiers import Identifiers
from app.entities.organization import Organization
from app.errors import Problems
from app.graph.documents import evolve
from app.graph.record import Finder, Record
from app.mongo.client import Doc, Store
from app.mongo.keys import find_claims_by_key
from app.mongo.transactions import in_transaction
from app.organizations.rules import OrganizationRules, terms_with
from app.organizations.usage_attributes import UsageAttributeRules
from app.writing import lifecycle
from app.writing.inputs import Field, Named, RecordInput, references
from app.writing.keys import RecordKey, compared, resolve_keys
from app.writing.retrying import RetryPolicy
from app.writing.rules import Rules
from app.writing.work import Work

FILE = Path(__file__).parent / "data" / "finoptic_catalogue.json"
PARTS: Mapping[str, Rules[Any]] = {
    "features": FeatureRules(),
    "plans": PlanRules(),
    "subscriptions": SubscriptionRules(),
    "usageAttributes": UsageAttributeRules(),
}
"""Part of the file → the rules of what it holds; what others name comes first."""


@cache
def contents() -> Doc:
    """What the file says."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Row:
    """One record that the file holds: the finder and the key that find it, and what is said of it."""

    rules: Rules[Any]
    key: RecordKey
    said: RecordInput


def finder_of(record: type[Record]) -> Finder:
    """How the file names records of that kind."""
    return next(each for each in record.finders if each.namespace)


def rows_of(part: str) -> list[Row]:
    """The records of one part of the file."""
    rules = PARTS[part]
    finder, problems, found = finder_of(rules.record), Problems(), []
    for row in contents()[part]:
        fields = [each for each in rules.inputs if isinstance(each, Field) and each.stored in row]
        values = {each.stored: value_of(rules.record, each, row[each.stored]) for each in fields}
        named = {
            each.name: named_by(each.target, row[each.name]) for each in references(rules.inputs) if each.name in row
        }
        key = RecordKey(rules.record, row[finder.graphql_name], finder)
        found.append(Row(rules, key, RecordInput(values, named)))
    problems.refuse()
    return found


def value_of(record: type[Record], field: Field, value: Any) -> object:
    """A value as it is stored; the file has unit prices as the API shows them."""
    if field.of:
        return [{"quantity": row["quantity"], "price": Decimal(row["price"]["amount"])} for row in value]
    return field.read(record, value)


def named_by(record: type[Record], named: str | Sequence[str]) -> Named:
    """The records that the file names by their keys."""
    finder = finder_of(record)
    if isinstance(named, str):
        return RecordKey(record, named, finder)
    return [RecordKey(record, each, finder) for each in named]


async def load(store: Store, now: datetime) -> None:
    """Make what is not there yet, in one transaction. The organizations that it names are there."""

    async def make(session: AsyncClientSession) -> None:
        work = begin(store, session, now, "demo catalogue")
        for part in PARTS:
            rows = rows_of(part)
            await resolve_keys(work, [row.key for row in rows])
            await lifecycle.prepare(work, PARTS[part], [row.said for row in rows])
            for row in rows:
                if work.owner(*namespace_and_key(row.key)) is None:
                    problems = Problems()
                    await lifecycle.create(work, row.rules, row.said, problems)
                    problems.refuse()
        await work.write()

    await store_among_others(store, make)


async def store_among_others(store: Store, change: Callable[[AsyncClientSession], Awaitable[None]]) -> None:
    """Run a transaction, and again where another process that loads the demo was in its way."""
    policy = RetryPolicy()
    while True:
        try:
            return await in_transaction(store, change, policy.attempt_seconds)
        except PyMongoError as error:
            if not policy.should_retry(error):
                raise
        await policy.back_off()


def namespace_and_key(key: RecordKey) -> tuple[str, str]:
    """Where a key is claimed."""
    finder = finder_of(key.record)
    return finder.namespace or "", compared(finder, key.value)


def begin(store: Store, session: AsyncClientSession, now: datetime, seed: str) -> Work:
    """A unit of work of the demo's."""
    return Work(store, session, now, Identifiers(now, seed), DEMO, "demo")


async def is_finished(store: Store, session: AsyncClientSession | None = None) -> bool:
    """Whether the last step was taken."""
    last = contents()["rotations"][-1]["new key"]
    return bool(await find_claims_by_key(store, {"credentialKey": [last]}, session))


async def finish(store: Store, now: datetime) -> None:
    """Let the payers pay and rotate the key, in one transaction: its claim marks that the demo is whole.

    Nothing happens where another process has done so.
    """

    async def change(session: AsyncClientSession) -> None:
        if await is_finished(store, session):
            return
        work = begin(store, session, now, "demo end")
        for row in contents()["payers"]:
            await set_payer(work, row["payer"], row["pays for"], datetime.fromisoformat(row["since"]))
        for row in contents()["rotations"]:
            await rotate(work, row)
        await work.write()

    await store_among_others(store, change)


async def set_payer(work: Work, payer: str, others: Iterable[str], since: datetime) -> None:
    """Let one organization pay for others."""
    [finder, *_] = Organization.finders
    names = [payer, *others]
    await resolve_keys(work, [RecordKey(Organization, name, finder) for name in names])
    found = [work.get(Organization, (work.found("customer", name, finder.fields) or {}).get("_id")) for name in names]
    paying, *paid = [each for each in found if each]
    for before in paid:
        after = evolve(before, payer_id=paying.id, payer_terms=terms_with(before, paying.id, since))
        await lifecycle.change_record(work, OrganizationRules(), before, after, Problems())


async def rotate(work: Work, row: Mapping[str, str]) -> None:
    """Give a credential a new key; the old one works for a while."""
    [finder, *_] = Credential.finders
    await resolve_keys(work, [RecordKey(Credential, row["credential"], finder)])
    doc = work.found("credentialKey", row["credential"], finder.fields) or {}
    before = work.get(Credential, doc.get("_id"))
    if before is None:
        return
    at, until = datetime.fromisoformat(row["at"]), datetime.fromisoformat(row["old key until"])
    new = CredentialKey.model_construct(value=row["new key"], valid_from=at)
    keys = rotate_keys(before.keys, new, at, max(until - at, timedelta()))
    after = with_keys(evolve(before, credential_id=new.value), keys)
    await lifecycle.change_record(work, CredentialRules(), before, after, Problems(), AuditAction.ROTATED)
