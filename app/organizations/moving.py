"""Putting an organization, with all that hangs below it, under another one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from strawberry import UNSET

from app.entities.audit_entry import AuditAction
from app.entities.identifiers import UNCLASSIFIED_ID
from app.errors import Problem, Refused
from app.graph.choices import Choice, choices
from app.mongo.client import Doc
from app.organizations.lifecycle import fixed, paid_by
from app.organizations.subtrees import (
    Subtree,
    below,
    lock_tree,
    losing_payer,
    losing_subscription,
    payer_lost,
    position,
    too_deep,
    too_many,
    under,
)
from app.organizations.tree import ancestors_below, at_or_below
from app.writing import references
from app.writing.lifecycle import LIFECYCLES, stale
from app.writing.work import Work

PATH = ("parent",)


@choices(description="What becomes of organizations whose payer would not stand above them after a move.")
class LostPayer(Choice):
    """What becomes of those that lose their payer."""

    REFUSE = "REFUSE", "The move is refused, and they are listed."
    PAY_THEMSELVES = "PAY_THEMSELVES", "They pay for themselves from now on."


@dataclass(slots=True)
class Move:
    """A move as it would be: who goes where, what goes along, and what keeps it from being done."""

    organization: Doc
    parent: Doc | None
    subtree: Subtree
    losing_payer: list[Doc]
    problems: list[Problem] = field(default_factory=list)


async def plan_move(work: Work, given: Any) -> Move:
    """Read and judge a move. Raises Refused where it names nothing that could be moved."""
    lifecycle, problems = LIFECYCLES["Organization"], list[Problem]()
    if given.parent is UNSET:
        raise Refused([Problem("REQUIRED", PATH, "Say below which one it is to stand; null: at the top of a tree.")])
    to_top = given.parent is None
    named = [("Organization", given.by)] + ([] if to_top else [("Organization", given.parent)])
    await lifecycle.prepare(work, [], named)
    organization = references.find(work, "Organization", given.by, problems, ("by",))
    parent = None if to_top else references.find(work, "Organization", given.parent, problems, PATH)
    if organization is not None:
        problems += stale(organization, given.expected_version)
    if organization is None or problems:
        raise Refused(problems)
    subtree = Subtree([organization], await below(work, [organization]), ancestors_below(parent))
    move = Move(organization, parent, subtree, losing_payer(subtree))
    move.problems += objections(move)
    if not move.problems:
        move.problems += await losing_subscription(work, subtree, PATH)
    if given.lost_payers is LostPayer.REFUSE:
        advice = "Say `lostPayers: PAY_THEMSELVES`, or let others pay first."
        move.problems += payer_lost(move.losing_payer, advice, PATH)
    return move


def objections(move: Move) -> list[Problem]:
    """What the tree itself objects to."""
    organization, parent = move.organization, move.parent
    if organization["_id"] == UNCLASSIFIED_ID:
        return [fixed("moved")]
    if parent and parent["_id"] == UNCLASSIFIED_ID:
        return [Problem("UNCLASSIFIED_FIXED", PATH, "Nothing stands below UNCLASSIFIED.")]
    if parent and at_or_below(parent["_id"], parent["ancestorIds"], organization["_id"]):
        message = f"{parent['name']!r} is the organization itself, or stands below it."
        return [Problem("CYCLE", PATH, message)]
    counts = {"organizations": 1 + len(move.subtree.below)}
    return too_many(counts, PATH) + too_deep(move.subtree, PATH)


async def move_organization(work: Work, given: Any) -> Doc:
    """Do it. Raises Refused."""
    await lock_tree(work)
    move = await plan_move(work, given)
    if move.problems:
        raise Refused(move.problems)
    root, above = move.organization, move.subtree.above
    for doc in move.losing_payer:
        work.records.setdefault(doc["_id"], doc)
        work.change(doc["_id"], paid_by(doc["_id"], doc, work), AuditAction.UPDATED)
    place: Doc = {"parentId": move.parent and move.parent["_id"], "ancestorIds": list(above)}
    moved = work.change(root["_id"], place, AuditAction.MOVED)
    if move.subtree.below and list(above) != root["ancestorIds"]:
        query: Doc = {"ancestorIds": root["_id"], "deletedAt": None}
        work.sweep("organizations", query, under(above, position(root["_id"])))
    work.point_at(place["parentId"])
    return moved
