"""To whom a record belonged before, and until when: usage of that time is theirs. Pure rules.

Only what was known is kept: what had no owner, or waited in UNCLASSIFIED, belongs for all time before to whoever it was
found to be of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import strawberry
from pydantic import Field

from app.entities.identifiers import UNCLASSIFIED_ID
from app.graph.ownership import OnMerge, Ownership
from app.graph.record import Embedded, embedded

FORMER_OWNERS = "formerOwners"
UNKNOWN = (None, UNCLASSIFIED_ID)
"""What stands in place of an owner that is not known."""
MongoExpression = dict[str, Any]


@embedded(description="To whom a record belonged until an instant.")
class FormerOwner(Embedded):
    """The owners of a record until an instant."""

    held_ids: ClassVar = {
        "organizationId": Ownership(on_merge=OnMerge.READ_THROUGH),
        "subscriberId": Ownership(on_merge=OnMerge.NOTHING),
        "subscriptionId": Ownership(on_merge=OnMerge.NOTHING),
    }

    organization_id: strawberry.ID = Field(description="The organization that it belonged to.")
    subscriber_id: strawberry.ID | None = Field(default=None, description="The subscriber, of a credential.")
    subscription_id: strawberry.ID | None = Field(
        default=None, description="The subscription that usage was billed under, of a credential."
    )
    until: datetime = Field(description="When that ended, UTC, exclusive; it began when the one before ended.")


def former_owners(
    before: Mapping[str, Any], after: Mapping[str, Any], dated: Sequence[str], until: datetime
) -> list[Any]:
    """The former owners of a document after a change of its `dated` links."""
    earlier = list(before.get(FORMER_OWNERS) or ())
    is_over = any(before.get(name) not in UNKNOWN and before.get(name) != after.get(name) for name in dated)
    return [*earlier, {**{name: before.get(name) for name in dated}, "until": until}] if is_over else earlier


def former_owners_expression(changed: Sequence[str], dated: Sequence[str], until: datetime) -> MongoExpression:
    """The same for an update of many documents, whose links in `changed` become others: an aggregation expression."""
    earlier = {"$ifNull": [f"${FORMER_OWNERS}", []]}
    known = [{"$not": [{"$in": [{"$ifNull": [f"${name}", None]}, list(UNKNOWN)]}]} for name in changed]
    ended = {**{name: {"$ifNull": [f"${name}", None]} for name in dated}, "until": until}
    return {"$cond": [{"$or": known}, {"$concatArrays": [earlier, [ended]]}, earlier]}


def as_of(doc: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """A document with the owners that it had at an instant."""
    term = next((each for each in doc.get(FORMER_OWNERS) or () if at < each["until"]), None)
    return {**doc, **{name: value for name, value in term.items() if name != "until"}} if term else doc
