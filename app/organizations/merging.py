"""Merges of duplicate organizations: all that the sources own moves to the target, which their keys then find.

What belongs to them is handed over as the edges to an organization declare it. Past events and totals are not
rewritten: the survivor reads through the ids merged into it. A source becomes a tombstone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import strawberry

from app.entities.audit_entry import AuditAction
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.metadata import MOST_BYTES, size_of_documents, size_of_entries
from app.entities.organization import Organization
from app.errors import Problem, Problems, Refused
from app.graph.by import By
from app.graph.documents import evolve, stored_value
from app.graph.ownership import OnMerge
from app.mongo.client import Doc
from app.mongo.keys import Claim, find_claims_by_record
from app.organizations.handed_over import HandedOver
from app.organizations.merged import survivor_of
from app.organizations.rules import fixed_unclassified, with_match_keys
from app.organizations.subtrees import (
    MOST_WRITES,
    Subtree,
    ancestor_position,
    find_below,
    is_below,
    lock_tree,
    losing_payer,
    losing_subscription,
    payer_lost,
    reparenting_update,
    too_deep,
    too_many,
)
from app.organizations.tree import ancestors_below
from app.writing.input_types import MutationInput, VersionedInput, needed, operation_input
from app.writing.inputs import record_key
from app.writing.keys import find_named, resolve_keys
from app.writing.lifecycle import stale
from app.writing.owned import count_owned, fixing_currency, merged_edges, swept_fields
from app.writing.owner_hooks import hooks_of
from app.writing.payloads import Payload, payload, shown, shown_list
from app.writing.work import Work

MOST_SOURCES = 20
PATH = ("sources",)
HANDED_OVER_TEXT = "How many live records go to another organization; null if the request was refused."


@operation_input
class MergeTerms(VersionedInput):
    """Which organizations become one."""

    target: By[Organization] = needed("The organization that the others are merged into.")
    sources: list[By[Organization]] = needed(
        f"The duplicates to merge into the target, 1 to {MOST_SOURCES}. Each becomes a tombstone."
    )


@operation_input
class MergeOrganizationsInput(MergeTerms, MutationInput):
    """Which organizations become one."""


@payload
class MergeOrganizationsPayload(Payload):
    """The survivor, and what it was given."""

    organization: Organization | None = shown("The organization after the merge; null if the merge was refused.")
    merged_ids: list[strawberry.ID] = shown_list("The ids of the organizations that were merged into it.")
    handed_over: HandedOver | None = shown(HANDED_OVER_TEXT)


@dataclass(slots=True)
class Merge:
    """A merge as it would be: what becomes of the target, what moves, and what keeps it from being done.

    `counts` are the live records that change hands, by collection.
    """

    target: Organization
    sources: Sequence[Organization]
    subtree: Subtree
    counts: dict[str, int]
    survivor: Organization
    problems: list[Problem] = field(default_factory=list)

    @property
    def source_ids(self) -> list[str]:
        """Those that are merged away."""
        return [each.id for each in self.sources]


async def plan_merge(work: Work, given: MergeTerms) -> Merge:
    """The merge with its effects and problems. Raises Refused if the parties are not valid."""
    target, sources = await find_parties(work, given)
    subtree = Subtree(sources, await find_below(work, sources), ancestors_below(target))
    owned = await count_owned(work, Organization, [each.id for each in sources], MOST_WRITES + 1)
    counts = {Organization.collection: len(sources) + len(subtree.below), **owned}
    merge = Merge(target, sources, subtree, counts, survivor_of(target, sources))
    merge.problems += too_many(counts, PATH) or await find_objections(work, merge)
    return merge


async def find_parties(work: Work, given: MergeTerms) -> tuple[Organization, list[Organization]]:
    """The target and the distinct sources. Raises Refused if one does not exist or they cannot be merged."""
    if not 1 <= len(given.sources) <= MOST_SOURCES:
        code = "TOO_MANY" if given.sources else "REQUIRED"
        raise Refused([Problem(code, PATH, f"Give 1 to {MOST_SOURCES} sources.")])
    problems, target_key = Problems(), record_key(given.target)
    source_keys = [record_key(each) for each in given.sources]
    await resolve_keys(work, [target_key, *source_keys])
    target_doc = find_named(work, target_key, problems.at("target"))
    docs = [find_named(work, key, problems.at(*PATH, str(n))) for n, key in enumerate(source_keys)]
    problems.refuse()
    target = work.get(Organization, target_doc["_id"] if target_doc else None)
    found = (work.get(Organization, doc["_id"]) for doc in docs if doc)
    sources = list({each.id: each for each in found if each}.values())
    if target is None:
        raise Refused(problems.gathered)
    problems.extend(stale(target, given.expected_version))
    for n, source in enumerate(sources):
        problems.extend(validate_parties(source, target, (*PATH, str(n))))
    problems.refuse()
    return target, sources


def validate_parties(source: Organization, target: Organization, path: tuple[str, ...]) -> list[Problem]:
    """The problems of merging that source into that target."""
    if UNCLASSIFIED_ID in (source.id, target.id):
        code, _, message = fixed_unclassified("merged")
        return [Problem(code, path, message)]
    if source.id == target.id:
        return [Problem("CYCLE", path, "The source is the target itself, or was merged into it before: leave it out.")]
    if is_below(target, source):
        message = f"{target.name!r} is below {source.name!r}: swap target and source, or move it first."
        return [Problem("CYCLE", path, message)]
    return []


async def find_objections(work: Work, merge: Merge) -> list[Problem]:
    """The problems of a merge that come from subtrees, payers, metadata and currencies."""
    problems = too_deep(merge.subtree, PATH) + await losing_subscription(work, merge.subtree, PATH)
    sources = set(merge.source_ids)
    lost = [each for each in losing_payer(merge.subtree) if each.id not in sources]
    problems += payer_lost(lost, "Give them another payer first.", PATH)
    if size_of_entries(stored_value(merge.survivor.custom_metadata)) > MOST_BYTES:
        message = "The custom metadata of all of them together is larger than 64 KiB. Remove some first."
        problems.append(Problem("TOO_LONG", PATH, message))
    if size_of_documents(merge.survivor.app_rows) > MOST_BYTES:
        message = "The app metadata of all of them together is larger than 64 KiB. Remove some first."
        problems.append(Problem("TOO_LONG", PATH, message))
    return problems + await validate_currencies(work, merge)


async def validate_currencies(work: Work, merge: Merge) -> list[Problem]:
    """A problem for each source in another currency than the target, if either has records in its currency."""
    target, problems = merge.target, []
    for n, source in enumerate(merge.sources):
        if source.currency == target.currency:
            continue
        owned = [each for one in (source, target) for each in await fixing_currency(work, Organization, one.id)]
        paid = [each for each in merge.subtree.below if each.payer_id == source.id]
        if owned or paid:
            what = ", ".join(dict.fromkeys(owned)) or f"{len(paid):,} organizations that {source.name!r} pays for"
            message = f"{source.name!r} is in {source.currency}, {target.name!r} in {target.currency}, and \
there are {what}. Organizations with amounts in different currencies cannot be merged."
            problems.append(Problem("CURRENCY_MISMATCH", (*PATH, str(n)), message))
    return problems


async def merge_organizations(work: Work, given: MergeOrganizationsInput) -> MergeOrganizationsPayload:
    """Merge the sources into the target. Raises Refused."""
    await lock_tree(work)
    merge = await plan_merge(work, given)
    if merge.problems:
        raise Refused(merge.problems)
    target_id, ids = merge.target.id, merge.source_ids
    await repoint_keys(work, merge)
    survivor = work.change(merge.target, with_match_keys(merge.survivor), AuditAction.MERGED)
    for source in merge.sources:
        tombstone = evolve(source, deleted_at=work.now, merged_into_id=target_id)
        work.change(source, tombstone, AuditAction.MERGED_AWAY)
    await hand_over(work, target_id, ids)
    move_subtrees(work, merge)
    earlier = [each for source in merge.sources for each in source.merged_ids]
    if earlier:
        into: Doc = {"$set": {"mergedIntoId": target_id}}
        work.sweep(Organization.collection, {"_id": {"$in": earlier}}, into)
    merged_ids = [strawberry.ID(each) for each in ids]
    return MergeOrganizationsPayload(
        organization=survivor, merged_ids=merged_ids, handed_over=HandedOver(counts=merge.counts)
    )


def move_subtrees(work: Work, merge: Merge) -> None:
    """Put what hangs below the sources below the target: all its ancestors up to the source are replaced."""
    for source in sorted(merge.sources, key=lambda each: len(each.ancestor_ids)):
        query: Doc = {"ancestorIds": source.id, "_id": {"$nin": merge.source_ids}, "deletedAt": None}
        update = reparenting_update(merge.subtree.above, {"$add": [ancestor_position(source.id), 1]})
        work.sweep(Organization.collection, query, update)


async def repoint_keys(work: Work, merge: Merge) -> None:
    """Let every key that finds a source find the target."""
    for claim in await find_claims_by_record(work.store, merge.source_ids, work.session):
        name = "aliases" if claim.field == "externalId" else claim.field
        if claim.namespace == "customer" and claim.key == merge.survivor.external_id:
            name = "externalId"
        work.repoint(Claim(claim.namespace, claim.key, merge.target.id, name))


async def hand_over(work: Work, target_id: str, source_ids: Sequence[str]) -> None:
    """Give the target all that the sources own, each sort of it in the way that its edge declares."""
    for edge in merged_edges(Organization, OnMerge.REASSIGN):
        query = edge.of(source_ids)
        if edge.record is Organization:
            query["_id"] = {"$nin": list(source_ids)}
        await work.reassign(edge.record.collection, query, {edge.via: target_id})
    for edge in merged_edges(Organization, OnMerge.SWEEP):
        work.sweep(edge.record.collection, edge.of(source_ids), {"$set": {edge.via: target_id}})
    for name, field_name in swept_fields():
        work.sweep(name, {field_name: {"$in": list(source_ids)}}, {"$set": {field_name: target_id}})
    for hook in hooks_of(Organization):
        for sweep in hook.sweeps_on_merge(target_id, source_ids):
            work.sweep(*sweep)
