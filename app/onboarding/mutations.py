"""Mutations that concern a customer as a whole."""

from __future__ import annotations

from typing import Any, cast

import strawberry
from strawberry import UNSET

from app.graph.record import RECORDS, Record
from app.graph.roots import by_input
from app.onboarding.customer import MOST, PARTS, onboard
from app.writing.crud import scopes_of
from app.writing.inputs import Described, Inputs, Reference, described, input_class
from app.writing.lifecycle import LIFECYCLES
from app.writing.mutation import Mutation, Shown

WORDS = {
    "subscribers": "Who uses the service. Found by e-mail address or subscriberId, else made.",
    "subscriptions": "What the customer subscribes to. Found by external id, else made.",
    "credentials": "The keys its usage comes through, of subscribers that are there or named here. Found by key.",
}


def part_input(record: str, *, owned: bool) -> Any:
    """`OnboardSubscriberInput` and its like: what `createSubscriber` is told, but for whose it is."""
    inputs: Inputs = [
        each
        for each in LIFECYCLES[record].inputs
        if not (owned and isinstance(each, Reference) and each.name == "organization")
    ]
    text = f"A {record} of the customer, as `create{record}` takes it."
    return input_class(f"Onboard{record}Input", text, list(described(RECORDS[record], inputs, creating=True)))


def inputs() -> list[Described]:
    """What `onboardCustomer` is told."""
    organization = part_input("Organization", owned=False) | None
    existing = by_input(cast(type[Record], RECORDS["Organization"])) | None
    text = "The customer's organization: the one that has its external id (or alias) already, else a new one."
    found: list[Described] = [
        ("organization", organization, strawberry.field(default=UNSET, description=text)),
        ("existing", existing, strawberry.field(default=UNSET, description="Instead: one that is there.")),
    ]
    for part, (record, _) in PARTS.items():
        rows = list[part_input(record, owned=True)] | None  # type: ignore[misc,valid-type]  # dynamic
        found.append((part, rows, strawberry.field(default=UNSET, description=f"{WORDS[part]} At most {MOST}.")))
    return found


class OnboardingMutations:
    """Mutations that concern a customer as a whole."""

    onboard_customer = Mutation(
        doc="Make a whole customer, or add to one: organization, subscribers, subscriptions and credentials, all of it "
        "or nothing. What is there already is found by its keys and left as it is, so it can be called again.",
        operation=onboard,
        inputs=inputs,
        shows={
            "organization": Shown("Organization", "The customer; null where it was refused."),
            "subscribers": Shown("Subscriber", "Those named, in their order.", many=True),
            "subscriptions": Shown("Subscription", "Those named, in their order.", many=True),
            "credentials": Shown("Credential", "Those named, in their order.", many=True),
            "created": Shown(strawberry.ID, "The ids of what is new; all else was there.", many=True),
        },
        needs=lambda: scopes_of("Organization", "Subscriber", "Subscription", "Credential"),
        warns=True,
    )
