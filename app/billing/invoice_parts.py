"""Lines, payments and credit notes of imported invoices: references become ids, and amounts are worked out.

A value that did not hold is missing; what can be said of the others is said all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from app.billing.amounts import ZERO, in_minor_units, line_amount, total_of
from app.credentials.rules import covers, describe_elsewhere
from app.entities.addresses import normalise_email
from app.entities.organization import Organization
from app.entities.subscription import PlanSubscription
from app.entities.texts import Invalid
from app.errors import Problem
from app.graph.documents import from_document
from app.mongo.client import Doc
from app.organizations.importing import NAMED_BY
from app.organizations.tree import at_or_below
from app.transfer.chunk import Chunk
from app.transfer.references import ColumnReference

CONSUMER = ColumnReference("consumer_external_id", "customer", NAMED_BY, "UNKNOWN_ORGANIZATION", "organization")
SUBSCRIPTION = ColumnReference(
    "subscription_external_id", "subscription", ("externalId",), "UNKNOWN_SUBSCRIPTION", "subscription"
)
SUBSCRIBER = ColumnReference(
    "subscriber_email", "email", ("email",), "UNKNOWN_SUBSCRIBER", "subscriber", normalise_email
)
CREDENTIAL = ColumnReference("credential_id", "credentialKey", ("keys",), "UNKNOWN_CREDENTIAL", "credential")
CREDIT_NOTE = ColumnReference(
    "credit_note_number", "creditNoteNumber", ("number",), "UNKNOWN_CREDIT_NOTE", "credit note"
)
NAMED = (CONSUMER, SUBSCRIPTION, SUBSCRIBER, CREDENTIAL, CREDIT_NOTE)


@dataclass(frozen=True, slots=True)
class Part:
    """One of them, as the file has it, where it stands, and what is known of its invoice."""

    row: Doc
    path: tuple[str, ...]
    payer: Doc | None
    currency: str | None
    chunk: Chunk
    problems: list[Problem]

    def refuse(self, code: str, column: str, message: str) -> None:
        """Say what is wrong with a column."""
        self.problems.append(Problem(code, (*self.path, column), message))

    def find(self, reference: ColumnReference) -> Doc | None:
        """The record that it names."""
        return reference.find_record(self.row, self.chunk, self.problems, self.path)

    def amount(self, column: str, work: Callable[[str], Decimal], *needed: str) -> Decimal | None:
        """An amount in the invoice's currency, by a rule; None where what the rule needs is missing or breaks it."""
        if self.currency is None or any(name not in self.row for name in needed):
            return None
        try:
            return work(self.currency)
        except Invalid as error:
            self.refuse(error.code, column, error.message)
            return None

    def settled(self, column: str) -> Decimal | None:
        """An amount that was paid or credited."""
        return self.amount(column, lambda currency: in_minor_units(self.row[column], currency), column)


def id_of(document: Doc | None) -> str | None:
    """The id of a record that a row may name."""
    return document["_id"] if document else None


def line(part: Part) -> Doc:
    """A line as it is stored."""
    row = part.row
    consumer, subscription = part.find(CONSUMER) or part.payer, part.find(SUBSCRIPTION)
    if consumer:
        check_place(part, consumer, subscription)
    billed = part.amount("line_amount", lambda currency: line_amount_of(row, currency), "quantity", "unit_price")
    return {
        "description": row.get("line_description"),
        "quantity": row.get("quantity"),
        "unitPrice": row.get("unit_price"),
        "amount": billed,
        "periodStart": row.get("period_start"),
        "periodEnd": row.get("period_end"),
        "organizationId": id_of(consumer),
        "subscriptionId": id_of(subscription),
        "subscriberId": of_payer(part, SUBSCRIBER, "SUBSCRIBER_ELSEWHERE"),
        "credentialId": of_payer(part, CREDENTIAL, "CREDENTIAL_ELSEWHERE"),
    }


def line_amount_of(row: Doc, currency: str) -> Decimal:
    """What a line bills."""
    return line_amount(row["quantity"], row["unit_price"], row.get("line_amount"), currency)


def check_place(part: Part, consumer: Doc, subscription: Doc | None) -> None:
    """The consumer is the payer or below it; the subscription is the consumer's or one above it."""
    payer = part.payer or consumer
    if not at_or_below(consumer["_id"], consumer["ancestorIds"], payer["_id"]):
        message = f"{called(consumer)} is neither the payer {called(payer)} nor below it."
        part.refuse("CONSUMER_ELSEWHERE", CONSUMER.column, message)
    place, billed = from_document(Organization, consumer), from_document(PlanSubscription, subscription or {})
    if subscription and not covers(billed, place):
        part.refuse("SUBSCRIPTION_ELSEWHERE", SUBSCRIPTION.column, describe_elsewhere(billed, place))


def called(organization: Doc) -> str:
    """An organization in a message: its external id, if it has one."""
    return repr(organization.get("externalId") or organization["_id"])


def of_payer(part: Part, reference: ColumnReference, code: str) -> str | None:
    """The id of what a line names; it is no other customer's, but of the payer or an organization below it."""
    found = part.find(reference)
    owner = part.chunk.records.get(found.get("organizationId") or "") if found else None
    if owner and part.payer and not at_or_below(owner["_id"], owner["ancestorIds"], part.payer["_id"]):
        whose = f"{called(owner)}, which is neither the payer {called(part.payer)} nor below it"
        part.refuse(code, reference.column, f"{part.row[reference.column]!r} is a {reference.noun} of {whose}.")
    return id_of(found)


def payment(part: Part) -> Doc:
    """A payment as it is stored."""
    row = part.row
    return {
        "amount": part.settled("paid_amount"),
        "paidAt": row.get("paid_at"),
        "reference": row.get("payment_reference"),
    }


def credit_note(part: Part) -> Doc:
    """A credit note as it is stored."""
    row = part.row
    return {
        "amount": part.settled("credited_amount"),
        "creditedAt": row.get("credited_at"),
        "number": row.get("credit_note_number"),
        "reason": row.get("credit_reason"),
    }


def total(lines: list[Doc], currency: str | None, problems: list[Problem]) -> Decimal:
    """What the lines come to; zero while that cannot be said."""
    amounts = [each["amount"] for each in lines]
    if currency is None or None in amounts:
        return ZERO
    try:
        return total_of(amounts, currency)
    except Invalid as error:
        problems.append(Problem(error.code, ("lines",), f"{error.message} Give each `line_amount` as it was rounded."))
        return ZERO
