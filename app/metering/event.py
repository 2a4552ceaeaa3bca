"""A usage event as every way in makes it: who it says that it is of, apart from what was used. Pure.

What clients send differs in shape and spelling (`formats.py`); from here on all of it is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.entities.measures import instant
from app.entities.texts import Invalid, is_storable, kind_of
from app.errors import Problems

MAX_TEXT = 256
Body = Mapping[str, object]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an event says that it is of: keys and names as they were sent, trimmed; None where it does not say.

    `organization` is an id, an external id, an alias or a name.
    """

    credential: str | None = None
    credential_name: str | None = None
    subscriber_email: str | None = None
    subscriber_id: str | None = None
    organization: str | None = None
    subscription: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One event: unique by `source` and `id`. Without a `time` of its own that of its arrival counts."""

    source: str
    id: str
    kind: str
    time: datetime | None
    identity: Identity


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the fields of one JSON object, under any of their spellings, and gathers what is wrong with them."""

    body: Body
    problems: Problems

    def inner(self, *names: str) -> Reader:
        """The object under the first of these names that has one; one without fields where there is none."""
        for name in names:
            value = self.body.get(name)
            if isinstance(value, Mapping):
                return Reader(value, self.problems.at(name))
            if value is not None:
                self.problems.add("INVALID_TYPE", name, f"Give an object, not {kind_of(value)}.")
        return Reader({}, self.problems)

    def text(self, *names: str) -> str | None:
        """The text under the first of these names that has one; a whole number is taken as its digits."""
        for name in names:
            value = self.body.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            if isinstance(value, str):
                return self.checked(name, value.strip())
            self.problems.add("INVALID_TYPE", name, f"Give text, not {kind_of(value)}.")
        return None

    def checked(self, name: str, value: str) -> str | None:
        """A text that can be stored and is not too long; else None, with a problem."""
        if not is_storable(value):
            self.problems.add("INVALID_TEXT", name, "It contains a NUL or half of a surrogate pair: remove it.")
        elif len(value) > MAX_TEXT:
            self.problems.add("TOO_LONG", name, f"It has {len(value):,} characters; at most {MAX_TEXT} are allowed.")
        else:
            return value
        return None

    def required_text(self, *names: str) -> str:
        """The same of a field that every event needs; empty, with a problem, where it has none."""
        before = len(self.problems)
        found = self.text(*names)
        if found is None and len(self.problems) == before:
            self.problems.add("REQUIRED", names[0], "Every event needs it: give a text.")
        return found or ""

    def time(self, *names: str) -> datetime | None:
        """The instant under the first of these names that has one."""
        for name in names:
            if (value := self.body.get(name)) is not None:
                try:
                    return instant(value)
                except Invalid as error:
                    self.problems.add(error.code, name, error.message)
        return None


ORGANIZATION = ("organization_id", "organizationId", "organization_name", "organizationName")
SUBSCRIPTION = ("subscription_id", "subscriptionId")
CREDENTIAL = ("credential", "subscriber_credential", "subscriberCredential")


def read_identity(metadata: Reader) -> Identity:
    """Who an event is of, by what is documented as its usage metadata: nested or flat, in snake or camel case."""
    subscriber = metadata.inner("subscriber")
    value, name = read_credential(subscriber)
    if value is None and name is None:
        value, name = read_credential(metadata)
    return Identity(
        credential=value,
        credential_name=name,
        subscriber_email=subscriber.text("email") or metadata.text("subscriber_email", "subscriberEmail"),
        subscriber_id=subscriber.text("id") or metadata.text("subscriber_id", "subscriberId"),
        organization=metadata.text(*ORGANIZATION),
        subscription=metadata.text(*SUBSCRIPTION),
    )


def read_credential(body: Reader) -> tuple[str | None, str | None]:
    """The value and the name of the credential in an object: text is its value, an object has both."""
    if any(isinstance(body.body.get(each), str) for each in CREDENTIAL):
        return body.text(*CREDENTIAL), None
    credential = body.inner(*CREDENTIAL)
    return credential.text("value"), credential.text("name")
