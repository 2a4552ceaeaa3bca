"""Create, update and delete: the phases that every record goes through, whatever its kind.

    read_input → refer → construct → complete → validate → claim keys → store

All that is wrong is found before anything is refused: values that do not hold, records that are not there, keys that
are taken, and what the record's own rules object to. Imports create and update records by the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TypeVar

from strawberry.utils.str_converters import to_camel_case

from app.entities.audit_entry import AuditAction
from app.errors import Problem, Problems, Refused
from app.graph.documents import evolve, stored_fields, to_document
from app.graph.record import Record
from app.mongo.client import Doc
from app.mongo.keys import Claim, find_claims_by_record
from app.writing.app_ids import complete
from app.writing.inputs import Inputs, RecordInput, default_of, references
from app.writing.keys import Key, RecordKey, by_namespace, claimed_keys, find_named, resolve_keys
from app.writing.rules import Rules
from app.writing.work import Work

R = TypeVar("R", bound=Record)


async def prepare(
    work: Work,
    rules: Rules[R],
    given: Sequence[RecordInput],
    also: Iterable[RecordKey] = (),
    keys: Mapping[str, Iterable[str]] | None = None,
) -> None:
    """Have at hand what these inputs and `also` name, who has `keys` (namespace → keys), and what the rules look at."""
    await resolve_keys(work, [*also, *(key for each in given for key in each.record_keys())], keys)
    await rules.prefetch(work, given)


def refer(work: Work, inputs: Inputs, given: RecordInput, problems: Problems) -> Doc:
    """Stored field → id of each record that an input names; None where it is cleared. They are at hand."""
    ids: Doc = {}
    for each in references(inputs):
        if each.name not in given.named:
            continue
        named, here = given.named[each.name], problems.at(to_camel_case(each.name))
        if named is None:
            if each.required:
                here.add(
                    "REQUIRED",
                    (),
                    "It cannot be without one: name a record, or leave this out to keep the present one.",
                )
            ids[each.stored] = [] if each.many else None
        elif isinstance(named, RecordKey):
            if doc := find_named(work, named, here):
                ids[each.stored] = doc["_id"]
        else:
            found = [find_named(work, key, here.at(str(n))) for n, key in enumerate(named)]
            ids[each.stored] = list(dict.fromkeys(doc["_id"] for doc in found if doc))
    return ids


async def create(
    work: Work,
    rules: Rules[R],
    given: RecordInput,
    problems: Problems,
    *,
    ids: Mapping[str, object] | None = None,
    is_refused: bool = False,
) -> R:
    """A new record of what was given; `prepare` came before. It is added to the work if nothing is wrong with it.

    `ids` (stored field → id) are the records that were named, where `refer` was called before. Where there are problems
    the record that is returned is not stored, and not whole; so it is where it `is_refused` already.
    """
    given.values |= refer(work, rules.inputs, given, problems) if ids is None else ids
    after = rules.construct(work, blank(work, rules.record), None, given, problems)
    after = await complete(work, rules, None, after)
    await rules.validate(work, None, after, problems)
    doc = to_document(after)
    keys = list(claimed_keys(rules.record, doc))
    await work.look_up(by_namespace(key for key in keys if key.text != after.id))
    check_keys(work, rules, keys, after, doc, problems)
    along = await rules.consequences(work, None, after, problems)
    if len(problems) or is_refused:
        return after
    work.add_document(after, doc)
    for key in keys:
        claim_key(work, key, after.id)
    work.lock_references(*referenced_ids(rules, doc))
    for other, changed in along:
        work.change(other, changed)
    return after


def stage_for_validation(work: Work, record: Record) -> None:
    """Let a record that is refused be found, so that what names it can be judged. Nothing of it is written."""
    doc = work.records.setdefault(record.id, to_document(record))
    for key in claimed_keys(type(record), doc):
        work.claims.setdefault((key.namespace, key.text), Claim(key.namespace, key.text, doc["_id"], key.stored))


@cache
def defaults_of(record: type[Record]) -> Doc:
    """Stored field → its default. What always has a value, and has none yet, is an empty text, or None."""
    defaults: Doc = {}
    for stored, name in stored_fields(record).items():
        info = record.model_fields[name]
        has_none = info.is_required() and is_text(info.annotation)
        defaults[stored] = "" if has_none else default_of(record, stored)
    return defaults


def is_text(annotation: object) -> bool:
    """Whether it is `str`, or a scalar that is text."""
    return annotation is str or getattr(annotation, "__supertype__", None) is str


def blank(work: Work, record: type[Record]) -> Doc:
    """The document of a record before anything is said of it: an id, the time, and every default."""
    stamps = {"createdAt": work.now, "updatedAt": work.now, "version": 1}
    return {**defaults_of(record), "_id": work.ids.new(record), **stamps}


def find_target(work: Work, record: type[R], key: RecordKey, expected_version: object, problems: Problems) -> R | None:
    """The live record that a resolved key names, at the version that is expected; else None, and a problem."""
    doc = find_named(work, key, problems.at("by"))
    found = work.get(record, doc["_id"]) if doc else None
    if found is None:
        return None
    problems.extend(outdated := stale(found, expected_version))
    return None if outdated else found


async def require_target(work: Work, record: type[R], key: RecordKey, expected_version: object) -> R:
    """The same, resolved here; raises Refused where there is none."""
    problems = Problems()
    await resolve_keys(work, [key])
    found = find_target(work, record, key, expected_version, problems)
    if found is None:
        raise Refused(problems.gathered)
    return found


async def update_if_valid(work: Work, rules: Rules[R], before: R | None, given: RecordInput, problems: Problems) -> R:
    """A record with what was given; what is absent is left alone. `prepare` came before.

    Where there are problems nothing is stored of what is returned. Raises Refused, with all of them, where `before` is
    None: it was not found, which is among them already.
    """
    given.values |= refer(work, rules.inputs, given, problems)
    if before is None:
        raise Refused(problems.gathered)
    after = rules.construct(work, work.records[before.id], before, given, problems)
    return await change_if_valid(work, rules, before, after, problems)


async def change_record(
    work: Work,
    rules: Rules[R],
    before: R,
    after: R,
    problems: Problems,
    action: AuditAction = AuditAction.UPDATED,
) -> R:
    """Judge what a record is to be by all its rules, and store what differs. Raises Refused."""
    changed = await change_if_valid(work, rules, before, after, problems, action)
    problems.refuse()
    return changed


async def change_if_valid(
    work: Work,
    rules: Rules[R],
    before: R,
    after: R,
    problems: Problems,
    action: AuditAction = AuditAction.UPDATED,
) -> R:
    """The same where more is judged afterwards: where there are problems nothing is stored of what is returned."""
    after = await complete(work, rules, before, after)
    await rules.validate(work, before, after, problems)
    had_doc, doc = to_document(before), to_document(after)
    had, has = list(claimed_keys(rules.record, had_doc)), list(claimed_keys(rules.record, doc))
    kept, claimed = {key[:2] for key in has}, set(had)
    new = [key for key in has if key not in claimed]  # or one that is another field's from now on
    await work.look_up(by_namespace(new))
    check_keys(work, rules, has, after, doc, problems)
    along = await rules.consequences(work, before, after, problems)
    if len(problems):
        return after
    changed = work.change(before, after, action)
    for key in had:
        if key[:2] not in kept:
            work.release(key.namespace, key.text)
    for key in new:
        claim_key(work, key, before.id)
    ids = referenced_ids(rules, doc)
    if not set(ids) <= set(referenced_ids(rules, had_doc)):
        work.lock_references(*ids)  # the others too: whether it may refer there was judged by where they stand
    for other, other_after in along:
        work.change(other, other_after)
    return changed


async def delete(work: Work, rules: Rules[R], record: R) -> R:
    """A record deleted, its keys free again. Raises Refused with all that blocks it."""
    if blockers := await rules.deletion_blockers(work, record):
        raise Refused(blockers)
    for claim in await find_claims_by_record(work.store, [record.id], work.session):
        if claim.namespace not in rules.kept_namespaces:
            work.release(claim.namespace, claim.key)
    return work.change(record, evolve(record, deleted_at=work.now), AuditAction.DELETED)


def referenced_ids(rules: Rules[R], doc: Doc) -> list[str | None]:
    """The ids that a document refers to by the references of its table, but for its own."""
    found: list[str | None] = []
    for each in references(rules.inputs):
        value = doc.get(each.stored)
        found += value if isinstance(value, list) else [value]
    return [each for each in found if each != doc["_id"]]


def claim_key(work: Work, key: Key, record_id: str) -> None:
    """Give a record its key, be it one that a deleted record kept."""
    claim, owner = Claim(key.namespace, key.text, record_id, key.stored), work.owner(key.namespace, key.text)
    if owner is None:
        work.claim(claim)
    elif owner != claim:
        work.lock_references(owner.record_id)  # it kept the key, and might be brought back with it meanwhile
        work.repoint(claim)


def check_keys(work: Work, rules: Rules[R], keys: Iterable[Key], record: R, doc: Doc, problems: Problems) -> None:
    """Add a problem for each key that another record has, or that is given twice."""
    seen = set()
    for key in keys:
        owner = work.owner(key.namespace, key.text)
        if key[:2] in seen:
            problems.add("DUPLICATE", place_of(rules, doc, key), f"{key.text!r} is given twice: remove one.")
        elif owner is not None and owner.record_id != record.id and not rules.may_take(work, owner, record):
            code, message = rules.describe_taken(work, owner, key.text)
            problems.add(code, place_of(rules, doc, key), message)
        seen.add(key[:2])


def place_of(rules: Rules[R], doc: Doc, key: Key) -> tuple[str, ...]:
    """Where in the input a key was given."""
    values, name = doc.get(key.stored), rules.input_of.get(key.stored, key.stored)
    return (name, str(values.index(key.text))) if isinstance(values, list) and key.text in values else (name,)


def stale(record: Record, expected: object) -> list[Problem]:
    """A problem where somebody changed the record since the caller read it; none where no version is expected."""
    if not isinstance(expected, int) or expected == record.version:
        return []
    message = f"It has version {record.version} now: read it again, and repeat the change if it still applies."
    return [Problem("STALE_VERSION", ("expectedVersion",), message)]
