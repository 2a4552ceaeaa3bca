"""A whole customer in one transaction: organization, subscribers, subscriptions and credentials, found or made.

What is there already is found by its keys and left as it is, so that the same call can be made again for an existing
customer; what it would say otherwise is a warning. What stands in UNCLASSIFIED only because nobody knew better, moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from app.access.secrets import SECRET
from app.catalog.subscriptions import SubscriptionRules
from app.credentials.rules import CredentialRules
from app.entities.credential import Credential
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription, SubscriptionStatus, status_of
from app.errors import Problem, Problems, Refused
from app.graph.by import By
from app.graph.documents import from_document
from app.graph.record import Finder, Record
from app.mongo.client import Doc
from app.organizations.rules import OrganizationRules
from app.organizations.unclassified import validate_customer
from app.subscribers.rules import SubscriberRules
from app.writing import lifecycle
from app.writing.input_types import MutationInput, Part, operation_input, optional
from app.writing.inputs import RecordInput, is_given, read_named, read_values, record_key, references
from app.writing.keys import compared, find_named, resolve_keys
from app.writing.payloads import WarningPayload, payload, shown, shown_list
from app.writing.rules import Rules
from app.writing.work import Work

R = TypeVar("R", bound=Record)
MOST = 100
"""How many subscribers, subscriptions and credentials one call may have of each."""


@operation_input
class OnboardCustomerInput(MutationInput):
    """The customer's organization, and what it has."""

    organization: Part[OrganizationRules] | None = optional(
        "The customer's organization: found by its external id or an alias, or else created."
    )
    existing: By[Organization] | None = optional("An existing organization, instead of `organization`.")
    subscribers: list[Part[SubscriberRules]] | None = optional(
        f"The customer's subscribers. Found by e-mail address or subscriberId, or else created. At most {MOST}."
    )
    subscriptions: list[Part[SubscriptionRules]] | None = optional(
        f"The customer's subscriptions. Found by external id, or else created. At most {MOST}."
    )
    credentials: list[Part[CredentialRules]] | None = optional(
        "The customer's credentials, of existing subscribers or those given here. Found by key, or else created. "
        f"At most {MOST}."
    )


@payload
class OnboardCustomerPayload(WarningPayload):
    """The customer, and what it has."""

    organization: Organization | None = shown("The customer's organization; null if the request was refused.")
    subscribers: list[Subscriber] = shown_list("Those named, in their order.")
    subscriptions: list[PlanSubscription] = shown_list("Those named, in their order.")
    credentials: list[Credential] = shown_list("Those named, in their order.")
    created: list[strawberry.ID] = shown_list("The ids of the records that were created; the others existed already.")


async def onboard_customer(work: Work, given: OnboardCustomerInput) -> OnboardCustomerPayload:
    """Make a customer, or add to one. Raises Refused."""
    check_sizes(given)
    onboarding = Onboarding(work)
    await onboarding.prepare(given)
    organization = await onboarding.find_or_make_organization(given)
    subscribers = await onboarding.add_parts(SubscriberRules(), "subscribers", given.subscribers, organization)
    subscriptions = await onboarding.add_parts(SubscriptionRules(), "subscriptions", given.subscriptions, organization)
    credentials = await onboarding.add_parts(CredentialRules(), "credentials", given.credentials, organization)
    onboarding.problems.refuse()
    ids = [organization.id, *(each.id for part in (subscribers, subscriptions, credentials) for each in part)]
    return OnboardCustomerPayload(
        organization=work.get(Organization, organization.id),
        subscribers=[work.get(Subscriber, each.id) or each for each in subscribers],
        subscriptions=[work.get(PlanSubscription, each.id) or each for each in subscriptions],
        credentials=[work.get(Credential, each.id) or each for each in credentials],
        created=[strawberry.ID(each) for each in ids if work.is_new(each)],
    )


def check_sizes(given: OnboardCustomerInput) -> None:
    """Refuse what is too much for one call, or names no organization, before anything is read."""
    problems = Problems()
    parts = {
        "subscribers": given.subscribers,
        "subscriptions": given.subscriptions,
        "credentials": given.credentials,
    }
    for name, rows in parts.items():
        if is_given(rows) and len(rows or ()) > MOST:
            problems.add("TOO_MANY", name, f"There are {len(rows or ()):,} of them; one call can have {MOST}.")
    if is_given(given.organization) is is_given(given.existing):
        message = "Give either `organization`, which is found or created, or `existing`."
        problems.add("REQUIRED", "organization", message)
    problems.refuse()


@dataclass(slots=True)
class Onboarding:
    """One call: the unit of work, what was found wrong so far, and the ids of the records that it came to."""

    work: Work
    problems: Problems = field(default_factory=Problems)
    seen: set[str] = field(default_factory=set)

    async def prepare(self, given: OnboardCustomerInput) -> None:
        """Everything that is named, and every key that may find something, in one read of keys."""
        named = [record_key(given.existing)] if is_given(given.existing) and given.existing else []
        keys: dict[str, set[str]] = {}
        rows: list[tuple[Rules[Any], object]] = [
            *((OrganizationRules(), row) for row in parts_of([given.organization])),
            *((SubscriberRules(), row) for row in parts_of(given.subscribers)),
            *((SubscriptionRules(), row) for row in parts_of(given.subscriptions)),
            *((CredentialRules(), row) for row in parts_of(given.credentials)),
        ]
        for rules, row in rows:
            named += RecordInput(named=read_named(rules.inputs, row)).record_keys()
            for finder, key in finding_keys(rules.record, row):
                keys.setdefault(finder.namespace or "", set()).add(compared(finder, key))
        await resolve_keys(self.work, named, keys)

    async def find_or_make_organization(self, given: OnboardCustomerInput) -> Organization:
        """The customer's organization."""
        rules, here = OrganizationRules(), self.problems.at("organization")
        if is_given(given.existing) and given.existing:
            doc = find_named(self.work, record_key(given.existing), self.problems.at("existing"))
            found = self.work.get(Organization, doc["_id"]) if doc else None
            if found is None:
                raise Refused(self.problems.gathered)
            validate_customer(found.id, self.problems, "existing")
            return found
        for finder, key in finding_keys(Organization, given.organization):
            if doc := self.work.found(finder.namespace or "", key, finder.fields):
                self.compare(rules, given.organization, doc, here)
                return from_document(Organization, doc)
        return await self.make(rules, given.organization, {}, here)

    async def add_parts(
        self, rules: Rules[R], name: str, rows: Sequence[object] | None, organization: Organization
    ) -> list[R]:
        """The subscribers, subscriptions or credentials of the organization, found or made, in their order."""
        found: list[R] = []
        for n, row in enumerate(parts_of(rows)):
            found.append(await self.add_part(rules, row, organization, self.problems.at(name, str(n))))
            self.seen.add(found[-1].id)
        return found

    async def add_part(self, rules: Rules[R], row: object, organization: Organization, here: Problems) -> R:
        """One of them."""
        found: dict[str, tuple[Doc, Finder]] = {}
        for finder, key in finding_keys(rules.record, row):
            if doc := self.work.found(finder.namespace or "", compared(finder, key), finder.fields):
                found.setdefault(doc["_id"], (doc, finder))
        if len(found) > 1:
            message = f"Its keys belong to {len(found)} different records: {', '.join(found)}."
            here.add("SUBSCRIBER_MISMATCH", (), message)
        for doc, finder in found.values():
            return await self.keep_or_move(rules, row, doc, organization, here, finder.graphql_name)
        return await self.make(rules, row, {"organizationId": organization.id}, here)

    async def make(self, rules: Rules[R], row: object, decided: Mapping[str, object], here: Problems) -> R:
        """The new record. An invalid one is staged, so that records that refer to it can be validated too."""
        said = RecordInput(read_values(rules.record, rules.inputs, row, here), read_named(rules.inputs, row))
        ids = lifecycle.refer(self.work, rules.inputs, said, here) | dict(decided)
        made = await lifecycle.create(self.work, rules, said, here, ids=ids)
        if len(here):
            lifecycle.stage_for_validation(self.work, made)
        return made

    async def keep_or_move(
        self, rules: Rules[R], row: object, doc: Doc, organization: Organization, here: Problems, key: str
    ) -> R:
        """The existing record: kept if it is the customer's, moved if in UNCLASSIFIED, else refused."""
        record = self.work.get(rules.record, doc["_id"]) or from_document(rules.record, doc)
        owner_id = doc["organizationId"]
        came_along = record.id in self.work.changes  # a credential, with its subscriber
        if record.id in self.seen:
            here.add("DUPLICATE", key, "The same record is given twice in this call: remove one.")
        elif owner_id == organization.id and not came_along:
            self.compare(rules, row, doc, here)
        elif owner_id != UNCLASSIFIED_ID and not came_along:
            message = f"It is {record.id}, of {owner_id}. Move that record first, or choose another key."
            here.add("ELSEWHERE", key, message)
        elif not len(here):
            said = RecordInput(named=read_named(rules.inputs, row))
            ids = {"organizationId": organization.id, **lifecycle.refer(self.work, rules.inputs, said, here)}
            after = from_document(rules.record, doc | ids)
            return await lifecycle.change_record(self.work, rules, record, after, here)
        return record

    def compare(self, rules: Rules[R], row: object, there: Doc, here: Problems) -> None:
        """Add a warning for each value of the row that differs from the existing record, which is not changed."""
        said = RecordInput(read_values(rules.record, rules.inputs, row, here), read_named(rules.inputs, row))
        inputs = {each.stored: to_camel_case(each.name) for each in references(rules.inputs)}
        values = said.values | lifecycle.refer(self.work, rules.inputs, said, here)
        if rules.record is PlanSubscription:
            there = there | {"status": status_of(from_document(PlanSubscription, there), self.work.now)}
        for name, value in values.items():
            if name == SECRET or (name in there and not is_same(rules.record, name, value, there[name])):
                message = f"{there['_id']} exists already with another value here, which was left unchanged."
                place = (*here.path, inputs.get(name, name))
                self.work.warnings.append(Problem("EXISTS_DIFFERENT", place, message))
        if there.get("status") == SubscriptionStatus.ENDED:
            message = f"{there['externalId']!r} has ended. Give a new external id to create a new subscription."
            self.work.warnings.append(Problem("ENDED", here.path, message))


def parts_of(rows: Sequence[object] | None) -> list[object]:
    """The rows that were given."""
    return [row for row in rows or () if is_given(row)] if is_given(rows) else []


def finding_keys(record: type[Record], row: object) -> Iterator[tuple[Finder, str]]:
    """The keys in a row by which a record of that kind may be found, trimmed."""
    for finder in record.finders:
        value = getattr(row, finder.name, None) if finder.namespace else None
        if isinstance(value, str) and value.strip():
            yield finder, value.strip()


def is_same(record: type[Record], stored: str, given: object, there: object) -> bool:
    """Whether a value is the one that is stored, as values of that field are compared."""
    finder = next((each for each in record.finders if to_camel_case(each.name) == stored), None)
    if finder and isinstance(given, str) and isinstance(there, str):
        return compared(finder, given) == compared(finder, there)
    return given == there
