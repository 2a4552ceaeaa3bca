"""What hangs below organizations that are to stand elsewhere, and what that would break. Moves and merges share it.

Whoever changes the tree takes its lock first: two moves at the same instant, each fine by itself, can make a cycle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.entities.organization import Organization
from app.errors import Problem
from app.graph.depth import MAX_DEPTH
from app.graph.documents import from_document
from app.mongo.client import Doc
from app.writing.owned import SHOWN, in_words, name_a_few
from app.writing.work import Work

MOST_WRITES = 25_000
"""Records that change hands; with their audit entries twice as many writes. A cache of half a gigabyte holds that, and
not 30,000."""
SECONDS = 60.0
"""How long a move or merge may take: it has a deadline of its own."""

LOCKS = "locks"
READ = dict.fromkeys(("name", "payerId", "ancestorIds", "currency", "payerTerms", "createdAt", "version"), 1)
"""The fields that are read of organizations below: an entity made of them has no others."""


@dataclass(frozen=True, slots=True)
class Subtree:
    """Organizations that are to stand elsewhere: `roots`, and all that is live below them. `above` is where."""

    roots: Sequence[Organization]
    below: Sequence[Organization]
    above: Sequence[str]

    @property
    def ids(self) -> set[str]:
        """All of them."""
        return {each.id for each in (*self.roots, *self.below)}

    @property
    def lost(self) -> set[str]:
        """The organizations that will not stand above the roots any more."""
        return {each for root in self.roots for each in root.ancestor_ids} - set(self.above) - self.ids


async def lock_tree(work: Work) -> None:
    """Let nobody else change the tree before this is committed."""
    work.acquire_write_locks(LOCKS)
    taken: Doc = {"$inc": {"taken": 1}}
    await work.store[LOCKS].update_one({"_id": "tree"}, taken, upsert=True, session=work.session)


async def find_below(work: Work, roots: Sequence[Organization]) -> list[Organization]:
    """The live organizations below, one more than may be written at the most, with the fields in `READ` alone."""
    query: Doc = {"ancestorIds": {"$in": [root.id for root in roots]}, "deletedAt": None}
    docs = await work.find(Organization.collection, query, READ, limit=MOST_WRITES + 1)
    return [from_document(Organization, doc) for doc in docs]


def too_many(counts: Mapping[str, int], path: tuple[str, ...]) -> list[Problem]:
    """More records than one transaction takes; `counts` are by collection."""
    total = sum(counts.values())
    if total <= MOST_WRITES:
        return []
    message = f"It changes {total:,} records ({in_words(counts)}); one transaction can change {MOST_WRITES:,}."
    return [Problem("TOO_LARGE", path, f"{message} Do it in parts.")]


def too_deep(subtree: Subtree, path: tuple[str, ...]) -> list[Problem]:
    """Whether something would stand deeper than trees may be."""
    height = max((height_above(subtree, each) for each in subtree.below), default=0)
    if len(subtree.above) + height <= MAX_DEPTH:
        return []
    return [Problem("TOO_DEEP", path, f"The tree would be more than {MAX_DEPTH} levels deep.")]


def height_above(subtree: Subtree, organization: Organization) -> int:
    """How many levels an organization stands below the topmost root above it."""
    ancestors = organization.ancestor_ids
    return len(ancestors) - min(ancestors.index(root.id) for root in subtree.roots if is_below(organization, root))


def is_below(organization: Organization, root: Organization) -> bool:
    """Whether an organization stands under another."""
    return root.id in organization.ancestor_ids


def losing_payer(subtree: Subtree) -> list[Organization]:
    """Those whose payer would not stand above them any more."""
    lost = subtree.lost
    return [each for each in (*subtree.roots, *subtree.below) if each.payer_id in lost]


def payer_lost(losing: Sequence[Organization], advice: str, path: tuple[str, ...]) -> list[Problem]:
    """What is said of those who would lose their payer, if there are any."""
    if not losing:
        return []
    names = f"{len(losing):,}: {name_a_few([each.name for each in losing[:SHOWN]], len(losing))}"
    return [Problem("PAYER_NOT_ABOVE", path, f"Their payer would no longer be above them: {names}. {advice}")]


async def losing_subscription(work: Work, subtree: Subtree, path: tuple[str, ...]) -> list[Problem]:
    """Credentials linked to a subscription of an organization that would not stand above them any more."""
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
    names = name_a_few([doc["name"] for doc in linked[:SHOWN]], len(linked))
    message = f"{len(linked):,} credentials are linked to subscriptions of lost ancestors: {names}. Unlink them first."
    return [Problem("SUBSCRIPTION_ELSEWHERE", path, message)]


def position(root_id: str) -> Doc:
    """Where an organization stands among the ancestors of those below it."""
    return {"$indexOfArray": ["$ancestorIds", root_id]}


def under(above: Sequence[str], start: Doc) -> list[Doc]:
    """The update that puts organizations below others: `above` in place of their ancestors before `start`."""
    count: Doc = {"$max": [1, {"$subtract": [{"$size": "$ancestorIds"}, start]}]}
    ends: Doc = {"$gte": [start, {"$size": "$ancestorIds"}]}
    kept: Doc = {"$cond": [ends, [], {"$slice": ["$ancestorIds", start, count]}]}
    return [{"$set": {"ancestorIds": {"$concatArrays": [{"$literal": list(above)}, kept]}}}]
