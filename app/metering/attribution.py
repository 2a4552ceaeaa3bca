"""The root field `attribution`: which account events belong to, without storing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.context import Context
from app.entities.attribution import Attribution
from app.errors import BadArgument, Problem
from app.graph.declarations import Args
from app.graph.documents import stored_fields
from app.graph.read import Fields, Key
from app.metering.attributing import Attributing, Decision
from app.metering.event import UsageEvent
from app.metering.facts import find_facts
from app.metering.formats import read_events
from app.mongo.client import Doc

LISTS = ("tried", "conflicts", "effects", "problems")
NOTHING: Doc = {name: [] if name in LISTS else None for name in stored_fields(Attribution)}
"""What is shown of an event of which nothing is known."""
MAX_EVENTS = 1_000
"""How many events one question may have."""


async def attribute_events(
    context: Context, keys: Sequence[Key], args: Args, fields: Fields
) -> Mapping[Key, Sequence[Doc]]:
    """The attribution of each event in the argument `event`, in their order."""
    read = read_events(args["event"])
    if len(read) > MAX_EVENTS:
        raise BadArgument(f"There are {len(read):,} events; one call can have {MAX_EVENTS:,}.", argument="event")
    facts = await find_facts(context, [each for each in read if isinstance(each, UsageEvent)])
    docs = [
        attribution_document(index, each, Attributing(each, facts, context.now).decide())
        if isinstance(each, UsageEvent)
        else rejection_document(index, each)
        for index, each in enumerate(read)
    ]
    return dict.fromkeys(keys, docs)


def attribution_document(index: int, event: UsageEvent, made: Decision) -> Doc:
    """An attribution as the graph shows it."""
    return {
        "index": index,
        "source": event.source,
        "eventId": event.id,
        "time": event.time,
        "rule": made.rule.value,
        "tried": [
            {"rule": each.rule.value, "finding": each.finding.value, "organizationId": each.organization_id}
            for each in made.tried
        ],
        "conflicts": [{"code": code.value, "message": message} for code, message in made.conflicts],
        "effects": [each.value for each in made.effects],
        "problems": [],
        "organizationId": made.organization_id,
        "subscriberId": made.subscriber_id,
        "credentialId": made.credential_id,
        "subscriptionId": made.subscription_id,
    }


def rejection_document(index: int, problems: Sequence[Problem]) -> Doc:
    """What is shown of an event that would be rejected."""
    shown = [{"code": each.code, "field": ".".join(each.field), "message": each.message} for each in problems]
    return {**NOTHING, "index": index, "problems": shown}
