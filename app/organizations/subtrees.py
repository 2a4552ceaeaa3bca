"""What hangs below organizations that are to stand elsewhere, and what that would break. Moves and merges share it.

Whoever changes the tree takes its lock first: two moves at the same instant, each fine by itself, can make a cycle.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.errors import Problem
from app.graph.depth import MAX_DEPTH
from app.mongo.client import Doc
from app.writing.resting import SHOWN, listed
from app.writing.work import Work

MOST_WRITES = 25_000
"""Records that change hands; with their audit entries twice as many writes. A cache of half a gigabyte holds that, and
not 30,000."""
SECONDS = 60.0
"""How long a move or merge may take: it has a deadline of its own."""

LOCKS = "locks"
SEEN = dict.fromkeys(("name", "payerId", "ancestorIds", "currency", "payerTerms", "createdAt", "version"), 1)


@dataclass(frozen=True, slots=True)
class Subtree:
    """Organizations that are to stand elsewhere: `roots`, and all that is live below them. `above` is where."""

    roots: Sequence[Doc]
    below: Sequence[Doc]
    above: Sequence[str]

    @property
    def ids(self) -> set[str]:
        """All of them."""
        return {doc["_id"] for doc in (*self.roots, *self.below)}

    @property
    def lost(self) -> set[str]:
        """The organizations that will not stand above the roots any more."""
        return {each for root in self.roots for each in root["ancestorIds"]} - set(self.above) - self.ids


async def lock_tree(work: Work) -> None:
    """Let nobody else change the tree before this is committed."""
    work.acquire_write_locks(LOCKS)
    taken: Doc = {"$inc": {"taken": 1}}
    await work.store[LOCKS].update_one({"_id": "tree"}, taken, upsert=True, session=work.session)


async def below(work: Work, roots: Sequence[Doc]) -> list[Doc]:
    """The live organizations below, one more than may be written at the most."""
    query: Doc = {"ancestorIds": {"$in": [root["_id"] for root in roots]}, "deletedAt": None}
    return await work.find("organizations", query, SEEN, limit=MOST_WRITES + 1)


def too_many(counts: Mapping[str, int], path: tuple[str, ...]) -> list[Problem]:
    """More records than one transaction takes."""
    total = sum(counts.values())
    if total <= MOST_WRITES:
        return []
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    message = f"It concerns {total:,} records ({told}); one transaction takes {MOST_WRITES:,}. Do it in parts."
    return [Problem("TOO_LARGE", path, message)]


def too_deep(subtree: Subtree, path: tuple[str, ...]) -> list[Problem]:
    """Whether something would stand deeper than trees may be."""
    height = (
        max(
            (
                len(doc["ancestorIds"])
                - min(doc["ancestorIds"].index(r["_id"]) for r in subtree.roots if is_below(doc, r))
            )
            for doc in subtree.below
        )
        if subtree.below
        else 0
    )
    if len(subtree.above) + height <= MAX_DEPTH:
        return []
    return [Problem("TOO_DEEP", path, f"Its tree would reach more than {MAX_DEPTH} levels deep.")]


def is_below(doc: Doc, root: Doc) -> bool:
    """Whether an organization stands under another."""
    return root["_id"] in doc["ancestorIds"]


def losing_payer(subtree: Subtree) -> list[Doc]:
    """Those whose payer would not stand above them any more."""
    lost = subtree.lost
    return [doc for doc in (*subtree.roots, *subtree.below) if doc["payerId"] in lost]


def payer_lost(losing: Sequence[Doc], advice: str, path: tuple[str, ...]) -> list[Problem]:
    """What is said of those who would lose their payer, if there are any."""
    if not losing:
        return []
    told = f"{len(losing):,}: {listed(losing[:SHOWN], len(losing), 'name')}"
    return [Problem("PAYER_NOT_ABOVE", path, f"Their payer would not stand above them any more: {told}. {advice}")]


async def losing_subscription(work: Work, subtree: Subtree, path: tuple[str, ...]) -> list[Problem]:
    """Credentials linked to a subscription of an organization that would not stand above them any more."""
    lost, ids = subtree.lost, subtree.ids
    if not lost:
        return []
    theirs: Doc = {"organizationId": {"$in": sorted(lost)}, "deletedAt": None}
    subscriptions = {doc["_id"]: doc for doc in await work.find("subscriptions", theirs, {"externalId": 1})}
    if not subscriptions:
        return []
    query: Doc = {"subscriptionId": {"$in": sorted(subscriptions)}, "deletedAt": None}
    shown = {"name": 1, "organizationId": 1}
    linked = [doc for doc in await work.find("credentials", query, shown) if doc["organizationId"] in ids]
    if not linked:
        return []
    message = (
        f"{len(linked):,} credentials are linked to subscriptions above it: "
        f"{listed(linked[:SHOWN], len(linked), 'name')}. Unlink them first."
    )
    return [Problem("SUBSCRIPTION_ELSEWHERE", path, message)]


async def counted(work: Work, organization_ids: Collection[str], collections: Mapping[str, str]) -> dict[str, int]:
    """How many live records these organizations have, in words → number, each counted a little beyond the bound."""
    query: Doc = {"organizationId": {"$in": sorted(organization_ids)}, "deletedAt": None}
    return {words: await work.count(name, query, MOST_WRITES + 1) for name, words in collections.items()}


def position(root_id: str) -> Doc:
    """Where an organization stands among the ancestors of those below it."""
    return {"$indexOfArray": ["$ancestorIds", root_id]}


def under(above: Sequence[str], start: Doc) -> list[Doc]:
    """The update that puts organizations below others: `above` in place of their ancestors before `start`."""
    count: Doc = {"$max": [1, {"$subtract": [{"$size": "$ancestorIds"}, start]}]}
    ends: Doc = {"$gte": [start, {"$size": "$ancestorIds"}]}
    kept: Doc = {"$cond": [ends, [], {"$slice": ["$ancestorIds", start, count]}]}
    return [{"$set": {"ancestorIds": {"$concatArrays": [{"$literal": list(above)}, kept]}}}]
