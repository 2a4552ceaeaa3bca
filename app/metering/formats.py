"""The forms in which clients send usage events, each read into the same `UsageEvent`. Pure.

A form is recognised by fields that only it has, so that whoever asks about an event can give it as it was sent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from app.entities.measures import instant
from app.entities.texts import Invalid, kind_of
from app.errors import Problem, Problems
from app.metering.event import Body, Identity, Reader, UsageEvent, read_identity

REVENIUM, LAGO, LITELLM = "revenium", "lago", "litellm"
"""The sources of the clients that name none themselves."""
LISTS = ("events", "event")
"""The fields in which a body carries its events, several or one."""


def read_usage(body: Reader) -> UsageEvent:
    """This API's own form: `{source, id, time, usageMetadata, …}`."""
    return UsageEvent(
        source=body.required_text("source"),
        id=body.required_text("id"),
        kind=body.text("type") or "usage",
        time=body.time("time"),
        identity=read_identity(body.inner("usageMetadata", "usage_metadata")),
    )


def read_cloud_event(body: Reader) -> UsageEvent:
    """CloudEvents 1.0: the subject says whose it is, and so may the data, as usage metadata does."""
    data = body.body.get("data")
    said = read_identity(body.inner("data")) if isinstance(data, Mapping) else Identity()
    return UsageEvent(
        source=body.required_text("source"),
        id=body.required_text("id"),
        kind=body.required_text("type"),
        time=body.time("time"),
        identity=dataclasses.replace(said, subject=body.text("subject")),
    )


def read_completion(body: Reader) -> UsageEvent:
    """What Revenium's SDK sends of a model's work; its time is when the request was made."""
    return UsageEvent(
        source=REVENIUM,
        id=body.required_text("transactionId"),
        kind=(body.text("operationType") or "completion").lower(),
        time=body.time("requestTime"),
        identity=read_identity(body),
    )


def read_revenium_event(body: Reader) -> UsageEvent:
    """What Revenium's SDK sends of tools, of calls of an API, and of events of one's own."""
    return UsageEvent(
        source=REVENIUM,
        id=body.required_text("transactionId"),
        kind=body.text("toolId", "sourceType") or "request",
        time=body.time("timestamp", "requestTime", "responseTime"),
        identity=joined(read_identity(body), read_identity(body.inner("usageMetadata"))),
    )


def read_lago(body: Reader) -> UsageEvent:
    """Lago's: what stands in the subscription's place often is none, and is a subject then."""
    named = body.text("external_subscription_id", "external_customer_id")
    return UsageEvent(
        source=LAGO,
        id=body.required_text("transaction_id"),
        kind=body.text("code") or "usage",
        time=read_timestamp(body),
        identity=Identity(subscription=named, subject=named),
    )


def read_litellm(body: Reader) -> UsageEvent:
    """A log of LiteLLM: who called is in `metadata`, under its own names of keys, users, teams and organizations."""
    metadata = body.inner("metadata")
    team = ("user_api_key_team_id", "user_api_key_team_alias")
    return UsageEvent(
        source=LITELLM,
        id=body.required_text("id", "trace_id"),
        kind=body.text("call_type") or "completion",
        time=read_timestamp(body, "startTime"),
        identity=Identity(
            credential=metadata.text("user_api_key_hash"),
            credential_name=metadata.text("user_api_key_alias"),
            subscriber_email=metadata.text("user_api_key_user_email"),
            subscriber_id=metadata.text("user_api_key_user_id"),
            organization=metadata.text(*team, "user_api_key_org_id", "user_api_key_org_alias"),
            subject=body.text("end_user") or metadata.text("user_api_key_end_user_id"),
        ),
    )


def joined(first: Identity, second: Identity) -> Identity:
    """What either says; the first where both do."""
    pairs = zip(dataclasses.astuple(first), dataclasses.astuple(second), strict=True)
    return Identity(*(one if one is not None else other for one, other in pairs))


def read_timestamp(body: Reader, name: str = "timestamp") -> datetime | None:
    """An instant as RFC 3339 text or in seconds since 1970, as numbers or their digits; None where there is none."""
    value = body.body.get(name)
    if value is None:
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise Invalid("INVALID_TYPE", f"Give an instant, not {kind_of(value)}.")
        return instant(datetime.fromtimestamp(float(value), UTC)) if is_number(value) else instant(value)
    except (Invalid, OverflowError, OSError, ValueError):
        message = "Give RFC 3339 text such as 2026-01-31T12:00:00Z, or seconds since 1970."
        body.problems.add("INVALID_INSTANT", name, message)
        return None


def is_number(value: float | str) -> bool:
    """Whether a value is a number, or text that is one."""
    return not isinstance(value, str) or value.replace(".", "", 1).isdigit()


class Form(NamedTuple):
    """How one form is recognised, and how it is read."""

    is_of: Callable[[Body], bool]
    read: Callable[[Reader], UsageEvent]


def has_all(*names: str) -> Callable[[Body], bool]:
    """Whether a body has all these fields."""
    return lambda body: all(name in body for name in names)


FORMS: Sequence[Form] = (
    Form(has_all("specversion"), read_cloud_event),
    Form(has_all("transaction_id"), read_lago),
    Form(has_all("call_type", "metadata"), read_litellm),
    Form(has_all("transactionId", "model"), read_completion),
    Form(has_all("transactionId"), read_revenium_event),
    Form(has_all(), read_usage),
)
"""Each form, in the order in which they are tried; the last takes all that is left."""


def read_event(body: object, problems: Problems) -> UsageEvent | None:
    """One event, whatever its form; None, with all that is wrong with it, where it is none."""
    if not isinstance(body, Mapping):
        problems.add("INVALID_TYPE", (), f"An event is an object, not {kind_of(body)}.")
        return None
    before = len(problems)
    event = next(form for form in FORMS if form.is_of(body)).read(Reader(body, problems))
    return event if len(problems) == before else None


def events_in(body: object) -> list[object]:
    """The events that a body carries: a list, an object with a list or one of them in it, or one event by itself."""
    if isinstance(body, list):
        return body
    for name in LISTS:
        inner = body.get(name) if isinstance(body, Mapping) else None
        if isinstance(inner, list):
            return inner
        if isinstance(inner, Mapping):
            return [inner]
    return [body]


ReadEvent = UsageEvent | Sequence[Problem]
"""An event, or all that is wrong with it."""


def read_events(body: object) -> list[ReadEvent]:
    """The events of a body, in their order."""
    found: list[ReadEvent] = []
    for each in events_in(body):
        problems = Problems()
        event = read_event(each, problems)
        found.append(problems.gathered if event is None else event)
    return found
