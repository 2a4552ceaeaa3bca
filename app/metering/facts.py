"""What is known of everything that a batch of events names: one read of `keys`, and a constant number after it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.context import Context
from app.entities.addresses import normalise_email
from app.entities.credential import Credential
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription
from app.entities.usage_attribute import UsageAttribute
from app.graph import read
from app.graph.edges import LIVE
from app.graph.record import Record
from app.metering.event import UsageEvent
from app.mongo.client import Doc
from app.mongo.keys import Claim, find_claims_by_key
from app.organizations.domains import domain_of, is_public

CREDENTIAL, SUBSCRIPTION, CUSTOMER, EMAIL, SUBSCRIBER = (
    "credentialKey", "subscription", "customer", "email", "subscriberId",
)  # fmt: skip
"""The namespaces of keys that events name."""
FIELDS: Mapping[type[Record], Sequence[str]] = {
    Credential: (
        *("name", "organizationId", "subscriberId", "subscriptionId", "deletedAt"),
        *("keys.value", "keys.status", "keys.validTo"),
    ),
    Subscriber: ("email", "organizationId"),
    PlanSubscription: ("externalId", "organizationId"),
    UsageAttribute: ("organizationId",),
    Organization: ("name", "externalId", "ancestorIds"),
}
"""The stored fields that attribution goes by."""
ENOUGH = 2
"""How many bearers of a name are looked at: of two, none is meant alone."""
Owner = tuple[str, str]
"""The field and the id of whoever a named credential belongs to."""


@dataclass(slots=True)
class Facts:
    """Claims by (namespace, key), records by id, and who has a name, a domain or a credential of a name."""

    claims: Mapping[tuple[str, str], Claim] = field(default_factory=dict)
    records: dict[str, Doc] = field(default_factory=dict)
    named_now: Mapping[str, Sequence[str]] = field(default_factory=dict)
    named_before: Mapping[str, Sequence[str]] = field(default_factory=dict)
    claimants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    named_credentials: dict[tuple[str, str, str], Sequence[str]] = field(default_factory=dict)
    """(owner's field, owner's id, name) → ids of live credentials, at most two."""

    def find(self, namespace: str, key: str | None, record: type[Record]) -> Doc | None:
        """The record of a kind that has a key; of credentials a deleted one too, whose key stays its own."""
        claim = self.claims.get((namespace, key)) if key else None
        is_kind = claim is not None and claim.record_id.startswith(f"{record.prefix}_")
        return self.records.get(claim.record_id) if claim and is_kind else None


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


async def find_facts(context: Context, events: Sequence[UsageEvent]) -> Facts:
    """What is known of everything that these events name."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for namespace, key in (pair for event in events for pair in keys_of(event)):
        wanted[namespace].add(key)
    facts = Facts(claims=await find_claims_by_key(context.store, wanted))
    names = sorted({event.identity.organization for event in events if event.identity.organization})
    domains = sorted(
        {domain for event in events if (domain := domain_of(email_of(event) or "")) and not is_public(domain)}
    )
    claimed = {claim.record_id for claim in facts.claims.values()}
    facts.named_now, facts.named_before, facts.claimants = await asyncio.gather(
        find_bearers(context, "name", names),
        find_bearers(context, "formerNames", names),
        find_bearers(context, "associatedDomains", domains),
    )
    await asyncio.gather(*(fetch(context, facts, record, claimed) for record in FIELDS if record is not Organization))
    owners = {doc.get("subscriberId") for doc in facts.records.values()}
    await asyncio.gather(
        fetch(context, facts, Subscriber, owners),
        find_named_credentials(context, facts, events, "subscriberId"),
        find_named_credentials(context, facts, events, "organizationId"),
    )
    organizations = {doc.get("organizationId") for doc in facts.records.values()}
    several = (facts.named_now, facts.named_before, facts.claimants)
    bearers = {each for found in several for ids in found.values() for each in ids}
    await fetch(context, facts, Organization, claimed | organizations | bearers)
    return facts


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


async def find_named_credentials(context: Context, facts: Facts, events: Sequence[UsageEvent], by: str) -> None:
    """Have at hand the credentials that events only name, of the subscribers or the organizations that they name."""
    wanted = {
        (owner, event.identity.credential_name)
        for event in events
        if event.identity.credential_name and not event.identity.credential
        for owner in owners_of(facts, event, by)
    }
    if not wanted:
        return
    keys = sorted(wanted)
    collection, stages = Credential.collection, [*IDS[:1], {"$project": dict.fromkeys(FIELDS[Credential], 1)}]
    found = await read.look_up(context, collection, {by: None, "name": None}, keys, LIVE, stages, ())
    for (owner, name), docs in found.items():
        facts.named_credentials[by, owner, name] = [doc["_id"] for doc in docs]
        facts.records |= {doc["_id"]: doc for doc in docs}


def owners_of(facts: Facts, event: UsageEvent, by: str) -> list[str]:
    """The ids of whoever an event names among whose credentials a name is looked for."""
    said = event.identity
    if by == "subscriberId":
        email = said.subscriber_email and normalise_email(said.subscriber_email)
        doc = facts.find(EMAIL, email, Subscriber) or facts.find(SUBSCRIBER, said.subscriber_id, Subscriber)
        return [doc["_id"]] if doc else []
    claim = facts.claims.get((CUSTOMER, said.organization or ""))
    if claim and claim.record_id.startswith(f"{Organization.prefix}_"):
        return [claim.record_id]
    return [alone] if (alone := bearer_alone(facts, said.organization or "")) else []


def bearer_alone(facts: Facts, name: str) -> str | None:
    """The only organization that bears a name now, or where none does, the only one that bore it."""
    bearers = facts.named_now.get(name) or facts.named_before.get(name) or ()
    return bearers[0] if len(bearers) == 1 else None


IDS: list[Doc] = [{"$limit": ENOUGH}, {"$project": {"_id": 1}}]
"""The stages that leave enough of those that match, by their ids."""
