"""Moves of an organization, with everything below it, to another parent."""

from __future__ import annotations

from dataclasses import dataclass, field

from strawberry import UNSET

from app.entities.audit_entry import AuditAction
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.organization import Organization
from app.errors import Problem, Problems, Refused
from app.graph.by import By
from app.graph.choices import Choice, choices
from app.graph.documents import evolve
from app.mongo.client import Doc
from app.organizations.rules import fixed_unclassified, terms_with
from app.organizations.staged_moves import stage_move
from app.organizations.subtrees import (
    Subtree,
    ancestor_position,
    find_below,
    lock_tree,
    losing_payer,
    losing_subscription,
    payer_lost,
    reparenting_update,
    too_deep,
    too_many,
)
from app.organizations.tree import ancestors_below, at_or_below
from app.writing.input_types import (
    MutationInput,
    VersionedInput,
    needed,
    operation_input,
    optional,
    with_default,
)
from app.writing.inputs import RecordInput, record_key
from app.writing.keys import RecordKey, find_named, resolve_keys
from app.writing.lifecycle import stale
from app.writing.payloads import Payload, payload, shown
from app.writing.work import Work

PATH = ("parent",)


@choices(description="What a move does with organizations whose payer would no longer be above them.")
class LostPayer(Choice):
    """What becomes of those that lose their payer."""

    REFUSE = "REFUSE", "Refuse the move and list them."
    PAY_THEMSELVES = "PAY_THEMSELVES", "Let them pay for themselves from now on."


@operation_input
class MoveTerms(VersionedInput):
    """Which organization moves, and where to."""

    by: By[Organization] = needed("The organization to move, with everything below it.")
    parent: By[Organization] | None = optional(
        "Its new parent; null makes it the top of a tree of its own. Required, even if null."
    )
    lost_payers: LostPayer = with_default(
        LostPayer.REFUSE, "What to do with organizations whose payer would no longer be above them."
    )


@operation_input
class MoveOrganizationInput(MoveTerms, MutationInput):
    """Which organization moves, and where to."""


@payload
class MoveOrganizationPayload(Payload):
    """The organization that moved."""

    organization: Organization | None = shown("The organization after the move; null if the move was refused.")


@dataclass(slots=True)
class Move:
    """A move as it would be: who goes where, what goes along, and what keeps it from being done."""

    organization: Organization
    parent: Organization | None
    subtree: Subtree
    losing_payer: list[Organization]
    problems: list[Problem] = field(default_factory=list)


async def plan_move(work: Work, given: MoveTerms) -> Move:
    """The move with its effects and problems. Raises Refused if the organization or parent does not exist."""
    problems = Problems()
    if given.parent is UNSET:
        raise Refused([Problem("REQUIRED", PATH, "Give the new parent, or null for the top of a tree.")])
    key, parent_key = record_key(given.by), record_key(given.parent) if given.parent else None
    await resolve_keys(work, [key, parent_key] if parent_key else [key])
    doc = find_named(work, key, problems.at("by"))
    parent_doc = find_named(work, parent_key, problems.at(*PATH)) if parent_key else None
    organization = work.get(Organization, doc["_id"]) if doc else None
    if organization is not None:
        problems.extend(stale(organization, given.expected_version))
    if organization is None or len(problems):
        raise Refused(problems.gathered)
    parent = work.get(Organization, parent_doc["_id"]) if parent_doc else None
    move = await judge_move(work, organization, parent)
    if given.lost_payers is LostPayer.REFUSE:
        advice = "Pass `lostPayers: PAY_THEMSELVES`, or give them another payer first."
        move.problems += payer_lost(move.losing_payer, advice, PATH)
    return move


async def judge_move(work: Work, organization: Organization, parent: Organization | None) -> Move:
    """The move with its effects, and its problems but for the payers that are lost."""
    subtree = Subtree([organization], await find_below(work, [organization]), ancestors_below(parent))
    move = Move(organization, parent, subtree, losing_payer(subtree))
    move.problems += find_objections(move)
    if not move.problems:
        move.problems += await losing_subscription(work, subtree, PATH)
    return move


def find_objections(move: Move) -> list[Problem]:
    """The problems of a move that come from the tree."""
    organization, parent = move.organization, move.parent
    if organization.id == UNCLASSIFIED_ID:
        code, name, message = fixed_unclassified("moved")
        return [Problem(code, (name,), message)]
    if parent and parent.id == UNCLASSIFIED_ID:
        return [Problem("UNCLASSIFIED_FIXED", PATH, "UNCLASSIFIED cannot be a parent: choose another organization.")]
    if parent and at_or_below(parent.id, parent.ancestor_ids, organization.id):
        return [
            Problem("CYCLE", PATH, f"{parent.name!r} is the organization itself or is below it: choose another parent.")
        ]
    counts = {Organization.collection: 1 + len(move.subtree.below)}
    return too_many(counts, PATH) + too_deep(move.subtree, PATH)


async def move_organization(work: Work, given: MoveOrganizationInput) -> MoveOrganizationPayload:
    """Move an organization. Raises Refused."""
    await lock_tree(work)
    move = await plan_move(work, given)
    if move.problems:
        raise Refused(move.problems)
    return MoveOrganizationPayload(organization=make_move(work, move))


def make_move(work: Work, move: Move) -> Organization:
    """Have an organization moved that may be; those that lose their payer pay for themselves."""
    for loser in move.losing_payer:
        work.change(loser, evolve(loser, payer_id=loser.id, payer_terms=terms_with(loser, loser.id, work.now)))
    root, above = work.get(Organization, move.organization.id) or move.organization, move.subtree.above
    parent_id = move.parent.id if move.parent else None
    moved = work.change(root, evolve(root, parent_id=parent_id, ancestor_ids=tuple(above)), AuditAction.MOVED)
    stage_move(work, root.id, above)
    if move.subtree.below and tuple(above) != root.ancestor_ids:
        query: Doc = {"ancestorIds": root.id, "deletedAt": None}
        work.sweep(Organization.collection, query, reparenting_update(above, ancestor_position(root.id)))
    work.lock_references(parent_id)
    return moved


def is_move(work: Work, organization: Organization, said: RecordInput) -> bool:
    """Whether an update names another parent, which is there."""
    named = said.named.get("parent")
    parent_doc = find_named(work, named, Problems()) if isinstance(named, RecordKey) else None
    is_unknown = named is not None and parent_doc is None  # which the update tells
    parent_id = parent_doc["_id"] if parent_doc else None
    return "parent" in said.named and not is_unknown and parent_id != organization.parent_id


async def move_before_update(work: Work, organization: Organization, said: RecordInput, problems: Problems) -> None:
    """Where an update names another parent: the move, by the rules of moves. Its own payer may be said along."""
    if organization.id == UNCLASSIFIED_ID or not is_move(work, organization, said):
        return  # the update refuses what is said of UNCLASSIFIED
    named = said.named.get("parent")
    parent_doc = find_named(work, named, Problems()) if isinstance(named, RecordKey) else None
    await lock_tree(work)
    move = await judge_move(work, organization, work.get(Organization, parent_doc["_id"]) if parent_doc else None)
    if "payer" in said.named:
        move.losing_payer = [each for each in move.losing_payer if each.id != organization.id]
    advice = "Give them another payer first, or use `moveOrganization` with `lostPayers: PAY_THEMSELVES`."
    move.problems += payer_lost(move.losing_payer, advice, PATH)
    problems.extend(move.problems)
    if not move.problems:
        make_move(work, move)
