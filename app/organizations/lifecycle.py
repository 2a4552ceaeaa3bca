"""What may be written of an organization, and what keeps one from being made, changed or deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from app.billing.standing import currency_rests_on, standing
from app.entities.codes import country_code, currency_code, timezone_name
from app.entities.contacts import domain_name, email_address, web_address
from app.entities.identifiers import UNCLASSIFIED_ID, external_id
from app.entities.metadata import app_claims, app_documents, metadata_entries
from app.entities.organization import Organization, OrganizationKind
from app.entities.texts import one_of, text, texts
from app.errors import Problem
from app.graph.depth import MAX_DEPTH
from app.mongo.client import Doc
from app.organizations.domains import is_public
from app.organizations.duplicates import match_keys
from app.organizations.tree import ancestors_below, at_or_below
from app.writing.inputs import AppDocumentInput, Field, Inputs, Path, Reference, as_mapping
from app.writing.lifecycle import Key, Lifecycle, wanted
from app.writing.resting import resting
from app.writing.work import Work

short = text(256)

BILLING = (
    *(Field(name, short) for name in ("address1", "address2", "city", "state", "zip")),
    Field("country", country_code),
    Field("phone", short),
    Field("email", email_address),
    Field("remittance_instructions", text(2_048)),
)

CUSTOM_METADATA = Field("custom_metadata", as_mapping(metadata_entries, "name", "value", "DUPLICATE"))
APP_METADATA = Field(
    "app_metadata",
    as_mapping(app_documents, "app", "data", "DUPLICATE"),
    annotation=list[AppDocumentInput],
    doc="What other systems keep beside it, one document an app; later by `setAppMetadata`.",
    on_update=False,
)


class OrganizationLifecycle(Lifecycle):
    """Organizations: their place in the tree, who pays for them, and the keys that find them."""

    record = Organization
    inputs: ClassVar[Inputs] = (
        Field("name", short, required=True),
        Field("kind", one_of(OrganizationKind)),
        Field("description", text(1_024)),
        Field("external_id", external_id),
        Field("aliases", texts(external_id)),
        Field("currency", currency_code),
        Field("timezone", timezone_name),
        Field("associated_domains", texts(domain_name)),
        Field("storefront_url", web_address),
        Field("primary_email", email_address),
        Field("billing", short, of=BILLING),
        CUSTOM_METADATA,
        APP_METADATA,
        Reference("parent", "Organization", "parentId", "The organization directly above it.", on_update=False),
        Reference(
            "payer",
            "Organization",
            "payerId",
            "Who pays for its usage from now on: itself (null), or one above it with the same currency.",
        ),
        Reference(
            "billing_profile", "BillingProfile", "billingProfileId", "How it is billed; null: by the default profile."
        ),
    )
    field_of: ClassVar = {"id": "by"}

    def claims(self, doc: Doc) -> Iterable[Key]:
        for each in (doc["_id"], *doc.get("mergedIds", ())):
            yield "customer", each, "id"
        if doc.get("externalId"):
            yield "customer", doc["externalId"], "externalId"
        for alias in doc.get("aliases", ()):
            yield "customer", alias, "aliases"
        for namespace, key in app_claims(doc.get("appMetadata", ())):
            yield namespace, key, "appMetadata"

    def derived(self, doc: Doc) -> Doc:
        return {"matchKeys": list(match_keys(doc))}

    def pointed(self, doc: Doc) -> list[str | None]:
        return [each for each in super().pointed(doc) if each != doc["_id"]]

    async def settle(self, work: Work, before: Doc | None, after: Doc, problems: list[Problem], path: Path) -> None:
        if before is None or before.get("deletedAt"):
            place(work, after, problems, path)
            if before and after["payerId"] not in after["ancestorIds"]:
                after["payerId"] = None  # whoever paid for it does not stand above it any more
        elif after["name"] != before["name"]:
            rename(before, after, problems)
        await settle_payer(work, before, after, problems, path)
        if before is not None and after["currency"] != before["currency"]:
            await change_currency(work, before, problems)
        had = (before or {}).get("associatedDomains", ())
        work.warnings += public([each for each in after.get("associatedDomains", ()) if each not in had], path)

    async def restore(self, work: Work, given: Any) -> Doc:
        """Bring one back with the app ids of those merged into it, too. Raises Refused."""
        restored = await super().restore(work, given)
        merged_ids = restored.get("mergedIds") or ()
        await work.fetch(merged_ids)
        merged = (work.records[each].get("appMetadata") or () for each in merged_ids)
        keys = [(namespace, key, "appMetadata") for rows in merged for namespace, key in app_claims(rows)]
        await work.look_up(wanted(keys))
        for key in keys:
            if work.owner(*key[:2]) is None:  # nobody took it meanwhile
                self.claim(work, key, restored)
        return restored

    async def in_the_way(self, work: Work, doc: Doc) -> list[Problem]:
        if doc["_id"] == UNCLASSIFIED_ID:
            return [fixed("deleted")]
        own: Doc = {"organizationId": doc["_id"]}
        running = {**own, "status": {"$ne": "ENDED"}}
        move = "Move or delete them first, or merge the whole organization into another."
        found = await resting(work, "organizations", {"parentId": doc["_id"]}, "live children", "name", move)
        found += await resting(work, "subscribers", own, "live subscribers", "email", move)
        found += await resting(work, "credentials", own, "live credentials", "name", move)
        found += await resting(work, "usageAttributes", own, "live usage attributes", "key", move)
        found += await resting(
            work, "subscriptions", running, "subscriptions that run", "externalId", "End them first."
        )
        return [*found, *await standing(work, doc)]


def public(domains: Iterable[str], path: Path) -> list[Problem]:
    """A warning for each domain that may be claimed and decides nothing."""
    return [
        Problem(
            "PUBLIC_MAIL_DOMAIN",
            (*path, "associatedDomains"),
            f"Anybody can have an address at {each}: it decides nothing.",
        )
        for each in domains
        if is_public(each)
    ]


def fixed(done: str, field: str = "by") -> Problem:
    """What cannot be done to UNCLASSIFIED."""
    message = f"UNCLASSIFIED cannot be {done}: it is where usage goes whose organization is not known."
    return Problem("UNCLASSIFIED_FIXED", (field,), message)


def place(work: Work, after: Doc, problems: list[Problem], path: Path) -> None:
    """Put an organization that comes, or comes back, below its parent."""
    parent = work.records.get(after["parentId"] or "")
    after["ancestorIds"] = ancestors_below(parent)
    if parent and parent["_id"] == UNCLASSIFIED_ID:
        problems.append(Problem("UNCLASSIFIED_FIXED", (*path, "parent"), "Nothing stands below UNCLASSIFIED."))
    if len(after["ancestorIds"]) > MAX_DEPTH:
        problems.append(Problem("TOO_DEEP", (*path, "parent"), f"It would stand more than {MAX_DEPTH} levels deep."))


def rename(before: Doc, after: Doc, problems: list[Problem]) -> None:
    """Keep the name it had: it still finds it."""
    if before["_id"] == UNCLASSIFIED_ID:
        problems.append(fixed("renamed", "name"))
    former = [*before.get("formerNames", ()), before["name"]]
    after["formerNames"] = list(dict.fromkeys(each for each in former if each != after["name"]))


async def settle_payer(work: Work, before: Doc | None, after: Doc, problems: list[Problem], path: Path) -> None:
    """Who pays from now on: itself, or one above it with the same currency; kept with the instant it began."""
    payer_id = after["payerId"] = after["payerId"] or after["_id"]
    had = before["payerId"] if before else after["_id"]
    if payer_id != after["_id"]:
        await work.fetch([payer_id])
        payer = work.records[payer_id]
        if not at_or_below(after["_id"], after["ancestorIds"], payer_id):
            message = f"{payer['name']!r} does not stand above it. Let one of its ancestors pay, or itself."
            problems.append(Problem("PAYER_NOT_ABOVE", (*path, "payer"), message))
        elif payer["currency"] != after["currency"]:
            message = f"{payer['name']!r} is billed in {payer['currency']}, this one in {after['currency']}."
            field = "payer" if payer_id != had else "currency"
            problems.append(Problem("CURRENCY_MISMATCH", (*path, field), message))
    if payer_id != had:
        after |= paid_by(payer_id, before, work)


def paid_by(payer_id: str, before: Doc | None, work: Work) -> Doc:
    """The fields of an organization that another, or itself, pays for from now on; `before` is None where it is new."""
    terms = list((before or {}).get("payerTerms", ()))
    first = [{"payerId": before["payerId"], "validFrom": before["createdAt"]}] if before and not terms else []
    return {"payerId": payer_id, "payerTerms": [*terms, *first, {"payerId": payer_id, "validFrom": work.now}]}


async def change_currency(work: Work, before: Doc, problems: list[Problem]) -> None:
    """A currency is fixed once something is in it; whom it pays for is billed in the same."""
    if rests := await currency_rests_on(work, before["_id"]):
        message = f"It has {', '.join(rests)} in {before['currency']}: its currency cannot change any more."
        problems.append(Problem("CURRENCY_FIXED", ("currency",), message))
    others: Doc = {"payerId": before["_id"], "_id": {"$ne": before["_id"]}, "deletedAt": None}
    if paid := await work.find("organizations", others, {"name": 1}, limit=1):
        message = f"It pays for {paid[0]['name']!r}, which is billed in {before['currency']}."
        problems.append(Problem("CURRENCY_MISMATCH", ("currency",), message))
