"""Who waits in UNCLASSIFIED under the e-mail domains of an organization, and how they move to it.

A domain says whose people are only where one organization alone claims it and not everybody can have an address there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import strawberry
from strawberry import UNSET

from app.entities.credential import Credential
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription
from app.errors import Problem, Problems, Refused
from app.graph.by import By
from app.graph.documents import evolve, from_document
from app.mongo.client import Doc
from app.organizations.claimants import Claimants, read_claimants
from app.organizations.domains import is_public
from app.organizations.handed_over import HandedOver
from app.organizations.subtrees import MOST_WRITES, too_many
from app.organizations.tree import at_or_below
from app.organizations.unclassified import validate_customer
from app.writing.input_types import (
    InputField,
    MutationInput,
    VersionedInput,
    needed,
    operation_input,
    with_default,
)
from app.writing.inputs import record_key
from app.writing.keys import resolve_keys
from app.writing.lifecycle import find_target
from app.writing.owned import SHOWN as NAMED
from app.writing.owned import name_a_few
from app.writing.payloads import Payload, payload, shown
from app.writing.record_mutations import FollowUp
from app.writing.work import STAMPS, Work

SHOWN, MOST_AT_ONCE = 25, 10_000
BY_EMAIL = "emailKey"
FLAG = "moveWaitingSubscribers"
ADVICE = f"Claim the domains first, then move them in parts: mutation `{FLAG}` with a lower `limit`."
FLAG_TEXT = (
    "Whether the subscribers who wait in UNCLASSIFIED under domains that it alone claims move to it, with their "
    "credentials there."
)
WAITING_TEXT = "The subscribers in UNCLASSIFIED whose addresses are at domains that the organization alone claims"

SHOWN_TEXT = f"{WAITING_TEXT}; null where the call neither gives domains nor asks to move them."


@strawberry.type(description=f"{WAITING_TEXT}.")
class WaitingSubscribers:
    """Who waits, or has been moved."""

    total_count: int = strawberry.field(description=f"How many waited, counted up to {MOST_WRITES + 1:,}.")
    subscribers: list[Subscriber] = strawberry.field(
        description=f"The first {SHOWN} by e-mail address: of those who moved where they were to move, else of those "
        "who wait. `subscribers(filter: {emailDomain: …})` of UNCLASSIFIED lists all who wait."
    )
    handed_over: HandedOver | None = strawberry.field(
        description="How many subscribers and credentials moved to the organization; null where none was to move."
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """Those who wait for one organization: the query for them, how many they are, and the first by e-mail address."""

    query: Doc = field(default_factory=dict)
    count: int = 0
    first: Sequence[Subscriber] = ()

    def show(
        self, handed_over: HandedOver | None = None, moved: Sequence[Subscriber] | None = None
    ) -> WaitingSubscribers:
        """They as a payload shows them; `moved` are the first of those who moved."""
        first = list(self.first if moved is None else moved)
        return WaitingSubscribers(total_count=self.count, subscribers=first, handed_over=handed_over)


def waiting_at(work: Work, domains: Sequence[str]) -> Doc:
    """The query for the subscribers in UNCLASSIFIED with addresses there, but for those who are changed already."""
    query: Doc = {"organizationId": UNCLASSIFIED_ID, "emailDomain": {"$in": list(domains)}, "deletedAt": None}
    changed = [each for each in work.changes if each.startswith(f"{Subscriber.prefix}_")]
    return query | {"_id": {"$nin": changed}} if changed else query


async def find_waiting(work: Work, organization: Organization, claimed: Sequence[str] | None = None) -> Waiting:
    """Those who wait for an organization, made or changed here: one read where nobody does, at most four else.

    `claimed` are the domains to look at, if not all that it claims.
    """
    claimed = organization.associated_domains if claimed is None else claimed
    domains = [each for each in claimed if not is_public(each)]
    if not domains or not await work.find(Subscriber.collection, waiting_at(work, domains), {"_id": 1}, limit=1):
        return Waiting()
    await read_claimants(work, domains)
    claimants = work.part(Claimants).of
    query = waiting_at(work, [each for each in domains if not set(claimants[each]) - {organization.id}])
    docs = await work.find(Subscriber.collection, query, limit=SHOWN + 1, sort=BY_EMAIL)
    is_whole = len(docs) <= SHOWN
    count = len(docs) if is_whole else await work.count(Subscriber.collection, query, MOST_WRITES + 1)
    return Waiting(query, count, [from_document(Subscriber, doc) for doc in docs[:SHOWN]])


async def propose_or_move(
    work: Work, organization: Organization, problems: Problems, *, is_to_move: bool
) -> WaitingSubscribers:
    """Those who wait for an organization, made or changed here, and where they are to move, the move of all of them."""
    waiting = await find_waiting(work, organization)
    if not is_to_move:
        return waiting.show()
    here = problems.at(FLAG)
    if waiting.count > MOST_WRITES:
        here.extend(too_many({Subscriber.collection: waiting.count}, here.path, ADVICE))
        return waiting.show()
    return await move_waiting(work, organization, waiting, here, MOST_WRITES)


async def move_waiting(
    work: Work, organization: Organization, waiting: Waiting, problems: Problems, limit: int
) -> WaitingSubscribers:
    """Have the first of those who wait moved to the organization, with their credentials in UNCLASSIFIED.

    What keeps them from it is added to the problems; where there are any, nobody is moved.
    """
    owner = {"organizationId": organization.id}
    shown = dict.fromkeys((*owner, *STAMPS), 1)
    people = await work.find(Subscriber.collection, waiting.query, shown, limit, BY_EMAIL) if waiting.count else []
    credentials = await find_credentials(work, [each["_id"] for each in people])
    counts = {Subscriber.collection: len(people), Credential.collection: len(credentials)}
    problems.extend(too_many(counts, problems.path, ADVICE))
    problems.extend(await linked_elsewhere(work, organization, credentials, problems.path))
    if len(problems):
        return waiting.show()
    for collection, docs in ((Subscriber.collection, people), (Credential.collection, credentials)):
        work.reassign_documents(collection, {"_id": {"$in": [each["_id"] for each in docs]}}, docs, owner)
    work.lock_references(organization.id)
    moved = [moved_to(organization, each, work.now) for each in waiting.first[: len(people)]]
    return waiting.show(HandedOver(counts=counts), moved)


def moved_to(organization: Organization, subscriber: Subscriber, now: datetime) -> Subscriber:
    """A subscriber after its move."""
    updated_at = max(now, subscriber.updated_at)
    return evolve(subscriber, organization_id=organization.id, version=subscriber.version + 1, updated_at=updated_at)


async def find_credentials(work: Work, subscriber_ids: Sequence[str]) -> list[Doc]:
    """The credentials of subscribers that stand in UNCLASSIFIED, at most one more than can be written."""
    if not subscriber_ids:
        return []
    query: Doc = {"subscriberId": {"$in": subscriber_ids}, "organizationId": UNCLASSIFIED_ID, "deletedAt": None}
    shown = dict.fromkeys(("organizationId", "subscriptionId", "name", *STAMPS), 1)
    docs = await work.find(Credential.collection, query, shown, limit=MOST_WRITES + 1)
    return [each for each in docs if each["_id"] not in work.changes]


async def linked_elsewhere(
    work: Work, organization: Organization, credentials: Sequence[Doc], path: tuple[str, ...]
) -> list[Problem]:
    """A problem that lists the credentials whose subscription is of neither the organization nor one above it."""
    linked = [each for each in credentials if each.get("subscriptionId")]
    await work.fetch(each["subscriptionId"] for each in linked)
    work.lock_references(*(each["subscriptionId"] for each in linked))  # whose organization must not change meanwhile
    names = []
    for each in linked:
        subscription = work.get(PlanSubscription, each["subscriptionId"])
        if subscription and not at_or_below(organization.id, organization.ancestor_ids, subscription.organization_id):
            names.append(each["name"])
    if not names:
        return []
    message = (
        f"{len(names):,} of their credentials are linked to subscriptions of neither that organization nor one above "
        f"it: {name_a_few(names[:NAMED], len(names))}. Unlink them first."
    )
    return [Problem("SUBSCRIPTION_ELSEWHERE", path, message)]


MOVE_FLAG: InputField = ("move_waiting_subscribers", bool, with_default(False, FLAG_TEXT))


async def after_create(work: Work, given: Any, made: Organization, problems: Problems) -> WaitingSubscribers | None:
    """What `createOrganization` shows of those who wait for it."""
    return await propose_or_move(work, made, problems, is_to_move=given.move_waiting_subscribers)


async def after_update(work: Work, given: Any, changed: Organization, problems: Problems) -> WaitingSubscribers | None:
    """What updates and upserts show of those who wait for it, where they are about domains."""
    is_to_move = given.move_waiting_subscribers
    if not is_to_move and given.associated_domains is UNSET:
        return None
    return await propose_or_move(work, changed, problems, is_to_move=is_to_move)


def with_waiting(run: Callable[[Work, Any, Organization, Problems], Awaitable[WaitingSubscribers | None]]) -> FollowUp:
    """What creates, updates and upserts do for those who wait for the organization."""
    return FollowUp(
        run,
        given=MOVE_FLAG,
        shown=("waiting_subscribers", WaitingSubscribers | None, shown(SHOWN_TEXT)),
    )


@operation_input
class MoveWaitingSubscribersInput(VersionedInput, MutationInput):
    """Whose people are to move, and how many at once."""

    by: By[Organization] = needed("The organization whose people they are.")
    limit: int = with_default(
        MOST_AT_ONCE, f"How many subscribers to move, the first by e-mail address; 1 to {MOST_AT_ONCE:,}."
    )


@payload
class MoveWaitingSubscribersPayload(Payload):
    """The organization, and who was moved to it."""

    organization: Organization | None = shown("The organization; null if the move was refused.")
    waiting_subscribers: WaitingSubscribers | None = shown("Who waited, and how many of them moved; null if refused.")


async def move_waiting_subscribers(work: Work, given: MoveWaitingSubscribersInput) -> MoveWaitingSubscribersPayload:
    """Move the people of an organization out of UNCLASSIFIED. Raises Refused."""
    problems, key = Problems(), record_key(given.by)
    if not 1 <= given.limit <= MOST_AT_ONCE:
        problems.add("INVALID_NUMBER", "limit", f"Give a number from 1 to {MOST_AT_ONCE:,}.")
    await resolve_keys(work, [key])
    organization = find_target(work, Organization, key, given.expected_version, problems)
    if organization is None:
        raise Refused(problems.gathered)
    validate_customer(organization.id, problems, "by")
    problems.refuse()
    waiting = await find_waiting(work, organization)
    moved = await move_waiting(work, organization, waiting, problems.at("limit"), given.limit)
    problems.refuse()
    return MoveWaitingSubscribersPayload(organization=organization, waiting_subscribers=moved)
