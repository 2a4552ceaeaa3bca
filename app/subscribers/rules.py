"""What may be written of a subscriber, whose it is where that is not said, and what follows when it changes hands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from app.credentials.rules import covers
from app.entities.addresses import normalise_email
from app.entities.credential import Credential
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber, name_key
from app.entities.subscription import PlanSubscription
from app.errors import Problems
from app.graph.documents import evolve, from_document
from app.graph.record import Record
from app.mongo.client import Doc
from app.organizations.claimants import Claimants, read_claimants
from app.organizations.domains import claimed_alone, domain_of
from app.writing.inputs import APP_METADATA, CUSTOM_METADATA, Field, Inputs, RecordInput, Reference
from app.writing.rules import Rules
from app.writing.work import Work

MOST_CREDENTIALS = 1_000


class SubscriberRules(Rules[Subscriber]):
    """Subscribers. Its credentials go with it when it changes organizations, but for those that were elsewhere."""

    record = Subscriber
    inputs: ClassVar[Inputs] = (
        Field("email"),
        Field("kind"),
        Field("first_name"),
        Field("last_name"),
        Field("subscriber_id", required=False),
        CUSTOM_METADATA,
        APP_METADATA,
        Reference(
            "organization",
            Organization,
            "organizationId",
            "The organization on whose account it uses the service. If omitted: the only organization that "
            "claims the e-mail's domain, or else UNCLASSIFIED.",
        ),
    )

    async def prefetch(self, work: Work, given: Sequence[RecordInput]) -> None:
        emails = [
            each.values["email"] for each in given if "email" in each.values and not each.named.get("organization")
        ]
        if len(emails) > 1:
            await read_claimants(work, {domain_of(normalise_email(email)) for email in emails})

    def construct(
        self, work: Work, base: Doc, before: Subscriber | None, given: RecordInput, problems: Problems
    ) -> Subscriber:
        values = base | given.values
        own = {"emailKey": normalise_email(values["email"]), "subscriberId": values["subscriberId"] or values["_id"]}
        return from_document(Subscriber, values | own)

    async def complete(self, work: Work, before: Subscriber | None, after: Subscriber) -> Subscriber:
        domain = domain_of(after.email_key)
        after = evolve(after, email_domain=domain, name_key=name_key(after.last_name, after.first_name))
        if after.organization_id:
            return after
        await read_claimants(work, [domain])
        claimants = work.part(Claimants).of.get(domain, ())
        return evolve(after, organization_id=claimed_alone(domain, claimants) or UNCLASSIFIED_ID)

    async def consequences(
        self, work: Work, before: Subscriber | None, after: Subscriber, problems: Problems
    ) -> Sequence[tuple[Record, Record]]:
        if before is None or before.deleted_at or after.organization_id == before.organization_id:
            return ()
        credentials = await credentials_to_take_along(work, before, after, problems)
        return [(each, evolve(each, organization_id=after.organization_id)) for each in credentials]


async def credentials_to_take_along(
    work: Work, before: Subscriber, after: Subscriber, problems: Problems
) -> list[Credential]:
    """The credentials of a subscriber's old organization; adds a problem for each that cannot go to the new one."""
    own: Doc = {"subscriberId": before.id, "organizationId": before.organization_id, "deletedAt": None}
    docs = await work.find(Credential.collection, own, limit=MOST_CREDENTIALS + 1)
    if len(docs) > MOST_CREDENTIALS:
        message = (
            f"It has more than {MOST_CREDENTIALS:,} credentials that would move with it: move them first, in parts."
        )
        problems.add("TOO_LARGE", "organization", message)
        return []
    for doc in docs:
        work.records.setdefault(doc["_id"], doc)
    credentials = [found for doc in docs if (found := work.get(Credential, doc["_id"]))]
    await work.fetch([after.organization_id, *(each.subscription_id for each in credentials)])
    work.lock_references(
        *(each.subscription_id for each in credentials)
    )  # whose organization must not change meanwhile
    organization = work.get(Organization, after.organization_id)
    for credential in credentials:
        subscription = work.get(PlanSubscription, credential.subscription_id)
        if subscription and organization and not covers(subscription, organization):
            message = (
                f"Its credential {credential.name!r} ({credential.id}) is linked to {subscription.external_id!r}, "
                "a subscription of neither that organization nor one above it. Unlink it first."
            )
            problems.add("SUBSCRIPTION_ELSEWHERE", "organization", message)
    return credentials
