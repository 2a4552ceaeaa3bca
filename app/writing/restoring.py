"""Bringing a deleted record back, with its keys, judged by all its rules as if it were new."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from app.entities.audit_entry import AuditAction
from app.errors import Problems, Refused
from app.graph.documents import evolve, stored_fields, to_document
from app.graph.edges import One
from app.graph.ownership import OnMerge
from app.graph.record import Record, declarations_of
from app.writing.app_ids import complete
from app.writing.keys import RecordKey, by_namespace, claimed_keys, find_named, removed, resolve_keys
from app.writing.lifecycle import check_keys, claim_key, referenced_ids, stale
from app.writing.rules import Rules
from app.writing.work import Work

R = TypeVar("R", bound=Record)


async def restore(work: Work, rules: Rules[R], record_id: str, expected_version: object) -> R:
    """A deleted record brought back, its keys with it, judged by all its rules. Raises Refused."""
    deleted = await find_deleted(work, rules.record, record_id, expected_version)
    keys = list(claimed_keys(rules.record, to_document(deleted)))
    await work.look_up(by_namespace(keys))
    await work.fetch(referenced_ids(rules, to_document(deleted)))
    before = await with_survivors(work, deleted)
    problems = Problems()
    after = await complete(work, rules, before, evolve(before, deleted_at=None))
    await rules.validate(work, before, after, problems)
    doc = to_document(after)
    for referred in (work.records.get(each or "") for each in referenced_ids(rules, doc)):
        if referred and referred.get("deletedAt"):
            problems.extend([removed(referred, ("id",))])
    check_keys(work, rules, keys, after, doc, problems)
    if len(problems):
        raise Refused([each.moved_to("id") for each in problems.gathered])
    restored = work.change(deleted, after, AuditAction.RESTORED)
    for key in keys:
        claim_key(work, key, restored.id)
    work.lock_references(*referenced_ids(rules, doc))
    more = await rules.keys_to_restore(work, restored)
    await work.look_up(by_namespace(more))
    for key in more:
        if work.owner(key.namespace, key.text) is None:
            claim_key(work, key, restored.id)
    return restored


async def find_deleted(work: Work, record: type[R], record_id: str, expected_version: object) -> R:
    """The deleted record with that id, at the version that is expected; raises Refused."""
    problems = Problems(("id",))
    await resolve_keys(work, [RecordKey(record, record_id)])
    found = work.get(record, record_id) if record_id.startswith(f"{record.prefix}_") else None
    if found is None:
        find_named(work, RecordKey(record, record_id), Problems((), problems.gathered))
        raise Refused([each.moved_to("id") for each in problems.gathered])
    if found.deleted_at is None:
        problems.add("NOT_DELETED", (), "It is not deleted: there is nothing to restore.")
    problems.extend(stale(found, expected_version))
    problems.refuse()
    doc = work.records[found.id]
    if doc.get("mergedIntoId"):
        raise Refused([removed(doc, ("id",))])
    return found


async def with_survivors(work: Work, record: R) -> R:
    """A record with survivors for owners where those that it had were merged away meanwhile."""
    attributes = stored_fields(type(record))
    handed_over = [attributes[via] for via in handed_over_by_merges(type(record))]
    await work.fetch(getattr(record, name) for name in handed_over)
    owners = {name: work.records.get(getattr(record, name) or "") for name in handed_over}
    survivors = {name: doc["mergedIntoId"] for name, doc in owners.items() if doc and doc.get("mergedIntoId")}
    await work.fetch(survivors.values())
    return evolve(record, **survivors) if survivors else record


@cache
def handed_over_by_merges(record: type[Record]) -> tuple[str, ...]:
    """The stored fields in which a merge puts the survivor's id."""
    edges = (edge for edge in declarations_of(record) if isinstance(edge, One) and edge.owned)
    return tuple(edge.via for edge in edges if edge.owned and edge.owned.on_merge in (OnMerge.REASSIGN, OnMerge.SWEEP))
