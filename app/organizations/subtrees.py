"""Subtrees that are moved or merged, and the rules that this could break.

A write that changes the tree locks it first: two concurrent moves, each valid by itself, could create a cycle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.entities.organization import Organization
from app.errors import Problem
from app.graph.depth import MAX_DEPTH
from app.graph.documents import from_document
from app.mongo.client import Doc
from app.organizations.staged_moves import as_moved, find_moved_below
from app.writing.naming import name_with_id
from app.writing.owned import SHOWN, in_words, name_a_few
from app.writing.work import Work

MOST_WRITES = 25_000
"""Records that change hands; with their audit entries twice as many writes. The embedded MongoDB's cache of half a
gigabyte holds that; one of the operator's, which undoes transactions of more than a tenth of its cache, needs three."""
SECONDS = 60.0
"""How long a move or merge may take: it has a deadline of its own."""

LOCKS = "locks"
READ = dict.fromkeys(
    ("name", "payerId", "ancestorIds", "currency", "payerTerms", "createdAt", "updatedAt", "version"), 1
)
"""The fields that are read of organizations below: an entity made of them has no others."""


@dataclass(frozen=True, slots=True)
class Subtree:
    """Organizations that move: `roots` and all live organizations below them. `above` are their new ancestors."""

    roots: Sequence[Organization]
    below: Sequence[Organization]
    above: Sequence[str]

    @property
    def ids(self) -> set[str]:
        """All of them."""
        return {each.id for each in (*self.roots, *self.below)}

    @property
    def lost(self) -> set[str]:
        """The ids of the organizations that will no longer be above the roots."""
        return {each for root in self.roots for each in root.ancestor_ids} - set(self.above) - self.ids


async def lock_tree(work: Work) -> None:
    """Lock the tree until the transaction ends, so that no other transaction changes it. A dry run changes nothing."""
    if work.dry_run:
        return
    work.acquire_write_locks(LOCKS)
    taken: Doc = {"$inc": {"taken": 1}}
    await work.store[LOCKS].update_one({"_id": "tree"}, taken, upsert=True, session=work.session)


async def find_below(work: Work, roots: Sequence[Organization]) -> list[Organization]:
    """The live organizations below the roots, with the fields in `READ`; at most `MOST_WRITES` + 1.

    As they are after the moves that are staged, which the database does not have yet.
    """
    ids = {root.id for root in roots}
    moved = find_moved_below(work, ids)
    query: Doc = {"ancestorIds": {"$in": [*ids, *moved]}, "deletedAt": None}
    if moved:
        query = {"$or": [query, {"_id": {"$in": moved}}]}
    docs = await work.find(Organization.collection, query, READ, limit=MOST_WRITES + 1)
    below = as_moved(work, docs, READ)
    below |= {doc["_id"]: doc for doc in work.new_records.get(Organization.collection, ())}
    return [from_document(Organization, doc) for doc in below.values() if not ids.isdisjoint(doc["ancestorIds"])]


def too_many(counts: Mapping[str, int], path: tuple[str, ...], advice: str = "Do it in parts.") -> list[Problem]:
    """The problem TOO_LARGE if the counts by collection are more than one transaction can change."""
    total = sum(counts.values())
    if total <= MOST_WRITES:
        return []
    message = f"It changes {total:,} records ({in_words(counts)}); one transaction can change {MOST_WRITES:,}."
    return [Problem("TOO_LARGE", path, f"{message} {advice}")]


def too_deep(subtree: Subtree, path: tuple[str, ...]) -> list[Problem]:
    """The problem TOO_DEEP if an organization would be deeper than trees may be."""
    height = max((height_above(subtree, each) for each in subtree.below), default=0)
    if len(subtree.above) + height <= MAX_DEPTH:
        return []
    return [
        Problem("TOO_DEEP", path, f"The tree would be more than {MAX_DEPTH} levels deep: choose a parent higher up.")
    ]


def height_above(subtree: Subtree, organization: Organization) -> int:
    """The number of levels between an organization and the topmost root above it."""
    ancestors = organization.ancestor_ids
    return len(ancestors) - min(ancestors.index(root.id) for root in subtree.roots if is_below(organization, root))


def is_below(organization: Organization, root: Organization) -> bool:
    """Whether an organization is below another."""
    return root.id in organization.ancestor_ids


def losing_payer(subtree: Subtree) -> list[Organization]:
    """The organizations whose payer would no longer be above them."""
    lost = subtree.lost
    return [each for each in (*subtree.roots, *subtree.below) if each.payer_id in lost]


def payer_lost(losing: Sequence[Organization], advice: str, path: tuple[str, ...]) -> list[Problem]:
    """The problem PAYER_NOT_ABOVE that lists the organizations that would lose their payer, if any."""
    if not losing:
        return []
    names = f"{len(losing):,}: {name_a_few([each.name for each in losing[:SHOWN]], len(losing))}"
    return [Problem("PAYER_NOT_ABOVE", path, f"Their payer would no longer be above them: {names}. {advice}")]


async def losing_subscription(work: Work, subtree: Subtree, path: tuple[str, ...]) -> list[Problem]:
    """The problem that lists credentials whose subscription would no longer belong to an ancestor of theirs."""
    lost, ids = subtree.lost, subtree.ids
    if not lost:
        return []
    theirs: Doc = {"organizationId": {"$in": sorted(lost)}, "deletedAt": None}
    subscriptions = [doc["_id"] for doc in await work.find("subscriptions", theirs, {"_id": 1})]
    if not subscriptions:
        return []
    query: Doc = {"subscriptionId": {"$in": sorted(subscriptions)}, "deletedAt": None}
    shown = {"name": 1, "organizationId": 1}
    linked = [doc for doc in await work.find("credentials", query, shown) if doc["organizationId"] in ids]
    if not linked:
        return []
    names = name_a_few([name_with_id(doc) for doc in linked[:SHOWN]], len(linked))
    message = f"{len(linked):,} credentials are linked to subscriptions of lost ancestors: {names}. Unlink them first."
    return [Problem("SUBSCRIPTION_ELSEWHERE", path, message)]


def ancestor_position(root_id: str) -> Doc:
    """The expression for the position of an organization among the ancestors of a document."""
    return {"$indexOfArray": ["$ancestorIds", root_id]}


def reparenting_update(above: Sequence[str], start: Doc) -> list[Doc]:
    """The update that replaces the ancestors of organizations before position `start` by `above`."""
    count: Doc = {"$max": [1, {"$subtract": [{"$size": "$ancestorIds"}, start]}]}
    ends: Doc = {"$gte": [start, {"$size": "$ancestorIds"}]}
    kept: Doc = {"$cond": [ends, [], {"$slice": ["$ancestorIds", start, count]}]}
    return [{"$set": {"ancestorIds": {"$concatArrays": [{"$literal": list(above)}, kept]}}}]
