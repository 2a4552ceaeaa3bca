"""What is known of everything that a batch of events names: one read of `keys`, and a constant number after it."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.context import Context
from app.entities.addresses import normalise_email
from app.entities.credential import Credential
from app.entities.former_owners import FORMER_OWNERS, as_of
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription
from app.entities.usage_attribute import UsageAttribute
from app.graph import read
from app.graph.edges import LIVE
from app.graph.record import Record
from app.metering.event import UsageEvent
from app.mongo.client import Doc
from app.mongo.keys import Ownership, find_owners_over_time, owner_at
from app.organizations.domains import domain_of, is_public

CREDENTIAL, SUBSCRIPTION, CUSTOMER, EMAIL, SUBSCRIBER = (
    "credentialKey", "subscription", "customer", "email", "subscriberId",
)  # fmt: skip
"""The namespaces of keys that events name."""
FIELDS: Mapping[type[Record], Sequence[str]] = {
    Credential: (
        *("name", "organizationId", "subscriberId", "subscriptionId", "deletedAt", FORMER_OWNERS),
        *("keys.value", "keys.status", "keys.validTo"),
    ),
    Subscriber: ("email", "organizationId", FORMER_OWNERS),
    PlanSubscription: ("externalId", "organizationId"),
    UsageAttribute: ("organizationId",),
    Organization: ("name", "externalId", "ancestorIds", "mergedIntoId"),
}
"""The stored fields that attribution goes by."""
HASH, HASHES = re.compile("[0-9a-f]{64}"), "keyHashes"
"""What stands for a key where a proxy keeps keys to itself, and where a credential has it of its own."""
ENOUGH = 2
"""How many bearers of a name are looked at: of two, none is meant alone."""
Owner = tuple[str, str]
"""The field and the id of whoever a named credential belongs to."""


@dataclass(slots=True)
class Facts:
    """Owners by (namespace, key), records by id, and who has a name, a domain or a credential of a name."""

    owners: Mapping[tuple[str, str], Sequence[Ownership]] = field(default_factory=dict)
    records: dict[str, Doc] = field(default_factory=dict)
    named_now: Mapping[str, Sequence[str]] = field(default_factory=dict)
    named_before: Mapping[str, Sequence[str]] = field(default_factory=dict)
    claimants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hashed: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of a key → the id of the credential that has it."""
    named_credentials: dict[tuple[str, str, str], Sequence[str]] = field(default_factory=dict)
    """(owner's field, owner's id, name) → ids of live credentials, at most two."""

    def owner(self, namespace: str, key: str | None, at: datetime) -> str | None:
        """The id of the record that had a key at an instant."""
        owner = owner_at(self.owners.get((namespace, key), ()), at) if key else None
        return owner.record_id if owner else None

    def find(self, namespace: str, key: str | None, record: type[Record], at: datetime) -> Doc | None:
        """The record of a kind that had a key at an instant, deleted or not; the survivor of one that was merged."""
        record_id = self.owner(namespace, key, at)
        if record_id is None or not record_id.startswith(f"{record.prefix}_"):
            return None
        return self.at(record_id, at)

    def at(self, record_id: str | None, at: datetime) -> Doc | None:
        """A record with the owners that it had at an instant, through merges since."""
        found = self.records.get(record_id or "")
        if found is None:
            return None
        found = self.records.get(found.get("mergedIntoId") or "", found)
        then = {**as_of(found, at)}
        owner = self.records.get(then.get("organizationId") or "", {})
        return then | {"organizationId": owner["mergedIntoId"]} if owner.get("mergedIntoId") else then


def keys_of(event: UsageEvent) -> Iterable[tuple[str, str]]:
    """(namespace, key) of everything that an event names by a key."""
    said = event.identity
    given = [
        (CREDENTIAL, said.credential),
        (SUBSCRIPTION, said.subscription),
        (CUSTOMER, said.organization),
        (EMAIL, said.subscriber_email and normalise_email(said.subscriber_email)),
        (SUBSCRIBER, said.subscriber_id),
    ]
    if said.subject:
        given += [(CUSTOMER, said.subject), (CREDENTIAL, said.subject), (SUBSCRIBER, said.subject)]
        given += [(EMAIL, normalise_email(said.subject))]
    return [(namespace, key) for namespace, key in given if key]


def email_of(event: UsageEvent) -> str | None:
    """The e-mail address that an event has, in the form in which addresses are compared; a subject may be one."""
    said = event.identity
    email = said.subscriber_email or (said.subject if said.subject and "@" in said.subject else None)
    return normalise_email(email) if email else None


def time_of(event: UsageEvent, now: datetime) -> datetime:
    """When an event was: as of that instant its keys are resolved."""
    return event.time or now


async def find_facts(context: Context, events: Sequence[UsageEvent]) -> Facts:
    """What is known of everything that these events name, as of their times."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for namespace, key in (pair for event in events for pair in keys_of(event)):
        wanted[namespace].add(key)
    facts = Facts(owners=await find_owners_over_time(context.store, wanted))
    names = sorted({event.identity.organization for event in events if event.identity.organization})
    domains = sorted(
        {domain for event in events if (domain := domain_of(email_of(event) or "")) and not is_public(domain)}
    )
    claimed = {
        facts.owner(namespace, key, time_of(event, context.now))
        for event in events
        for namespace, key in keys_of(event)
    }
    facts.named_now, facts.named_before, facts.claimants = await asyncio.gather(
        find_bearers(context, "name", names),
        find_bearers(context, "formerNames", names),
        find_bearers(context, "associatedDomains", domains),
    )
    facts.hashed = await find_hashed(context, events)
    claimed |= set(facts.hashed.values())
    await asyncio.gather(*(fetch(context, facts, record, claimed) for record in FIELDS if record is not Organization))
    owners = set(links(facts, "subscriberId"))
    await asyncio.gather(
        fetch(context, facts, Subscriber, owners),
        find_named_credentials(context, facts, events, "subscriberId"),
        find_named_credentials(context, facts, events, "organizationId"),
    )
    organizations = set(links(facts, "organizationId"))
    several = (facts.named_now, facts.named_before, facts.claimants)
    bearers = {each for found in several for ids in found.values() for each in ids}
    await fetch(context, facts, Organization, claimed | organizations | bearers)
    await fetch(context, facts, Organization, {doc.get("mergedIntoId") for doc in facts.records.values()})
    return facts


def links(facts: Facts, name: str) -> Iterator[str | None]:
    """The ids in a link of the records at hand, former ones too."""
    for doc in facts.records.values():
        yield doc.get(name)
        yield from (each.get(name) for each in doc.get(FORMER_OWNERS) or ())


async def fetch(context: Context, facts: Facts, record: type[Record], ids: Iterable[str | None]) -> None:
    """Have the records of a kind at hand that are among these ids."""
    wanted = sorted(
        {each for each in ids if each and each.startswith(f"{record.prefix}_") and each not in facts.records}
    )
    if wanted:
        facts.records |= await read.find_by_ids(context, record.collection, wanted, FIELDS[record])


async def find_bearers(context: Context, stored: str, values: Sequence[str]) -> dict[str, list[str]]:
    """Value → the ids of at most two live organizations that have it in a stored field."""
    found = (
        await read.look_up(context, Organization.collection, {stored: None}, values, LIVE, IDS, ()) if values else {}
    )
    return {value: [doc["_id"] for doc in docs] for value, docs in found.items()}


async def find_hashed(context: Context, events: Sequence[UsageEvent]) -> dict[str, str]:
    """The SHA-256 of a key → the id of the credential that has it, of those that stand in events in place of keys."""
    said = {each.identity.credential for each in events if each.identity.credential}
    hashes = sorted(filter(HASH.fullmatch, said))
    if not hashes:
        return {}
    query: Doc = {HASHES: {"$in": hashes}}
    docs = await read.find_documents(context, Credential.collection, query, (HASHES,), limit=len(hashes))
    return {hashed: doc["_id"] for doc in docs for hashed in doc[HASHES] if hashed in said}


async def find_named_credentials(context: Context, facts: Facts, events: Sequence[UsageEvent], by: str) -> None:
    """Have at hand the credentials that events only name, of the subscribers or the organizations that they name."""
    wanted = {
        (owner, event.identity.credential_name)
        for event in events
        if event.identity.credential_name and not event.identity.credential
        for owner in owners_of(facts, event, by, time_of(event, context.now))
    }
    if not wanted:
        return
    keys = sorted(wanted)
    collection, stages = Credential.collection, [*IDS[:1], {"$project": dict.fromkeys(FIELDS[Credential], 1)}]
    found = await read.look_up(context, collection, {by: None, "name": None}, keys, LIVE, stages, ())
    for (owner, name), docs in found.items():
        facts.named_credentials[by, owner, name] = [doc["_id"] for doc in docs]
        facts.records |= {doc["_id"]: doc for doc in docs}


def owners_of(facts: Facts, event: UsageEvent, by: str, at: datetime) -> list[str]:
    """The ids of whoever an event names among whose credentials a name is looked for."""
    said = event.identity
    if by == "subscriberId":
        email = said.subscriber_email and normalise_email(said.subscriber_email)
        doc = facts.find(EMAIL, email, Subscriber, at) or facts.find(SUBSCRIBER, said.subscriber_id, Subscriber, at)
        return [doc["_id"]] if doc else []
    owner = facts.owner(CUSTOMER, said.organization, at)
    if owner and owner.startswith(f"{Organization.prefix}_"):
        return [owner]
    return [alone] if (alone := bearer_alone(facts, said.organization or "")) else []


def bearer_alone(facts: Facts, name: str) -> str | None:
    """The only organization that bears a name now, or where none does, the only one that bore it."""
    bearers = facts.named_now.get(name) or facts.named_before.get(name) or ()
    return bearers[0] if len(bearers) == 1 else None


IDS: list[Doc] = [{"$limit": ENOUGH}, {"$project": {"_id": 1}}]
"""The stages that leave enough of those that match, by their ids."""
