"""What may be written of a credential, and the rules that judge it: whose it is, what bills it, its first key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.access.secrets import SECRET
from app.credentials.keys import find_current, has_ended, replace_current, with_keys
from app.credentials.secrets import seal, secret_text
from app.entities.credential import Credential, CredentialKey
from app.entities.measures import instant
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription, SubscriptionStatus, status_of
from app.errors import Problems
from app.graph.documents import evolve, from_document
from app.mongo.client import Doc
from app.mongo.keys import Claim
from app.organizations.tree import at_or_below
from app.writing.inputs import APP_METADATA, CUSTOM_METADATA, Field, Inputs, RecordInput, Reference
from app.writing.rules import Rules
from app.writing.work import Work

KEY_NAMESPACE = "credentialKey"
VALID_FROM, EXPIRES_AT = "validFrom", "expiresAt"


class CredentialRules(Rules[Credential]):
    """Credentials. A key is never given to another organization, whatever becomes of the credential."""

    record = Credential
    inputs: ClassVar[Inputs] = (
        Field("credential_id", on_update=False),
        Field("name"),
        Field("tags"),
        Field(
            "valid_from",
            rule=instant,
            annotation=datetime,
            doc="When its key starts to work; now if omitted.",
            on_update=False,
        ),
        Field(
            "expires_at",
            rule=instant,
            annotation=datetime,
            doc="When its current key expires; null if it does not.",
        ),
        Field(
            "external_secret",
            rule=secret_text,
            annotation=str,
            doc="The secret of its current key. It is stored encrypted with the server's own key and never shown.",
        ),
        CUSTOM_METADATA,
        APP_METADATA,
        Reference("subscriber", Subscriber, "subscriberId", "The subscriber it belongs to.", required=True),
        Reference(
            "organization",
            Organization,
            "organizationId",
            "The organization its usage is attributed to; the subscriber's organization if omitted.",
        ),
        Reference(
            "subscription",
            PlanSubscription,
            "subscriptionId",
            "The subscription its usage is billed under, of its organization or one above that.",
        ),
    )
    input_of: ClassVar = {"keys": "credentialId"}
    kept_namespaces: ClassVar = frozenset({KEY_NAMESPACE})

    async def prefetch(self, work: Work, given: Sequence[RecordInput]) -> None:
        """The organizations of the subscribers that are named, where several credentials are made at once."""
        if len(given) > 1:
            await work.fetch([doc.get("organizationId") for doc in work.records.values()])

    def construct(
        self, work: Work, base: Doc, before: Credential | None, given: RecordInput, problems: Problems
    ) -> Credential:
        said = KeyInput.of(given.values)
        own = {name: value for name, value in given.values.items() if name not in (VALID_FROM, EXPIRES_AT, SECRET)}
        after = from_document(Credential, base | own)
        current = find_current(before.keys, before.credential_id) if before else None
        secret = seal(work, after.id, said.secret, problems, current.external_secret if current else None)
        if before is None:
            key = CredentialKey(
                value=after.credential_id,
                valid_from=said.valid_from or work.now,
                valid_to=said.expires_at,
                external_secret=secret,
            )
            validate_period(key, problems)
            return with_keys(after, (key,))
        return change_key(after, said, secret, work.now, problems) if said.changes else after

    async def complete(self, work: Work, before: Credential | None, after: Credential) -> Credential:
        """Its organization is its subscriber's unless it is said."""
        if after.organization_id:
            return after
        await work.fetch([after.subscriber_id])
        owner = work.get(Subscriber, after.subscriber_id) or before
        return evolve(after, organization_id=owner.organization_id) if owner else after

    async def validate(self, work: Work, before: Credential | None, after: Credential, problems: Problems) -> None:
        await work.fetch([after.organization_id, after.subscription_id])
        organization = work.get(Organization, after.organization_id)
        subscription = work.get(PlanSubscription, after.subscription_id)
        if subscription is None or organization is None:
            return
        is_linked_now = after.subscription_id != (before.subscription_id if before else None)
        if not covers(subscription, organization):
            field = "subscription" if is_linked_now else "organization"
            problems.add("SUBSCRIPTION_ELSEWHERE", field, describe_elsewhere(subscription, organization))
        if is_linked_now and status_of(subscription, work.now) is SubscriptionStatus.ENDED:
            message = f"{subscription.external_id!r} has ended: choose one that has not."
            problems.add("ENDED", "subscription", message)

    def may_take(self, work: Work, claim: Claim, record: Credential) -> bool:
        owner, organization = work.get(Credential, claim.record_id), work.get(Organization, record.organization_id)
        if claim.namespace != KEY_NAMESPACE or owner is None or owner.deleted_at is None:
            return False
        own = (record.organization_id, *(organization.merged_ids if organization else ()))
        return owner.organization_id in own

    def describe_taken(self, work: Work, claim: Claim, text: str) -> tuple[str, str]:
        owner = work.get(Credential, claim.record_id) if claim.namespace == KEY_NAMESPACE else None
        if owner and owner.deleted_at:
            message = f"{text!r} was a key of another organization, whose past usage carries it: choose another."
            return "CREDENTIAL_KEY_RESERVED", message
        return super().describe_taken(work, claim, text)


@dataclass(frozen=True, slots=True)
class KeyInput:
    """What was said of the current key of a credential; `changes` are the fields that were given."""

    valid_from: datetime | None
    expires_at: datetime | None
    secret: str | None
    changes: frozenset[str]

    @classmethod
    def of(cls, values: Doc) -> KeyInput:
        """As the values of an input have it."""
        given = frozenset((EXPIRES_AT, SECRET)) & values.keys()
        return cls(values.get(VALID_FROM), values.get(EXPIRES_AT), values.get(SECRET), given)


def change_key(
    credential: Credential, said: KeyInput, secret: dict[str, str | bytes] | None, now: datetime, problems: Problems
) -> Credential:
    """A credential whose current key has another end or secret."""
    key = find_current(credential.keys, credential.credential_id)
    if has_ended(key, now):
        field = EXPIRES_AT if EXPIRES_AT in said.changes else SECRET
        problems.add("ENDED", field, "Its current key has ended: use `rotateCredential` to give it a new one.")
        return credential
    if EXPIRES_AT in said.changes:
        key = evolve(key, valid_to=said.expires_at)
    if SECRET in said.changes:
        key = evolve(key, external_secret=secret)
    validate_period(key, problems)
    return with_keys(credential, replace_current(credential.keys, key))


def validate_period(key: CredentialKey, problems: Problems) -> None:
    """A key ends after it begins."""
    if key.valid_to is not None and key.valid_to <= key.valid_from:
        message = "It would end before it starts. Give a later time, or revoke the credential."
        problems.add("INVALID_INSTANT", EXPIRES_AT, message)


def covers(subscription: PlanSubscription, organization: Organization) -> bool:
    """Whether usage of an organization can be billed under a subscription: its own, or an ancestor's."""
    return at_or_below(organization.id, organization.ancestor_ids, subscription.organization_id)


def describe_elsewhere(subscription: PlanSubscription, organization: Organization) -> str:
    """The message for a subscription that is neither an organization's own nor an ancestor's."""
    named = organization.external_id or organization.name
    return f"{subscription.external_id!r} belongs neither to {named!r} nor to an organization above it: choose another."
