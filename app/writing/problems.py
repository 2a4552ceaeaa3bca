"""How a refusal is told: a closed list of codes, and the GraphQL type of one problem. Clients switch on the codes."""

from __future__ import annotations

import strawberry

from app.errors import Problem
from app.graph.choices import Choice, choices


@choices(description="Why a mutation, or one row of it, was refused. New codes may be added.")
class UserErrorCode(Choice):
    """Why something was refused."""

    AMBIGUOUS = "AMBIGUOUS", "Several records bear that name: give the id of the one that is meant."
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH", "The line's amount is not quantity times unit price, rounded."
    BEFORE_ISSUE = "BEFORE_ISSUE", "It would have been before the invoice was issued."
    CONSUMER_ELSEWHERE = "CONSUMER_ELSEWHERE", "The consumer is neither the payer nor below it."
    CREDENTIAL_ELSEWHERE = "CREDENTIAL_ELSEWHERE", "The credential is another customer's."
    CREDENTIAL_KEY_RESERVED = (
        "CREDENTIAL_KEY_RESERVED",
        "The key was another organization's once: it is never given away.",
    )
    CURRENCY_FIXED = "CURRENCY_FIXED", "Subscriptions, invoices, payments or credit are in the currency already."
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH", "Two currencies that have to be the same differ."
    CYCLE = "CYCLE", "An organization would stand below itself."
    DEFAULT_PROFILE = "DEFAULT_PROFILE", "It is the default billing profile: another has to become it first."
    DELETED = "DELETED", "The record was deleted."
    DUPLICATE = "DUPLICATE", "The same is given twice."
    DUPLICATE_IN_FILE = "DUPLICATE_IN_FILE", "An earlier row has the same key and says something else."
    ELSEWHERE = "ELSEWHERE", "It belongs to another organization."
    ENDED = "ENDED", "It is over, and cannot be changed any more."
    EXISTS_DIFFERENT = "EXISTS_DIFFERENT", "It is there already, and says something else."
    FIELD_COUNT = "FIELD_COUNT", "In a file: the row has not as many fields as the header."
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED", "The key was used with another input within seven days."
    INCOMPLETE = "INCOMPLETE", "In a file: a row beside it cannot be read, and may be a part of it."
    INCONSISTENT = "INCONSISTENT", "In a file: rows of one record say different things of it."
    INVALID_AMOUNT = "INVALID_AMOUNT", "The amount does not hold."
    INVALID_APP_METADATA = "INVALID_APP_METADATA", "The document is not what that app's documents are."
    INVALID_CHOICE = "INVALID_CHOICE", "The value is none of those that there are."
    INVALID_COUNTRY = "INVALID_COUNTRY", "It is no country of ISO 3166-1."
    INVALID_CURRENCY = "INVALID_CURRENCY", "It is no currency of ISO 4217."
    INVALID_DOMAIN = "INVALID_DOMAIN", "It is no host name."
    INVALID_EMAIL = "INVALID_EMAIL", "It is no e-mail address."
    INVALID_ID = "INVALID_ID", "It has not the form of such a record's id."
    INVALID_INSTANT = "INVALID_INSTANT", "It is no instant, or none that is possible here."
    INVALID_KEY = "INVALID_KEY", "It has not the form of a key: lower-case words joined by _."
    INVALID_METADATA = "INVALID_METADATA", "The entry's name or value does not hold."
    INVALID_NUMBER = "INVALID_NUMBER", "The number does not hold."
    INVALID_PERIOD = "INVALID_PERIOD", "A period ends before it starts."
    INVALID_TEXT = "INVALID_TEXT", "The text is no Unicode that can be kept."
    INVALID_TIMEZONE = "INVALID_TIMEZONE", "It is no IANA time zone."
    INVALID_TOTAL = "INVALID_TOTAL", "The lines come to no amount that can be asked for."
    INVALID_TYPE = "INVALID_TYPE", "The value is of another type than expected."
    INVALID_URL = "INVALID_URL", "It is no web address."
    IN_FUTURE = "IN_FUTURE", "The instant has not come yet."
    IN_USE = "IN_USE", "Other records rest on it; the message lists them."
    MALFORMED_ROW = "MALFORMED_ROW", "In a file: the row is not CSV or JSON."
    MERGED = "MERGED", "It was merged into another organization."
    MISMATCH = "MISMATCH", "Two values that have to fit each other do not."
    NOTHING_BILLED = "NOTHING_BILLED", "A warning: the invoice's lines come to nothing."
    NOT_DELETED = "NOT_DELETED", "It was not deleted: there is nothing to restore."
    NOT_FOUND = "NOT_FOUND", "No record answers to what was given."
    NOT_UTF8 = "NOT_UTF8", "In a file: the row is not UTF-8."
    PAYER_NOT_ABOVE = "PAYER_NOT_ABOVE", "Who pays has to be the organization itself or one above it."
    PUBLIC_MAIL_DOMAIN = "PUBLIC_MAIL_DOMAIN", "A warning: anybody can have an address there, so it decides nothing."
    REQUIRED = "REQUIRED", "A value is needed."
    RESERVED = "RESERVED", "The value has the form of something that only the system makes."
    ROWS_APART = "ROWS_APART", "In a file: the rows of one invoice do not stand together."
    SECRETS_NOT_CONFIGURED = "SECRETS_NOT_CONFIGURED", "The server has no key to encrypt secrets with."
    STALE_VERSION = "STALE_VERSION", "Somebody changed the record meanwhile: read it again."
    SUBSCRIBER_ELSEWHERE = "SUBSCRIBER_ELSEWHERE", "The subscriber is another customer's."
    SUBSCRIBER_MISMATCH = "SUBSCRIBER_MISMATCH", "The two keys given are of two subscribers."
    SUBSCRIPTION_ELSEWHERE = (
        "SUBSCRIPTION_ELSEWHERE",
        "The subscription is neither the organization's nor one's above it.",
    )
    TAKEN = "TAKEN", "Another record has that key."
    TOO_DEEP = "TOO_DEEP", "It would stand, or is nested, too deep."
    TOO_LARGE = "TOO_LARGE", "It is more than one transaction takes; the message has the counts."
    TOO_LONG = "TOO_LONG", "It is longer than it may be."
    TOO_MANY = "TOO_MANY", "There are more of them than there may be."
    TOO_PRECISE = "TOO_PRECISE", "The amount has more decimals than its currency, or more than 34 digits."
    UNCLASSIFIED_FIXED = "UNCLASSIFIED_FIXED", "UNCLASSIFIED cannot be deleted, renamed, moved or merged."
    UNKNOWN_COLUMN = "UNKNOWN_COLUMN", "The row names a column that there is not."
    UNKNOWN_CREDENTIAL = "UNKNOWN_CREDENTIAL", "No live credential has that key."
    UNKNOWN_CREDIT_NOTE = "UNKNOWN_CREDIT_NOTE", "No live credit note has that number."
    UNKNOWN_INVOICE = "UNKNOWN_INVOICE", "No live invoice has that number."
    UNKNOWN_ORGANIZATION = "UNKNOWN_ORGANIZATION", "No live organization has that key."
    UNKNOWN_PARENT = "UNKNOWN_PARENT", "No live organization has the parent's key."
    UNKNOWN_SUBSCRIBER = "UNKNOWN_SUBSCRIBER", "No live subscriber has that key."
    UNKNOWN_SUBSCRIPTION = "UNKNOWN_SUBSCRIPTION", "No live subscription has that key."


@strawberry.type(description="One thing that is wrong with an input. All of them are told at once; nothing was stored.")
class UserError:
    """One thing that is wrong with an input."""

    code: UserErrorCode = strawberry.field(description="What is wrong: stable, for programs.")
    field: list[str] = strawberry.field(
        description="The path into the input, list positions as numbers; empty where it is about the whole."
    )
    message: str = strawberry.field(description="What is wrong, and how to put it right: for people.")

    @classmethod
    def of(cls, problem: Problem) -> UserError:
        """The problem as the API shows it."""
        return cls(code=UserErrorCode(problem.code), field=list(problem.field), message=problem.message)
