"""Which account caused a usage event, by which rule, and what else was considered. Computed, stored nowhere."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.graph.choices import Choice, choices
from app.graph.edges import one
from app.graph.record import Embedded, embedded, record


@choices(description="A rule by which usage finds its account. They are tried in this order.")
class AttributionRule(Choice):
    """The rules, the first first."""

    CREDENTIAL = "CREDENTIAL", "The credential that has the key, or alone bears the name."
    SUBSCRIPTION = "SUBSCRIPTION", "The subscription that has the external id."
    ORGANIZATION = "ORGANIZATION", "The organization that has the id, external id or alias."
    SUBJECT = (
        "SUBJECT",
        "The subject: an external id, an attribute's key, a credential's key, an e-mail address or a subscriberId.",
    )
    SUBSCRIBER = (
        "SUBSCRIBER",
        "The organization of the subscriber that has the e-mail address, or else the subscriberId.",
    )
    ORGANIZATION_NAME = (
        "ORGANIZATION_NAME",
        "The only organization that bears the name now, or else the only one that bore it.",
    )
    DOMAIN = "DOMAIN", "The only organization that claims the domain of the e-mail address."
    UNCLASSIFIED = "UNCLASSIFIED", "Nothing leads to a customer: UNCLASSIFIED, where somebody can look after it."


@choices(description="What came of one rule for one event.")
class AttributionFinding(Choice):
    """What a rule found."""

    DECIDED = "DECIDED", "It found the account; the rules after it only confirm or contradict."
    AGREES = "AGREES", "It leads to the same account, or to a subscription of one above it."
    DIFFERS = "DIFFERS", "It leads to another account, which an earlier rule outweighs."
    UNCLASSIFIED = "UNCLASSIFIED", "It leads only to UNCLASSIFIED, which never decides."
    AMBIGUOUS = "AMBIGUOUS", "Several have that name or claim that domain, so that it says nothing."
    UNKNOWN = "UNKNOWN", "Nothing has that key, name or domain."


@choices(description="What recording an event would do besides counting it.")
class AttributionEffect(Choice):
    """What an event creates, links or moves."""

    CREATES_CREDENTIAL = (
        "CREATES_CREDENTIAL",
        "A credential with the unknown key, under the subscription that is known.",
    )
    CREATES_SUBSCRIBER = "CREATES_SUBSCRIBER", "A subscriber with the unknown e-mail address."
    CREATES_USAGE_ATTRIBUTE = "CREATES_USAGE_ATTRIBUTE", "A usage attribute of UNCLASSIFIED with the unknown subject."
    LINKS_SUBSCRIPTION = (
        "LINKS_SUBSCRIPTION",
        "The credential, which has no subscription, is linked to the one that is named.",
    )
    MOVES_CREDENTIAL = (
        "MOVES_CREDENTIAL",
        "The credential moves out of UNCLASSIFIED to the organization that was found.",
    )
    MOVES_SUBSCRIBER = (
        "MOVES_SUBSCRIBER",
        "The subscriber moves out of UNCLASSIFIED to the organization that was found.",
    )


@choices(description="What contradicts what in an event.")
class AttributionConflictCode(Choice):
    """What contradicts what."""

    ORGANIZATION_ELSEWHERE = "ORGANIZATION_ELSEWHERE", "What the event says of the organization leads to another one."
    SUBSCRIBER_ELSEWHERE = "SUBSCRIBER_ELSEWHERE", "The subscriber belongs to another organization, or to another key."
    SUBSCRIPTION_ELSEWHERE = (
        "SUBSCRIPTION_ELSEWHERE",
        "The subscription is another than the credential's, or of another tree.",
    )
    CREDENTIAL_ENDED = (
        "CREDENTIAL_ENDED",
        "The key had ended, or its credential was deleted; usage is attributed all the same.",
    )


@embedded(description="One rule that was tried for an event, and what came of it.")
class AttributionAttempt(Embedded):
    """One rule and what it found."""

    rule: AttributionRule = Field(description="The rule.")
    finding: AttributionFinding = Field(description="What it found.")

    organization_id: strawberry.ID | None = Field(
        default=None, description="The id of the organization that it leads to, if to one."
    )


@embedded(description="Something in an event that contradicts what decided.")
class AttributionConflict(Embedded):
    """A contradiction."""

    code: AttributionConflictCode = Field(description="What contradicts what.")
    message: str = Field(description="What the event says, and what counts in its place.")


@embedded(description="Something that is wrong with an event, so that it would be rejected.")
class AttributionProblem(Embedded):
    """Why an event is none."""

    code: str = Field(description="A stable code, as in `userErrors`.")
    field: str = Field(description="The place in the event, its names joined by dots; empty for the event as a whole.")
    message: str = Field(description="What is wrong, and what to do.")


@record(description="The account that caused a usage event, the rule that decided, and all that was considered.")
class Attribution(Embedded):
    """The account of an event, and why it is that one."""

    read_scope: ClassVar = Scope.CUSTOMERS

    index: int = Field(description="The position of the event in the body, from 0.")
    source: str | None = Field(default=None, description="The source that the event has; null if it is rejected.")
    event_id: str | None = Field(default=None, description="Its id, unique within the source; null if it is rejected.")
    time: datetime | None = Field(default=None, description="Its own time, UTC; null if it has none.")
    rule: AttributionRule | None = Field(default=None, description="The rule that decided; null if it is rejected.")
    tried: tuple[AttributionAttempt, ...] = Field(
        default=(), description="Every rule for which the event has something, in their order, and what each found."
    )
    conflicts: tuple[AttributionConflict, ...] = Field(
        default=(), description="Everything in the event that contradicts what decided; none is ever dropped silently."
    )
    effects: tuple[AttributionEffect, ...] = Field(
        default=(), description="What recording the event would create, link or move."
    )
    problems: tuple[AttributionProblem, ...] = Field(
        default=(), description="Why the event would be rejected; empty for one that would be stored."
    )

    organization_id: strawberry.Private[str | None] = None
    subscriber_id: strawberry.Private[str | None] = None
    credential_id: strawberry.Private[str | None] = None
    subscription_id: strawberry.Private[str | None] = None

    organization = one("Organization", via="organizationId", doc="The organization whose usage it is.")
    subscriber = one("Subscriber", via="subscriberId", doc="Who used it, if known.")
    credential = one("Credential", via="credentialId", doc="The credential that it came through, if known.")
    subscription = one(
        "PlanSubscription", via="subscriptionId", doc="The subscription that it is billed under, if known."
    )
