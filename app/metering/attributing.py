"""Which account an event belongs to: the rules of attribution, over what is known of all that it names. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from app.entities.addresses import normalise_email
from app.entities.attribution import (
    AttributionConflictCode,
    AttributionEffect,
    AttributionFinding,
    AttributionRule,
)
from app.entities.credential import Credential, KeyStatus, status_at
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription
from app.entities.usage_attribute import UsageAttribute
from app.graph.record import Record
from app.metering.event import UsageEvent
from app.metering.facts import (
    CREDENTIAL,
    CUSTOMER,
    EMAIL,
    SUBSCRIBER,
    SUBSCRIPTION,
    Facts,
    bearer_alone,
    email_of,
    owners_of,
    time_of,
)
from app.mongo.client import Doc
from app.organizations.domains import claimed_alone, domain_of, is_public
from app.organizations.tree import at_or_below

Rule, Finding, Effect, Code = (
    AttributionRule, AttributionFinding, AttributionEffect, AttributionConflictCode,
)  # fmt: skip


@dataclass(slots=True)
class Attempt:
    """One rule for which an event has something, and the organization that it leads to, if to one."""

    rule: AttributionRule
    organization_id: str | None
    is_ambiguous: bool = False
    finding: AttributionFinding = Finding.UNKNOWN


@dataclass(slots=True)
class Decision:
    """The account of one event, the rule that decided, and all that was considered."""

    organization_id: str = UNCLASSIFIED_ID
    subscriber_id: str | None = None
    credential_id: str | None = None
    subscription_id: str | None = None
    rule: AttributionRule = Rule.UNCLASSIFIED
    tried: list[Attempt] = field(default_factory=list)
    conflicts: list[tuple[AttributionConflictCode, str]] = field(default_factory=list)
    effects: list[AttributionEffect] = field(default_factory=list)


class Attributing:
    """One event on its way to a decision."""

    def __init__(self, event: UsageEvent, facts: Facts, now: datetime) -> None:
        self.event, self.said, self.facts = event, event.identity, facts
        self.at = time_of(event, now)
        self.credential = self.find_credential()
        self.subscription = self.find(SUBSCRIPTION, self.said.subscription, PlanSubscription)
        self.subscriber = self.find_subscriber()
        self.made = Decision()

    def decide(self) -> Decision:
        """The account, by the first rule that leads to a customer."""
        made = self.made
        made.tried = list(self.attempts())
        for attempt in made.tried:
            attempt.finding = self.judge(attempt)
            if attempt.finding is Finding.DECIDED:
                made.organization_id, made.rule = str(attempt.organization_id), attempt.rule
        self.complete_chain()
        self.find_conflicts()
        self.find_effects()
        return made

    def find(self, namespace: str, key: str | None, record: type[Record]) -> Doc | None:
        """The record of a kind that had a key at the time of the event."""
        return self.facts.find(namespace, key, record, self.at)

    def find_credential(self) -> Doc | None:
        """The credential that has the key; or, of an event without a key, the one that alone bears the name."""
        said, facts = self.said, self.facts
        if said.credential:
            by_key = self.find(CREDENTIAL, said.credential, Credential)
            return by_key or facts.at(facts.hashed.get(said.credential), self.at)
        for by in ("subscriberId", "organizationId"):
            for owner in owners_of(facts, self.event, by, self.at):
                ids = facts.named_credentials.get((by, owner, said.credential_name or ""), ())
                if len(ids) == 1:
                    return facts.at(ids[0], self.at)
        return None

    def find_subscriber(self) -> Doc | None:
        """The subscriber that has the e-mail address, or else the subscriberId, or else the subject."""
        said = self.said
        email = said.subscriber_email and normalise_email(said.subscriber_email)
        found = self.find(EMAIL, email, Subscriber) or self.find(SUBSCRIBER, said.subscriber_id, Subscriber)
        return found or self.subscriber_of_subject()

    def subscriber_of_subject(self) -> Doc | None:
        """The subscriber whose e-mail address or subscriberId the subject is."""
        subject = self.said.subject
        by_email = self.find(EMAIL, normalise_email(subject) if subject else None, Subscriber)
        return by_email or self.find(SUBSCRIBER, subject, Subscriber)

    def attempts(self) -> Iterator[Attempt]:
        """Every rule for which the event has something, in their order."""
        said, facts = self.said, self.facts
        if said.credential or said.credential_name:
            yield Attempt(Rule.CREDENTIAL, owner_of(self.credential))
        if said.subscription:
            yield Attempt(Rule.SUBSCRIPTION, self.organization_by_subscription())
        if said.organization:
            yield Attempt(Rule.ORGANIZATION, id_of(self.find(CUSTOMER, said.organization, Organization)))
        if said.subject:
            yield Attempt(Rule.SUBJECT, self.organization_by_subject())
        if said.subscriber_email or said.subscriber_id:
            yield Attempt(Rule.SUBSCRIBER, owner_of(self.subscriber))
        if said.organization:
            bearers = facts.named_now.get(said.organization) or facts.named_before.get(said.organization) or ()
            yield Attempt(Rule.ORGANIZATION_NAME, bearer_alone(facts, said.organization), len(bearers) > 1)
        if domain := domain_of(email_of(self.event) or ""):
            claimants = facts.claimants.get(domain, ())
            yield Attempt(Rule.DOMAIN, claimed_alone(domain, claimants), is_public(domain) or len(claimants) > 1)

    def organization_by_subscription(self) -> str | None:
        """The subscription's organization, or that of the subscriber where it is below it."""
        owner = owner_of(self.subscription)
        own = owner_of(self.subscriber)
        return own if owner and own and self.is_covered(own, owner) else owner

    def organization_by_subject(self) -> str | None:
        """The organization whose external id, alias or id it is, or to which what has it as a key belongs."""
        subject = self.said.subject
        organization = self.find(CUSTOMER, subject, Organization)
        owned = (
            self.find(CUSTOMER, subject, UsageAttribute)
            or self.find(CREDENTIAL, subject, Credential)
            or self.subscriber_of_subject()
        )
        return id_of(organization) or owner_of(owned)

    def judge(self, attempt: Attempt) -> AttributionFinding:
        """What a rule found, given what those before it have decided."""
        found, made = attempt.organization_id, self.made
        if found is None:
            return Finding.AMBIGUOUS if attempt.is_ambiguous else Finding.UNKNOWN
        if found == UNCLASSIFIED_ID:
            return Finding.UNCLASSIFIED
        if made.rule is Rule.UNCLASSIFIED:
            return Finding.DECIDED
        is_above = attempt.rule is Rule.SUBSCRIPTION and self.is_covered(made.organization_id, found)
        return Finding.AGREES if found == made.organization_id or is_above else Finding.DIFFERS

    def is_covered(self, organization_id: str, by: str) -> bool:
        """Whether an organization is another one or below it."""
        organization = self.facts.records.get(organization_id)
        return bool(organization and at_or_below(organization_id, organization.get("ancestorIds") or (), by))

    def complete_chain(self) -> None:
        """The credential, subscriber and subscription that go with the organization."""
        made, credential, subject = self.made, self.credential, self.said.subject
        credential = credential or self.find(CREDENTIAL, subject, Credential)
        if credential and owner_of(credential) in (made.organization_id, UNCLASSIFIED_ID):
            made.credential_id = credential["_id"]
            made.subscriber_id = credential.get("subscriberId")
            made.subscription_id = credential.get("subscriptionId")
        if made.subscriber_id is None and self.subscriber and self.belongs(self.subscriber):
            made.subscriber_id = self.subscriber["_id"]
        if made.subscription_id is None and self.fits():
            made.subscription_id = id_of(self.subscription)

    def belongs(self, subscriber: Doc) -> bool:
        """Whether a subscriber is of the organization, or of none that is known yet."""
        return owner_of(subscriber) in (self.made.organization_id, UNCLASSIFIED_ID)

    def fits(self) -> bool:
        """Whether the subscription that is named is the organization's own or one above it."""
        owner = owner_of(self.subscription)
        return owner is not None and self.is_covered(self.made.organization_id, owner)

    def find_conflicts(self) -> None:
        """Everything in the event that contradicts what decided."""
        made, said = self.made, self.said
        for attempt in made.tried:
            if attempt.finding is not Finding.DIFFERS:
                continue
            if attempt.rule in (Rule.ORGANIZATION, Rule.ORGANIZATION_NAME):
                named = self.name(attempt.organization_id)
                given = f"The event says the organization {said.organization!r}, which is {named}"
                self.add_conflict(Code.ORGANIZATION_ELSEWHERE, given)
            elif attempt.rule is Rule.SUBJECT:
                given = f"The subject {said.subject!r} leads to {self.name(attempt.organization_id)}"
                self.add_conflict(Code.ORGANIZATION_ELSEWHERE, given)
            elif attempt.rule is Rule.SUBSCRIPTION:
                given = f"The subscription {said.subscription!r} belongs to {self.name(attempt.organization_id)}"
                self.add_conflict(Code.SUBSCRIPTION_ELSEWHERE, given)
            elif attempt.rule is Rule.SUBSCRIBER:
                given = f"The subscriber {self.subscriber_text()} belongs to {self.name(attempt.organization_id)}"
                self.add_conflict(Code.SUBSCRIBER_ELSEWHERE, given)
        self.find_conflicts_of_credential()

    def find_conflicts_of_credential(self) -> None:
        """What the event says otherwise than the credential that it came through."""
        made = self.made
        credential = self.facts.at(made.credential_id, self.at)
        if credential is None:
            return
        linked, named = credential.get("subscriptionId"), id_of(self.subscription)
        if linked and named and linked != named:
            message = f"The credential is linked to another subscription than {self.said.subscription!r}."
            made.conflicts.append((Code.SUBSCRIPTION_ELSEWHERE, message))
        own, given = credential.get("subscriberId"), id_of(self.subscriber)
        if own and given and own != given:
            message = f"The credential belongs to another subscriber than {self.subscriber_text()}."
            made.conflicts.append((Code.SUBSCRIBER_ELSEWHERE, message))
        if self.has_ended(credential):
            message = "The key had ended by the time of the event. Its usage is attributed all the same."
            made.conflicts.append((Code.CREDENTIAL_ENDED, message))

    def has_ended(self, credential: Doc) -> bool:
        """Whether the key of the event, or the credential, had ended by the event's time."""
        if (deleted := credential.get("deletedAt")) and deleted <= self.at:
            return True
        ends = [
            (key["status"] == KeyStatus.ENDED and not key.get("validTo")) or is_over(key, self.at)
            for key in credential.get("keys", ())
            if key["value"] in (self.said.credential, self.said.subject)
        ]
        return any(ends)

    def find_effects(self) -> None:
        """What recording the event would create, link or move."""
        made, said = self.made, self.said
        if said.credential and self.credential is None and self.subscription:
            made.effects.append(Effect.CREATES_CREDENTIAL)
        if email_of(self.event) and self.subscriber is None:
            made.effects.append(Effect.CREATES_SUBSCRIBER)
        if said.subject and made.rule is Rule.UNCLASSIFIED and not self.is_known_subject():
            made.effects.append(Effect.CREATES_USAGE_ATTRIBUTE)
        credential = self.facts.records.get(made.credential_id or "")
        if credential and not credential.get("subscriptionId") and made.subscription_id:
            made.effects.append(Effect.LINKS_SUBSCRIPTION)
        if made.organization_id != UNCLASSIFIED_ID:
            if owner_of(credential) == UNCLASSIFIED_ID:
                made.effects.append(Effect.MOVES_CREDENTIAL)
            if owner_of(self.facts.records.get(made.subscriber_id or "")) == UNCLASSIFIED_ID:
                made.effects.append(Effect.MOVES_SUBSCRIBER)

    def is_known_subject(self) -> bool:
        """Whether the subject is a key of anything, or an e-mail address, of which a subscriber is made."""
        subject = self.said.subject or ""
        return "@" in subject or self.organization_by_subject() is not None

    def add_conflict(self, code: AttributionConflictCode, given: str) -> None:
        """A contradiction of what decided."""
        decided = f"by {self.made.rule.value.lower().replace('_', ' ')}, {self.name(self.made.organization_id)} counts"
        self.made.conflicts.append((code, f"{given}; {decided}."))

    def name(self, organization_id: str | None) -> str:
        """What a message calls an organization."""
        organization = self.facts.records.get(organization_id or "", {})
        return f"{organization.get('name', organization_id)!r} ({organization.get('externalId') or organization_id})"

    def subscriber_text(self) -> str:
        """What a message calls the subscriber that the event names."""
        return repr(self.said.subscriber_email or self.said.subscriber_id or self.said.subject)


def is_over(key: Doc, at: datetime) -> bool:
    """Whether a key had ended by an instant."""
    return status_at(key["status"], key.get("validTo"), now=at) is KeyStatus.ENDED and bool(
        key.get("validTo", at) <= at
    )


def owner_of(doc: Doc | None) -> str | None:
    """The id of the organization that a record belongs to."""
    return doc.get("organizationId") if doc else None


def id_of(doc: Doc | None) -> str | None:
    """The id of a record."""
    return doc["_id"] if doc else None
