"""What can be done with organizations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import strawberry
from strawberry import UNSET

from app.access.viewer import Scope
from app.context import Context
from app.entities.previews import HandedOver, StatementChange
from app.graph.record import RECORDS, Record
from app.graph.roots import by_input
from app.organizations.merging import MOST_SOURCES, merge_organizations
from app.organizations.moving import LostPayer, move_organization
from app.organizations.previews import handed_over, preview_merge, preview_move
from app.organizations.subtrees import SECONDS
from app.writing.crud import create, delete, restore, scopes_of, shows, update, which
from app.writing.inputs import EXPECTED_VERSION, Described
from app.writing.mutation import Mutation, Preview, Shown
from app.writing.work import Work


def organization_by() -> Any:
    """`OrganizationBy`."""
    return by_input(cast(type[Record], RECORDS["Organization"]))


def move_inputs() -> list[Described]:
    """What a move, or its preview, is told."""
    where = "Below which one it is to stand; null: at the top of a tree of its own. It has to be said."
    return [
        which("Organization", "Which one to move, with everything below it."),
        EXPECTED_VERSION,
        ("parent", organization_by() | None, strawberry.field(default=UNSET, description=where)),
        (
            "lost_payers",
            LostPayer,
            strawberry.field(
                default=LostPayer.REFUSE,
                description="What becomes of organizations whose payer would not stand above them any more.",
            ),
        ),
    ]


def merge_inputs() -> list[Described]:
    """What a merge, or its preview, is told."""
    text = f"The duplicates, 1 to {MOST_SOURCES}: each becomes a tombstone that names the target."
    return [
        ("target", organization_by(), strawberry.field(description="The one that stays.")),
        ("sources", list[organization_by()], strawberry.field(description=text)),  # type: ignore[misc]  # dynamic
        EXPECTED_VERSION,
    ]


async def move(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
    """Put an organization elsewhere."""
    return {"organization": await move_organization(work, given)}


async def merge(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
    """Join organizations into one."""
    done = await merge_organizations(work, given)
    return {"organization": done.target, "merged_ids": done.source_ids, "handed_over": handed_over(done.counts)}


HANDED_OVER = Shown(HandedOver, "How many live records change hands; null where it cannot be told.")


class OrganizationPreviews:
    """What can be looked at before it is done."""

    preview_move = Preview(
        doc="What `moveOrganization` would do: what changes hands, and what would be owed before and after.",
        operation=preview_move,
        inputs=move_inputs,
        shows={
            "organization": Shown("Organization", "The one that would move, as it is."),
            "old_parent": Shown("Organization", "Above it now; null at the top of a tree."),
            "new_parent": Shown("Organization", "Above it then; null at the top of a tree."),
            "handed_over": HANDED_OVER,
            "losing_payer": Shown("Organization", "Those whose payer would not stand above them any more.", many=True),
            "statements": Shown(StatementChange, "The TREE statements of all that lose or gain it.", many=True),
        },
        needs=lambda: frozenset({Scope.CUSTOMERS, Scope.BILLING}),
        seconds=SECONDS,
    )
    preview_merge = Preview(
        doc="What `mergeOrganizations` would do: the survivor, what changes hands, and what it would owe.",
        operation=preview_merge,
        inputs=merge_inputs,
        shows={
            "organization": Shown("Organization", "The survivor as it would be."),
            "handed_over": HANDED_OVER,
            "statements": Shown(StatementChange, "The survivor's OWN statements, before and after.", many=True),
        },
        needs=lambda: frozenset({Scope.CUSTOMERS, Scope.BILLING}),
        seconds=SECONDS,
    )


class OrganizationMutations:
    """What can be done with organizations."""

    create_organization = create("Organization", doc="Make an organization.", warns=True)
    update_organization = update(
        "Organization",
        doc="Change an organization. Its parent changes by `moveOrganization`, its key figures' currency hardly ever.",
        warns=True,
    )
    delete_organization = delete(
        "Organization",
        doc="Delete an organization. Refused while anything rests on it: children, subscribers, credentials, usage "
        "attributes, subscriptions that run, open invoices, credit.",
    )
    restore_organization = restore("Organization", doc="Bring a deleted organization back, with its keys.")
    move_organization = Mutation(
        doc="Put an organization, with everything below it, under another one. Refused where it would make a cycle.",
        operation=move,
        inputs=move_inputs,
        shows=shows("Organization", "The organization where it stands now; null where the move was refused."),
        needs=lambda: scopes_of("Organization"),
        seconds=SECONDS,
    )
    merge_organizations = Mutation(
        doc="Join duplicates into one: everything below them moves; external ids, app ids, names and domains keep "
        "finding the survivor, whose own fields win; each source leaves a tombstone.",
        operation=merge,
        inputs=merge_inputs,
        shows={
            "organization": Shown("Organization", "The survivor as it is now; null where the merge was refused."),
            "merged_ids": Shown(strawberry.ID, "The ids of those merged away.", many=True),
            "handed_over": HANDED_OVER,
        },
        needs=lambda: scopes_of("Organization"),
        seconds=SECONDS,
    )


class UsageAttributeMutations:
    """What can be done with usage attributes."""

    create_usage_attribute = create("UsageAttribute", doc="Say what produces usage for an organization.")
    update_usage_attribute = update("UsageAttribute", doc="Change a usage attribute, or whose it is.")
    delete_usage_attribute = delete("UsageAttribute", doc="Delete a usage attribute.")
    restore_usage_attribute = restore("UsageAttribute", doc="Bring a deleted usage attribute back, with its key.")
