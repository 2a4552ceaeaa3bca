"""Joining duplicate organizations into one: everything below them moves, and whatever found them finds the survivor.

Past events and totals are not rewritten: the survivor reads through the ids merged into it. A source becomes a
tombstone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.billing.standing import currency_rests_on
from app.entities.audit_entry import AuditAction
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.metadata import MOST_BYTES, size_of_documents, size_of_entries
from app.errors import Problem, Refused
from app.mongo.client import Doc
from app.mongo.keys import Claim, find_claims_by_record
from app.organizations.lifecycle import fixed
from app.organizations.merged import merged
from app.organizations.subtrees import (
    Subtree,
    below,
    counted,
    is_below,
    lock_tree,
    losing_payer,
    losing_subscription,
    payer_lost,
    position,
    too_deep,
    too_many,
    under,
)
from app.organizations.tree import ancestors_below
from app.writing import references
from app.writing.lifecycle import LIFECYCLES, stale
from app.writing.work import Work

MOST_SOURCES = 20
PATH = ("sources",)
MOVED = {
    "subscribers": "subscribers",
    "credentials": "credentials",
    "usageAttributes": "usage attributes",
    "subscriptions": "subscriptions",
    "invoices": "invoices",
    "invoiceLines": "invoice lines",
    "payments": "payments",
    "creditNotes": "credit notes",
}


@dataclass(slots=True)
class Merge:
    """A merge as it would be: what becomes of the target, what moves, and what keeps it from being done."""

    target: Doc
    sources: Sequence[Doc]
    subtree: Subtree
    counts: dict[str, int]
    values: Doc
    problems: list[Problem] = field(default_factory=list)

    @property
    def source_ids(self) -> list[str]:
        """Those that are merged away."""
        return [each["_id"] for each in self.sources]


async def plan_merge(work: Work, given: Any) -> Merge:
    """Read and judge a merge. Raises Refused where it names nothing that could be merged."""
    problems: list[Problem] = []
    if not 1 <= len(given.sources) <= MOST_SOURCES:
        code = "TOO_MANY" if given.sources else "REQUIRED"
        raise Refused([Problem(code, PATH, f"Name 1 to {MOST_SOURCES} sources.")])
    named = [("Organization", by) for by in (given.target, *given.sources)]
    await LIFECYCLES["Organization"].prepare(work, [], named)
    target = references.find(work, "Organization", given.target, problems, ("target",))
    found = [references.find(work, "Organization", by, problems, (*PATH, str(n))) for n, by in enumerate(given.sources)]
    if target is None or problems:
        raise Refused(problems)
    sources = list({doc["_id"]: doc for doc in found if doc}.values())
    problems += stale(target, given.expected_version)
    problems += [each for n, source in enumerate(sources) for each in impossible(source, target, (*PATH, str(n)))]
    if problems:
        raise Refused(problems)
    subtree = Subtree(sources, await below(work, sources), ancestors_below(target))
    ids = [each["_id"] for each in sources]
    counts = {"organizations": len(sources) + len(subtree.below), **await counted(work, ids, MOVED)}
    merge = Merge(target, sources, subtree, counts, merged(target, sources))
    merge.problems += too_many(counts, PATH) or await objections(work, merge)
    return merge


def impossible(source: Doc, target: Doc, path: tuple[str, ...]) -> list[Problem]:
    """What two organizations cannot be to each other."""
    if UNCLASSIFIED_ID in (source["_id"], target["_id"]):
        return [Problem("UNCLASSIFIED_FIXED", path, fixed("merged").message)]
    if source["_id"] == target["_id"]:
        return [Problem("CYCLE", path, "It is the target itself; it may have been merged into it already.")]
    if is_below(target, source):
        message = f"{target['name']!r} stands below {source['name']!r}: merge the other way round, or move it first."
        return [Problem("CYCLE", path, message)]
    return []


async def objections(work: Work, merge: Merge) -> list[Problem]:
    """What follows from all that hangs on them."""
    found = too_deep(merge.subtree, PATH) + await losing_subscription(work, merge.subtree, PATH)
    sources = set(merge.source_ids)
    lost = [doc for doc in losing_payer(merge.subtree) if doc["_id"] not in sources]
    found += payer_lost(lost, "Let others pay first.", PATH)
    if size_of_entries(merge.values["customMetadata"]) > MOST_BYTES:
        message = "Their custom metadata come to more than 64 KiB together. Remove some first."
        found.append(Problem("TOO_LONG", PATH, message))
    if size_of_documents(merge.values["appMetadata"]) > MOST_BYTES:
        message = "What apps keep beside them comes to more than 64 KiB together. Remove some first."
        found.append(Problem("TOO_LONG", PATH, message))
    return found + await currencies(work, merge)


async def currencies(work: Work, merge: Merge) -> list[Problem]:
    """Organizations in different currencies can be one as long as nothing is in either."""
    target, found = merge.target, []
    for n, source in enumerate(merge.sources):
        if source["currency"] == target["currency"]:
            continue
        rests = [*await currency_rests_on(work, source["_id"]), *await currency_rests_on(work, target["_id"])]
        paid = [doc for doc in merge.subtree.below if doc["payerId"] == source["_id"]]
        if rests or paid:
            what = ", ".join(dict.fromkeys(rests)) or f"{len(paid):,} organizations that {source['name']!r} pays for"
            message = f"{source['name']!r} is in {source['currency']}, {target['name']!r} in {target['currency']}, and \
there are {what}. Amounts are never added across currencies."
            found.append(Problem("CURRENCY_MISMATCH", (*PATH, str(n)), message))
    return found


async def merge_organizations(work: Work, given: Any) -> Merge:
    """Do it. Raises Refused."""
    await lock_tree(work)
    merge = await plan_merge(work, given)
    if merge.problems:
        raise Refused(merge.problems)
    target_id, ids = merge.target["_id"], merge.source_ids
    await repoint(work, merge)
    values = merge.values | LIFECYCLES["Organization"].derived({**merge.target, **merge.values})
    merge.target = work.change(target_id, values, AuditAction.MERGED)
    for source in merge.sources:
        gone = {"deletedAt": work.now, "mergedIntoId": target_id}
        work.change(source["_id"], gone, AuditAction.MERGED_AWAY)
    await hand_over(work, target_id, ids)
    for source in sorted(merge.sources, key=lambda each: len(each["ancestorIds"])):
        query: Doc = {"ancestorIds": source["_id"], "_id": {"$nin": ids}, "deletedAt": None}
        work.sweep("organizations", query, below_target(merge.subtree.above, source["_id"]))
    earlier = [each for source in merge.sources for each in source.get("mergedIds", ())]
    if earlier:
        work.sweep("organizations", {"_id": {"$in": earlier}}, {"$set": {"mergedIntoId": target_id}})
    return merge


def below_target(above: Sequence[str], source_id: str) -> list[Doc]:
    """The update that puts what hangs below a source below the target instead: all up to the source is replaced."""
    return under(above, {"$add": [position(source_id), 1]})


async def repoint(work: Work, merge: Merge) -> None:
    """Let every key that finds a source find the target."""
    target_id = merge.target["_id"]
    for claim in await find_claims_by_record(work.store, merge.source_ids, work.session):
        name = "aliases" if claim.field == "externalId" else claim.field
        if claim.namespace == "customer" and claim.key == merge.values["externalId"]:
            name = "externalId"
        work.repoint(Claim(claim.namespace, claim.key, target_id, name))


async def hand_over(work: Work, target_id: str, ids: list[str]) -> None:
    """Give the target all that the sources have: what points at them, and what hangs below them.

    Invoice lines go with what they bill, with no history of their own.
    """
    live: Doc = {"deletedAt": None}
    for collection in MOVED:
        if collection != "invoiceLines":
            theirs: Doc = {"organizationId": {"$in": ids}, **live}
            await work.reassign(collection, theirs, {"organizationId": target_id})
    for name in ("organizationId", "payerId"):
        work.sweep("invoiceLines", {name: {"$in": ids}, **live}, {"$set": {name: target_id}})
    own: Doc = {"organizationId": target_id, "chargedElsewhere": True, "payerId": target_id, **live}
    work.sweep("invoiceLines", own, {"$set": {"chargedElsewhere": False}})
    others: Doc = {"_id": {"$nin": ids}, **live}
    await work.reassign("organizations", {"parentId": {"$in": ids}, **others}, {"parentId": target_id})
    await work.reassign("organizations", {"payerId": {"$in": ids}, **others}, {"payerId": target_id})
