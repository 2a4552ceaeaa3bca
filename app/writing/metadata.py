"""What callers and other systems keep beside any record: set as a whole, merged entry by entry, or removed."""

from __future__ import annotations

from typing import Any

import strawberry

from app.entities.metadata import app_changes, merge_documents, metadata_entries
from app.entities.texts import Invalid
from app.errors import Problem, Problems, Refused
from app.graph.choices import Choice, choices
from app.graph.documents import evolve, stored_fields
from app.graph.edges import forbidden
from app.graph.nodes import record_name_of
from app.graph.record import Node, Record
from app.graph.scalars import JSON
from app.writing.input_types import (
    MutationInput,
    VersionedInput,
    needed,
    operation_input,
    optional,
    with_default,
)
from app.writing.inputs import MetadataEntryInput, is_given
from app.writing.keys import removed
from app.writing.lifecycle import change_record, stale
from app.writing.mutation import Mutation
from app.writing.payloads import Payload, payload, shown
from app.writing.record_mutations import WRITTEN_UNDER
from app.writing.registry import RULES
from app.writing.rules import Rules
from app.writing.work import Work

CUSTOM, APPS = "customMetadata", "appMetadata"
ID_TEXT = "The id of any record that has such metadata."
RECORD_TEXT = "The record as it is now; null where it was refused."


@choices(description="What becomes of the entries that a record has.")
class MetadataMode(Choice):
    """What becomes of the entries that a record has."""

    MERGE = "MERGE", "Those that are named are set, the others stay."
    SET = "SET", "Those that are named are all there is."


@operation_input
class SetCustomMetadataInput(VersionedInput, MutationInput):
    """The record, and its entries."""

    id: strawberry.ID = needed(ID_TEXT)
    mode: MetadataMode = with_default(MetadataMode.MERGE, "What becomes of the entries that it has.")
    entries: list[MetadataEntryInput] | None = optional("The entries to set.")
    remove: list[str] | None = optional("The names of entries to remove.")


@payload
class SetCustomMetadataPayload(Payload):
    """The record."""

    record: Node | None = shown(RECORD_TEXT)


@operation_input
class SetAppMetadataInput(VersionedInput, MutationInput):
    """The record, the app, and its document."""

    id: strawberry.ID = needed(ID_TEXT)
    app: str = needed('The app, such as "stripe".')
    data: JSON | None = needed('Its document, an object: {customerId: "cus_…"} for stripe. Null removes it.')


@payload
class SetAppMetadataPayload(Payload):
    """The record."""

    record: Node | None = shown(RECORD_TEXT)


async def find_record(work: Work, record_id: str, expected_version: object, stored: str) -> tuple[Rules[Any], Record]:
    """The live record with that id, which can keep what goes into `stored`, at the version that is expected."""
    rules = RULES.get(record_name_of(record_id) or "")
    if rules is None or not rules.accepts(stored):
        kinds = ", ".join(sorted(name for name, each in RULES.items() if each.accepts(stored)))
        message = f"{record_id[:60]!r} is not the id of a record that has {stored}. These have: {kinds}."
        raise Refused([Problem("INVALID_ID", ("id",), message)])
    for scope in (rules.record.read_scope, WRITTEN_UNDER[rules.record.read_scope]):
        if not work.viewer.may(scope):
            raise forbidden(scope)
    await work.fetch([record_id])
    record = work.get(rules.record, record_id)
    if record is None:
        message = f"No {rules.record.singular_name()} has the id {record_id[:60]!r}."
        raise Refused([Problem("NOT_FOUND", ("id",), message)])
    is_deleted = record.deleted_at is not None
    problems = [removed(work.records[record.id], ("id",))] if is_deleted else stale(record, expected_version)
    if problems:
        raise Refused(problems)
    return rules, record


async def set_custom_metadata(work: Work, given: SetCustomMetadataInput) -> SetCustomMetadataPayload:
    """Set, merge and remove custom entries of a record."""
    rules, record = await find_record(work, given.id, given.expected_version, CUSTOM)
    entries = list(given.entries or ()) if is_given(given.entries) else []
    names = set(given.remove or ()) if is_given(given.remove) else set[str]()
    problems = Problems(("entries",))
    seen: set[str] = set()
    for n, name in enumerate(entry.name for entry in entries):
        if name in seen or name in names:
            message = "is given twice: remove one" if name in seen else "is both set and removed: choose one"
            problems.add("DUPLICATE", (str(n), "name"), f"{name[:40]!r} {message}.")
        seen.add(name)
    stored = work.records[record.id][CUSTOM]
    before = {} if given.mode is MetadataMode.SET else {row["name"]: row["value"] for row in stored}
    kept = {name: value for name, value in before.items() if name not in names}
    rows: tuple[dict[str, object], ...] = ()
    try:
        rows = metadata_entries(kept | {entry.name: entry.value for entry in entries})
    except Invalid as error:
        problems.add(error.code, (), error.message)
    problems.refuse()
    after = evolve(record, **{stored_fields(type(record))[CUSTOM]: rows})
    return SetCustomMetadataPayload(record=await change_record(work, rules, record, after, Problems()))


async def set_app_metadata(work: Work, given: SetAppMetadataInput) -> SetAppMetadataPayload:
    """Set or remove the document of one app beside a record; those of others stay."""
    rules, record = await find_record(work, given.id, given.expected_version, APPS)
    stored = work.records[record.id][APPS]
    if not given.app.strip():
        raise Refused([Problem("REQUIRED", ("app",), "Give the name of the app.")])
    try:
        both = merge_documents(stored, app_changes({given.app: given.data}))
    except Invalid as error:
        raise Refused([Problem(error.code, ("data",), error.message)]) from None
    after = evolve(record, **{stored_fields(type(record))[APPS]: tuple(both)})
    return SetAppMetadataPayload(record=await change_record(work, rules, record, after, Problems()))


OWN = "Needs what the record itself is read and written under."


class MetadataMutations:
    """What can be kept beside records."""

    set_custom_metadata = Mutation(
        doc=f"Set, merge or remove custom metadata of a record. {OWN}",
        operation=set_custom_metadata,
        needs=frozenset,
    )
    set_app_metadata = Mutation(
        doc=f"Set or remove what one app keeps beside a record; what others keep is left alone. {OWN}",
        operation=set_app_metadata,
        needs=frozenset,
    )
