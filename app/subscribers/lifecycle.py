"""What may be written of a subscriber, whose it is where that is not said, and what follows when it changes hands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import ClassVar

from app.credentials.lifecycle import covers
from app.entities.addresses import normalise_email
from app.entities.contacts import email_address
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.metadata import app_claims
from app.entities.subscriber import Subscriber
from app.entities.texts import text
from app.errors import Problem
from app.mongo.client import Doc
from app.organizations.domains import claimed_alone, domain_of, is_public
from app.organizations.lifecycle import APP_METADATA, CUSTOM_METADATA
from app.writing.inputs import Field, Inputs, Path, Reference
from app.writing.lifecycle import Key, Lifecycle
from app.writing.resting import resting
from app.writing.work import Work

short = text(256)
MOST_CREDENTIALS = 1_000


class SubscriberLifecycle(Lifecycle):
    """Subscribers. Its credentials go with it when it changes organizations, but for those that were elsewhere."""

    record = Subscriber
    inputs: ClassVar[Inputs] = (
        Field("email", email_address, required=True),
        Field("first_name", short),
        Field("last_name", short),
        Field("subscriber_id", short),
        CUSTOM_METADATA,
        APP_METADATA,
        Reference(
            "organization",
            "Organization",
            "organizationId",
            "On whose account it uses the service. If it is not said: the organization that alone claims the e-mail's "
            "domain, else UNCLASSIFIED.",
        ),
    )

    def claims(self, doc: Doc) -> Iterable[Key]:
        yield "email", doc["emailKey"], "email"
        yield "subscriberId", doc["subscriberId"], "subscriberId"
        for namespace, key in app_claims(doc.get("appMetadata", ())):
            yield namespace, key, "appMetadata"

    async def settle(self, work: Work, before: Doc | None, after: Doc, problems: list[Problem], path: Path) -> None:
        after["email"] = after["email"] or ""
        after["emailKey"] = normalise_email(after["email"])
        after["subscriberId"] = after["subscriberId"] or after["_id"]
        if not after["organizationId"]:
            domain = domain_of(after["emailKey"])
            claimants = await claimants_of(work, [domain])
            after["organizationId"] = claimed_alone(domain, claimants.get(domain, ())) or UNCLASSIFIED_ID
        if before is not None and after["organizationId"] != before["organizationId"]:
            await change_hands(work, before, after, problems)

    async def in_the_way(self, work: Work, doc: Doc) -> list[Problem]:
        own: Doc = {"subscriberId": doc["_id"]}
        return await resting(work, "credentials", own, "live credentials", "name", "Delete them first.")


async def claimants_of(work: Work, domains: Collection[str]) -> dict[str, list[str]]:
    """Domain → the live organizations that claim it, in one read; of one domain two of them, which are enough."""
    found: dict[str, list[str]] = defaultdict(list)
    asked = sorted(domain for domain in domains if domain and not is_public(domain))
    if not asked:
        return found
    query: Doc = {"associatedDomains": {"$in": asked}, "deletedAt": None}
    for doc in await work.find("organizations", query, {"associatedDomains": 1}, limit=2 if len(asked) == 1 else 0):
        for each in doc["associatedDomains"]:
            found[each].append(doc["_id"])
    return found


async def change_hands(work: Work, before: Doc, after: Doc, problems: list[Problem]) -> None:
    """Take a subscriber's credentials along, those of its old organization; a subscription has to cover them there."""
    own: Doc = {"subscriberId": before["_id"], "organizationId": before["organizationId"], "deletedAt": None}
    credentials = await work.find("credentials", own, limit=MOST_CREDENTIALS + 1)
    if len(credentials) > MOST_CREDENTIALS:
        message = f"It has more than {MOST_CREDENTIALS:,} credentials to take along: move them first, in parts."
        problems.append(Problem("TOO_LARGE", ("organization",), message))
        return
    await work.fetch([after["organizationId"], *(each.get("subscriptionId") for each in credentials)])
    organization = work.records[after["organizationId"]]
    for credential in credentials:
        subscription = work.records.get(credential.get("subscriptionId") or "")
        if subscription and not covers(subscription, organization):
            message = (
                f"Its credential {credential['name']!r} is linked to {subscription['externalId']!r}, a subscription of "
                "neither that organization nor one above it. Unlink it first."
            )
            problems.append(Problem("SUBSCRIPTION_ELSEWHERE", ("organization",), message))
        work.records[credential["_id"]] = credential
    if not problems:
        for credential in credentials:
            work.change(credential["_id"], {"organizationId": organization["_id"]})
