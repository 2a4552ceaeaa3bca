"""How a refusal is told: a closed list of codes, and the GraphQL type of one problem. Clients switch on the codes."""

from __future__ import annotations

import strawberry

from app.errors import Problem
from app.graph.choices import Choice, choices


@choices(description="Why a mutation or one of its rows was refused. New codes may be added.")
class UserErrorCode(Choice):
    """Why something was refused."""

    AMBIGUOUS = "AMBIGUOUS", "Several records have this name: give the id."
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH", "The line's amount is not the rounded product of quantity and unit price."
    BEFORE_ISSUE = "BEFORE_ISSUE", "It would have happened before the invoice was issued."
    CONSUMER_ELSEWHERE = (
        "CONSUMER_ELSEWHERE",
        "The organization whose usage is billed is neither the payer nor below it.",
    )
    CREDENTIAL_ELSEWHERE = "CREDENTIAL_ELSEWHERE", "The credential belongs to another customer."
    CREDENTIAL_KEY_RESERVED = (
        "CREDENTIAL_KEY_RESERVED",
        "The key was used by another organization before and stays reserved for it.",
    )
    CURRENCY_FIXED = "CURRENCY_FIXED", "The currency cannot change: records in it exist already."
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH", "Two currencies must be the same and are not."
    CYCLE = "CYCLE", "An organization would be below itself."
    DEFAULT_PROFILE = "DEFAULT_PROFILE", "It is the default billing profile: make another one the default first."
    DELETED = "DELETED", "The record was deleted."
    DUPLICATE = "DUPLICATE", "The same value is given twice."
    DUPLICATE_IN_FILE = "DUPLICATE_IN_FILE", "An earlier row has the same key and other values."
    ELSEWHERE = "ELSEWHERE", "The record belongs to another organization."
    ENDED = "ENDED", "It has ended and cannot change."
    EXISTS_DIFFERENT = "EXISTS_DIFFERENT", "The record exists already with other values."
    FIELD_COUNT = "FIELD_COUNT", "In a file: the row and the header have different numbers of fields."
    IDEMPOTENCY_KEY_REUSED = (
        "IDEMPOTENCY_KEY_REUSED",
        "The idempotency key was used with another input within seven days.",
    )
    INCOMPLETE = "INCOMPLETE", "In a file: an adjacent row cannot be read and may belong to this record."
    INCONSISTENT = "INCONSISTENT", "In a file: the rows of one record contradict each other."
    INVALID_AMOUNT = "INVALID_AMOUNT", "The amount is not valid."
    INVALID_APP_METADATA = "INVALID_APP_METADATA", "The document is not valid for this app."
    INVALID_CHOICE = "INVALID_CHOICE", "The value is not one of the allowed values."
    INVALID_COUNTRY = "INVALID_COUNTRY", "The value is not an ISO 3166-1 country code."
    INVALID_CURRENCY = "INVALID_CURRENCY", "The value is not an ISO 4217 currency code."
    INVALID_DOMAIN = "INVALID_DOMAIN", "The value is not a host name."
    INVALID_EMAIL = "INVALID_EMAIL", "The value is not an e-mail address."
    INVALID_ID = "INVALID_ID", "The value is not an id of this kind of record."
    INVALID_INSTANT = "INVALID_INSTANT", "The value is not a date and time, or not one that is allowed here."
    INVALID_KEY = "INVALID_KEY", "The value is not a key: lower-case words joined by underscores."
    INVALID_METADATA = "INVALID_METADATA", "The name or value of the entry is not valid."
    INVALID_NUMBER = "INVALID_NUMBER", "The number is not valid or out of range."
    INVALID_PERIOD = "INVALID_PERIOD", "The period ends before it starts."
    INVALID_TEXT = "INVALID_TEXT", "The text is not valid Unicode."
    INVALID_TIMEZONE = "INVALID_TIMEZONE", "The value is not an IANA time zone."
    INVALID_TOTAL = "INVALID_TOTAL", "The total of the lines cannot be invoiced."
    INVALID_TYPE = "INVALID_TYPE", "The value has the wrong type."
    INVALID_URL = "INVALID_URL", "The value is not a web address."
    IN_FUTURE = "IN_FUTURE", "The time is in the future."
    IN_USE = "IN_USE", "Other records depend on it; the message lists them."
    MALFORMED_ROW = "MALFORMED_ROW", "In a file: the row is not CSV or JSON."
    MERGED = "MERGED", "The organization was merged into another one."
    MISMATCH = "MISMATCH", "Two values contradict each other."
    NOTHING_BILLED = "NOTHING_BILLED", "A warning: the total of the invoice's lines is zero."
    NOT_DELETED = "NOT_DELETED", "The record is not deleted, so it cannot be restored."
    NOT_FOUND = "NOT_FOUND", "There is no such record."
    NOT_UTF8 = "NOT_UTF8", "In a file: the row is not UTF-8."
    PAYER_NOT_ABOVE = "PAYER_NOT_ABOVE", "The payer must be the organization itself or one above it."
    PUBLIC_MAIL_DOMAIN = (
        "PUBLIC_MAIL_DOMAIN",
        "A warning: anybody can have an address at this domain, so it does not assign subscribers.",
    )
    REQUIRED = "REQUIRED", "A value is required."
    RESERVED = "RESERVED", "The value has a form that is reserved for the system."
    ROWS_APART = "ROWS_APART", "In a file: the rows of one invoice are not adjacent."
    SECRETS_NOT_CONFIGURED = "SECRETS_NOT_CONFIGURED", "The server has no key to encrypt secrets with."
    STALE_VERSION = "STALE_VERSION", "The record has changed since you read it: read it again."
    SUBSCRIBERS_MOVED = "SUBSCRIBERS_MOVED", "A warning: people moved to the organization out of UNCLASSIFIED."
    SUBSCRIBERS_WAITING = (
        "SUBSCRIBERS_WAITING",
        "A warning: people in UNCLASSIFIED have addresses at a domain that the organization alone claims.",
    )
    SUBSCRIBER_ELSEWHERE = "SUBSCRIBER_ELSEWHERE", "The subscriber belongs to another customer."
    SUBSCRIBER_MISMATCH = "SUBSCRIBER_MISMATCH", "The two keys belong to two different subscribers."
    SUBSCRIPTION_ELSEWHERE = (
        "SUBSCRIPTION_ELSEWHERE",
        "The subscription belongs neither to the organization nor to one above it.",
    )
    TAKEN = "TAKEN", "Another record has this key."
    TOO_DEEP = "TOO_DEEP", "The tree or the value is nested too deeply."
    TOO_LARGE = "TOO_LARGE", "It changes more records than one transaction can; the message has the counts."
    TOO_LONG = "TOO_LONG", "The value is too long."
    TOO_MANY = "TOO_MANY", "There are too many of them."
    TOO_PRECISE = "TOO_PRECISE", "The amount has more decimals than its currency, or more than 34 digits."
    UNCLASSIFIED_FIXED = "UNCLASSIFIED_FIXED", "UNCLASSIFIED is no customer, and always there as it is."
    UNKNOWN_COLUMN = "UNKNOWN_COLUMN", "The row has an unknown column."
    UNKNOWN_CREDENTIAL = "UNKNOWN_CREDENTIAL", "There is no credential with this key."
    UNKNOWN_CREDIT_NOTE = "UNKNOWN_CREDIT_NOTE", "There is no credit note with this number."
    UNKNOWN_INVOICE = "UNKNOWN_INVOICE", "There is no invoice with this number."
    UNKNOWN_ORGANIZATION = "UNKNOWN_ORGANIZATION", "There is no organization with this key."
    UNKNOWN_PARENT = "UNKNOWN_PARENT", "There is no organization with the parent's key."
    UNKNOWN_SUBSCRIBER = "UNKNOWN_SUBSCRIBER", "There is no subscriber with this key."
    UNKNOWN_SUBSCRIPTION = "UNKNOWN_SUBSCRIPTION", "There is no subscription with this key."


@strawberry.type(description="One problem with an input. All problems are reported at once; nothing was stored.")
class UserError:
    """One thing that is wrong with an input."""

    code: UserErrorCode = strawberry.field(description="The kind of problem, for programs to act on. Codes are stable.")
    field: list[str] = strawberry.field(
        description="The path into the input, with list positions as numbers; empty if it concerns the whole input."
    )
    message: str = strawberry.field(description="What is wrong and how to correct it, for people to read.")

    @classmethod
    def of(cls, problem: Problem) -> UserError:
        """The problem as the API shows it."""
        return cls(code=UserErrorCode(problem.code), field=list(problem.field), message=problem.message)
