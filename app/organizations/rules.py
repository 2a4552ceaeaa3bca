"""What may be written of an organization, and the rules that judge it: its place in the tree, and who pays for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from app.entities.addresses import fold_visible
from app.entities.billing_profile import BillingProfile
from app.entities.identifiers import UNCLASSIFIED_ID, UNCLASSIFIED_NAME
from app.entities.metadata import app_claims
from app.entities.organization import Billing, Organization, PayerTerm
from app.errors import Problem, Problems
from app.graph.depth import MAX_DEPTH
from app.graph.documents import evolve, stored_value, stored_values
from app.mongo.client import Doc
from app.organizations.domains import is_public
from app.organizations.duplicates import NEEDED, match_keys
from app.organizations.tree import ancestors_below, at_or_below
from app.writing.inputs import APP_METADATA, CUSTOM_METADATA, Field, Inputs, Reference, references
from app.writing.keys import APP_METADATA as APP_ROWS
from app.writing.keys import Key
from app.writing.owned import fixing_currency
from app.writing.rules import Rules
from app.writing.work import Work


class OrganizationRules(Rules[Organization]):
    """Organizations: their place in the tree, who pays for them, and the names that they had."""

    record = Organization
    inputs: ClassVar[Inputs] = (
        Field("name"),
        Field("kind"),
        Field("description"),
        Field("external_id"),
        Field("aliases"),
        Field("currency"),
        Field("timezone"),
        Field("associated_domains"),
        Field("storefront_url"),
        Field("primary_email"),
        Field("billing", of=tuple(Field(name) for name in Billing.model_fields)),
        CUSTOM_METADATA,
        APP_METADATA,
        Reference(
            "parent",
            Organization,
            "parentId",
            "The organization directly above it. A change moves everything below it along, as `moveOrganization` does.",
        ),
        Reference(
            "payer",
            Organization,
            "payerId",
            "Who pays for its usage from now on: null for itself, or an ancestor billed in the same currency.",
        ),
        Reference(
            "billing_profile", BillingProfile, "billingProfileId", "Its billing profile; null for the default one."
        ),
    )
    input_of: ClassVar = {"id": "by"}

    async def complete(self, work: Work, before: Organization | None, after: Organization) -> Organization:
        if before is None or before.deleted_at:
            after = place(after, work.get(Organization, after.parent_id), is_back=before is not None)
        elif after.name != before.name:
            after = evolve(after, former_names=names_kept(before, after.name))
        payer_id = after.payer_id or after.id
        is_new_payer = payer_id != (before.payer_id if before else after.id)
        if is_new_payer and after.payer_terms == (before.payer_terms if before else ()):
            after = evolve(after, payer_terms=terms_with(before, payer_id, work.now))
        return with_match_keys(evolve(after, payer_id=payer_id))

    async def validate(self, work: Work, before: Organization | None, after: Organization, problems: Problems) -> None:
        if before is None or before.deleted_at:
            validate_place(work.get(Organization, after.parent_id), after, problems)
        validate_unclassified(before, after, problems)
        await validate_payer(work, before, after, problems)
        if before is not None and after.currency != before.currency:
            await validate_change_of_currency(work, before, problems)
        had = before.associated_domains if before else ()
        work.warnings += public_domains([each for each in after.associated_domains if each not in had], problems.path)

    async def deletion_blockers(self, work: Work, record: Organization) -> list[Problem]:
        if record.id == UNCLASSIFIED_ID:
            code, field, message = fixed_unclassified("deleted")
            return [Problem(code, (field,), message)]
        return await super().deletion_blockers(work, record)

    async def keys_to_restore(self, work: Work, record: Organization) -> Sequence[Key]:
        """The app ids of those that were merged into it."""
        await work.fetch(record.merged_ids)
        rows = (work.records[each].get(APP_ROWS) or () for each in record.merged_ids)
        return [Key(namespace, key, APP_ROWS) for each in rows for namespace, key in app_claims(each)]


FREE_IN_UNCLASSIFIED = ("description", "timezone", "customMetadata")
"""The inputs that can change of UNCLASSIFIED."""


def validate_unclassified(before: Organization | None, after: Organization, problems: Problems) -> None:
    """UNCLASSIFIED is no customer: it claims nothing and is billed for nothing. No other organization has its name."""
    if after.id != UNCLASSIFIED_ID:
        is_named_now = before is None or before.deleted_at is not None or before.name != after.name
        if is_named_now and fold_visible(after.name) == fold_visible(UNCLASSIFIED_NAME):
            message = f"{after.name!r} is what the organization for unknown customers is called: choose another name."
            problems.add("RESERVED", "name", message)
    elif before is not None:
        given = [each.stored for each in OrganizationRules.inputs if each.stored not in FREE_IN_UNCLASSIFIED]
        had, has = stored_values(before, given), stored_values(after, given)
        for name in given:
            if had[name] != has[name]:
                problems.add("UNCLASSIFIED_FIXED", NAMED_BY.get(name, name), UNCLASSIFIED_TEXT)


def place(organization: Organization, parent: Organization | None, *, is_back: bool) -> Organization:
    """An organization that comes, or comes back, below its parent; one back loses a payer that is not above it now."""
    ancestor_ids = ancestors_below(parent)
    loses_payer = is_back and organization.payer_id not in ancestor_ids
    return evolve(organization, ancestor_ids=ancestor_ids, payer_id="" if loses_payer else organization.payer_id)


def with_match_keys(organization: Organization) -> Organization:
    """The organization with its match keys."""
    values = stored_values(organization, ("_id", *NEEDED))
    doc: Doc = {name: stored_value(value) for name, value in values.items()}
    return evolve(organization, match_keys=match_keys(doc))


def names_kept(before: Organization, name: str) -> tuple[str, ...]:
    """The former names of an organization after it is renamed to `name`."""
    return tuple(dict.fromkeys(each for each in (*before.former_names, before.name) if each != name))


def terms_with(before: Organization | None, payer_id: str, since: datetime) -> tuple[PayerTerm, ...]:
    """Who has paid since when, where another one pays from `since` on; `before` is None where it is new."""
    terms = before.payer_terms if before else ()
    if before and not terms:
        terms = (PayerTerm(payer_id=strawberry.ID(before.payer_id), valid_from=min(before.created_at, since)),)
    return (*terms, PayerTerm(payer_id=strawberry.ID(payer_id), valid_from=since))


def validate_place(parent: Organization | None, after: Organization, problems: Problems) -> None:
    """Nothing stands below UNCLASSIFIED, or deeper than trees may be."""
    if parent and parent.id == UNCLASSIFIED_ID:
        problems.add("UNCLASSIFIED_FIXED", "parent", "UNCLASSIFIED cannot be a parent: choose another organization.")
    if len(after.ancestor_ids) > MAX_DEPTH:
        problems.add(
            "TOO_DEEP",
            "parent",
            f"It would be more than {MAX_DEPTH} levels deep in the tree: choose a parent higher up.",
        )


async def validate_payer(work: Work, before: Organization | None, after: Organization, problems: Problems) -> None:
    """Who pays is the organization itself, or one above it that is billed in the same currency."""
    if after.payer_id == after.id:
        return
    await work.fetch([after.payer_id])
    payer = work.get(Organization, after.payer_id)
    if payer is None:
        return
    if not at_or_below(after.id, after.ancestor_ids, payer.id):
        message = f"{payer.name!r} is not above it: choose one of its ancestors, or null for itself."
        problems.add("PAYER_NOT_ABOVE", "payer", message)
    elif payer.currency != after.currency:
        message = (
            f"Both must be billed in the same currency: it is in {after.currency}, {payer.name!r} in {payer.currency}."
        )
        is_new_payer = payer.id != (before.payer_id if before else after.id)
        problems.add("CURRENCY_MISMATCH", "payer" if is_new_payer else "currency", message)


async def validate_change_of_currency(work: Work, before: Organization, problems: Problems) -> None:
    """An organization with records in its currency, or that pays for others, cannot change its currency."""
    if owned := await fixing_currency(work, Organization, before.id):
        message = f"It has {', '.join(owned)} in {before.currency}: its currency is fixed: create another organization."
        problems.add("CURRENCY_FIXED", "currency", message)
    others: Doc = {"payerId": before.id, "_id": {"$ne": before.id}, "deletedAt": None}
    if paid := await work.find(Organization.collection, others, {"name": 1}, limit=1):
        message = (
            f"It pays for {paid[0]['name']!r}, which is billed in {before.currency}: give that one another payer first."
        )
        problems.add("CURRENCY_MISMATCH", "currency", message)


def public_domains(domains: Iterable[str], path: tuple[str, ...]) -> list[Problem]:
    """A warning for each public mail domain among the claimed domains."""
    place = (*path, "associatedDomains")
    return [
        Problem(
            "PUBLIC_MAIL_DOMAIN", place, f"Anybody can have an address at {each}, so it does not assign subscribers."
        )
        for each in domains
        if is_public(each)
    ]


UNCLASSIFIED_TEXT = (
    "UNCLASSIFIED is no customer: only its description, time zone and custom metadata can change. Name the customer's "
    "organization instead."
)
NAMED_BY = {each.stored: to_camel_case(each.name) for each in references(OrganizationRules.inputs)}


def fixed_unclassified(done: str, field: str = "by") -> tuple[str, str, str]:
    """The code, field and message for what cannot be done to UNCLASSIFIED."""
    message = f"UNCLASSIFIED cannot be {done}: it holds the usage of unknown organizations."
    return "UNCLASSIFIED_FIXED", field, message
