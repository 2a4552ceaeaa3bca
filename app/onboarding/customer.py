"""A whole customer in one transaction: organization, subscribers, subscriptions and credentials, found or made.

What is there already is found by its keys and left as it is, so that the same call can be made again for an existing
customer; what it would say otherwise is a warning. What stands in UNCLASSIFIED only because nobody knew better, moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.access.secrets import SECRET
from app.catalog.subscriptions import SubscriptionRules
from app.credentials.rules import CredentialRules
from app.entities.credential import Credential
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription, SubscriptionStatus, status_of
from app.entities.usage_attribute import UsageAttribute
from app.errors import Problem, Problems, Refused
from app.graph.by import By
from app.graph.documents import from_document
from app.graph.record import Finder, Record
from app.mongo.client import Doc
from app.organizations.rules import OrganizationRules
from app.organizations.unclassified import validate_customer
from app.organizations.usage_attributes import UsageAttributeRules
from app.organizations.waiting import FLAG_TEXT, SHOWN_TEXT, WaitingSubscribers, propose_or_move
from app.subscribers.rules import SubscriberRules
from app.writing import lifecycle
from app.writing.input_types import MutationInput, Part, operation_input, optional, with_default
from app.writing.inputs import RecordInput, is_given, read_named, read_values, record_key, references
from app.writing.keys import compared, find_named, resolve_keys
from app.writing.naming import name_record
from app.writing.parts import MOST, RowOfRules, check_sizes, finding_keys, keys_in, make_part, parts_of
from app.writing.payloads import WarningPayload, payload, shown, shown_list
from app.writing.rules import Rules
from app.writing.work import Work

R = TypeVar("R", bound=Record)


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
    usage_attributes: list[Part[UsageAttributeRules]] | None = optional(
        f"What produces usage for the customer besides credentials. Found by key, or else created. At most {MOST}."
    )
    subscriptions: list[Part[SubscriptionRules]] | None = optional(
        f"The customer's subscriptions. Found by external id, or else created. At most {MOST}."
    )
    credentials: list[Part[CredentialRules]] | None = optional(
        "The customer's credentials, of existing subscribers or those given here. Found by key, or else created. "
        f"At most {MOST}."
    )
    move_waiting_subscribers: bool = with_default(False, FLAG_TEXT)


@payload
class OnboardCustomerPayload(WarningPayload):
    """The customer, and what it has."""

    organization: Organization | None = shown("The customer's organization; null if the request was refused.")
    subscribers: list[Subscriber] = shown_list("Those named, in their order.")
    usage_attributes: list[UsageAttribute] = shown_list("Those named, in their order.")
    subscriptions: list[PlanSubscription] = shown_list("Those named, in their order.")
    credentials: list[Credential] = shown_list("Those named, in their order.")
    created: list[strawberry.ID] = shown_list("The ids of the records that were created; the others existed already.")
    moved: list[strawberry.ID] = shown_list(
        "The ids of the records named, and of their credentials, that were in UNCLASSIFIED and belong to the customer "
        "from now on."
    )
    waiting_subscribers: WaitingSubscribers | None = shown(SHOWN_TEXT)


async def onboard_customer(work: Work, given: OnboardCustomerInput) -> OnboardCustomerPayload:
    """Make a customer, or add to one. Raises Refused."""
    validate_request(given)
    onboarding = Onboarding(work)
    await onboarding.prepare(given)
    organization = await onboarding.find_or_make_organization(given)
    made: dict[str, list[Any]] = {}
    for name, rows in given_parts(given).items():
        made[name] = await onboarding.add_parts(name, rows, organization)
    if organization is None:
        raise Refused(onboarding.problems.gathered)
    waiting = await onboarding.find_or_move_waiting(given, organization)
    onboarding.problems.refuse()
    ids = [organization.id, *(each.id for records in made.values() for each in records)]
    return OnboardCustomerPayload(
        organization=work.get(Organization, organization.id),
        **{name: [work.get(type(each), each.id) or each for each in records] for name, records in made.items()},
        created=[strawberry.ID(each) for each in ids if work.is_new(each)],
        moved=[strawberry.ID(each) for each in moved_home(work)],
        waiting_subscribers=waiting,
    )


def moved_home(work: Work) -> list[str]:
    """The ids of the records that leave UNCLASSIFIED, in the order in which they were changed."""
    left = UNCLASSIFIED_ID
    return [
        each
        for each, change in work.changes.items()
        if change.before.get("organizationId") == left != change.after.get("organizationId")
    ]


RULES: dict[str, Rules[Any]] = {
    "subscribers": SubscriberRules(),
    "usage_attributes": UsageAttributeRules(),
    "subscriptions": SubscriptionRules(),
    "credentials": CredentialRules(),
}
"""The lists of the input, in the order in which they are made: credentials refer to the others."""


def given_parts(given: OnboardCustomerInput) -> dict[str, list[object]]:
    """The rows of each list."""
    return {name: parts_of(getattr(given, name)) for name in RULES}


def validate_request(given: OnboardCustomerInput) -> None:
    """Refuse what is too much for one call, or names no organization, before anything is read."""
    problems = Problems()
    check_sizes(given_parts(given), problems)
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
        existing = [record_key(given.existing)] if given.existing else []
        rows: list[RowOfRules] = [(OrganizationRules(), row) for row in parts_of([given.organization])]
        rows += ((RULES[name], row) for name, parts in given_parts(given).items() for row in parts)
        named, keys = keys_in(rows)
        await resolve_keys(self.work, [*existing, *named], keys)

    async def find_or_make_organization(self, given: OnboardCustomerInput) -> Organization | None:
        """The customer's organization; None, and a problem, where there is none of that key."""
        rules, here = OrganizationRules(), self.problems.at("organization")
        if is_given(given.existing) and given.existing:
            doc = find_named(self.work, record_key(given.existing), self.problems.at("existing"))
            found = self.work.get(Organization, doc["_id"]) if doc else None
            if found:
                validate_customer(found.id, self.problems, "existing")
            return found
        for finder, key in finding_keys(Organization, given.organization):
            if doc := self.work.found(finder.namespace or "", key, finder.fields):
                self.compare(rules, given.organization, doc, here)
                return from_document(Organization, doc)
        return await make_part(self.work, rules, given.organization, {}, here)

    async def find_or_move_waiting(
        self, given: OnboardCustomerInput, organization: Organization
    ) -> WaitingSubscribers | None:
        """Those who wait for the customer in UNCLASSIFIED, where the call gives domains or asks to move them."""
        gives_domains = given.organization and is_given(getattr(given.organization, "associated_domains", UNSET))
        is_to_move = given.move_waiting_subscribers
        if not gives_domains and not is_to_move:
            return None
        return await propose_or_move(self.work, organization, self.problems, is_to_move=is_to_move)

    async def add_parts(self, name: str, rows: Sequence[object], organization: Organization | None) -> list[Any]:
        """The records of one list of the input, of the organization, found or made, in their order."""
        rules, here = RULES[name], self.problems.at(to_camel_case(name))
        found: list[Any] = []
        for n, row in enumerate(rows):
            found.append(await self.add_part(rules, row, organization, here.at(str(n))))
            self.seen.add(found[-1].id)
        return found

    async def add_part(self, rules: Rules[R], row: object, organization: Organization | None, here: Problems) -> R:
        """One of them."""
        found: dict[str, tuple[Doc, Finder]] = {}
        for finder, key in finding_keys(rules.record, row):
            if doc := self.work.found(finder.namespace or "", compared(finder, key), finder.fields):
                found.setdefault(doc["_id"], (doc, finder))
        if len(found) > 1:
            named = ", ".join(name_record(doc) for doc, _ in found.values())
            here.add("SUBSCRIBER_MISMATCH", (), f"Its keys belong to {len(found)} different records: {named}.")
        for doc, finder in found.values():
            return await self.keep_or_move(rules, row, doc, organization, here, finder.graphql_name)
        decided = {"organizationId": organization.id if organization else None}
        return await make_part(self.work, rules, row, decided, here)

    async def keep_or_move(
        self, rules: Rules[R], row: object, doc: Doc, organization: Organization | None, here: Problems, key: str
    ) -> R:
        """The existing record: kept if it is the customer's, moved if in UNCLASSIFIED, else refused."""
        record = self.work.get(rules.record, doc["_id"]) or from_document(rules.record, doc)
        owner_id = doc["organizationId"]
        came_along = record.id in self.work.changes  # a credential, with its subscriber
        if record.id in self.seen:
            here.add("DUPLICATE", key, "The same record is given twice in this call: remove one.")
        elif organization is None or (owner_id == organization.id and not came_along):
            self.compare(rules, row, doc, here)
        elif owner_id != UNCLASSIFIED_ID and not came_along:
            await self.work.fetch([owner_id])
            owner = name_record(self.work.records.get(owner_id) or {"_id": owner_id})
            message = f"It is {name_record(doc)} of {owner}. Move it to the customer first, or choose another key."
            here.add("ELSEWHERE", key, message)
        else:
            self.compare(rules, row, doc, here)
            return await self.move(rules, row, record, organization, here)
        return record

    async def move(self, rules: Rules[R], row: object, record: R, organization: Organization, here: Problems) -> R:
        """A record of UNCLASSIFIED, given to the customer, with what goes with it; what it names was judged before."""
        said = RecordInput(named=read_named(rules.inputs, row))
        ids = {"organizationId": organization.id, **lifecycle.refer(self.work, rules.inputs, said, Problems())}
        after = from_document(rules.record, self.work.records[record.id] | ids)
        return await lifecycle.change_if_valid(self.work, rules, record, after, here)

    def compare(self, rules: Rules[R], row: object, there: Doc, here: Problems) -> None:
        """Add a warning for each value of the row that differs from the existing record, which is not changed."""
        said = RecordInput(read_values(rules.record, rules.inputs, row, here), read_named(rules.inputs, row))
        inputs = {each.stored: to_camel_case(each.name) for each in references(rules.inputs)}
        values = said.values | lifecycle.refer(self.work, rules.inputs, said, here)
        if rules.record is PlanSubscription:
            there = there | {"status": status_of(from_document(PlanSubscription, there), self.work.now)}
        for name, value in values.items():
            if name == SECRET or (name in there and not is_same(rules.record, name, value, there[name])):
                message = f"There is {name_record(there)} already, with another value here, which was left unchanged."
                place = (*here.path, inputs.get(name, name))
                self.work.warnings.append(Problem("EXISTS_DIFFERENT", place, message))
        if there.get("status") == SubscriptionStatus.ENDED:
            message = f"{there['externalId']!r} has ended. Give a new external id to create a new subscription."
            self.work.warnings.append(Problem("ENDED", here.path, message))


def is_same(record: type[Record], stored: str, given: object, there: object) -> bool:
    """Whether a value is the one that is stored, as values of that field are compared."""
    finder = next((each for each in record.finders if to_camel_case(each.name) == stored), None)
    if finder and isinstance(given, str) and isinstance(there, str):
        return compared(finder, given) == compared(finder, there)
    return given == there
