"""What callers and other systems keep beside any record: set as a whole, merged entry by entry, or removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry import UNSET

from app.context import Context
from app.entities.metadata import MOST_BYTES, app_documents, metadata_entries, size_of_documents
from app.entities.texts import Invalid
from app.errors import Problem, Refused
from app.graph.choices import Choice, choices
from app.graph.edges import forbidden
from app.graph.nodes import record_name_of
from app.graph.record import Node
from app.graph.scalars import JSON
from app.mongo.client import Doc
from app.writing.crud import WRITTEN_UNDER
from app.writing.inputs import EXPECTED_VERSION, Described, MetadataEntryInput, plain_value
from app.writing.lifecycle import LIFECYCLES, Lifecycle, stale
from app.writing.mutation import Mutation, Shown
from app.writing.references import gone
from app.writing.work import Work


@choices(description="What becomes of the entries that a record has.")
class MetadataMode(Choice):
    """What becomes of the entries that a record has."""

    MERGE = "MERGE", "Those that are named are set, the others stay."
    SET = "SET", "Those that are named are all there is."


async def record_of(work: Work, given: Any, context: Context, stored: str) -> tuple[Lifecycle, Doc]:
    """The live record that is meant, which can keep what goes into `stored`, at the version that is expected."""
    kind = record_name_of(given.id)
    lifecycle = LIFECYCLES.get(kind or "")
    if lifecycle is None or not lifecycle.keeps(stored):
        able = ", ".join(sorted(name for name, each in LIFECYCLES.items() if each.keeps(stored)))
        message = f"{given.id[:60]!r} is not the id of a record that has {stored}: that are {able}."
        raise Refused([Problem("INVALID_ID", ("id",), message)])
    for scope in (lifecycle.record.read_scope, WRITTEN_UNDER[lifecycle.record.read_scope]):
        if not context.viewer.may(scope):
            raise forbidden(scope)
    await work.fetch([given.id])
    doc = work.records.get(given.id)
    if doc is None:
        raise Refused([Problem("NOT_FOUND", ("id",), f"No {kind} has the id {given.id[:60]!r}.")])
    problems = [gone(doc, ("id",))] if doc.get("deletedAt") else stale(doc, given.expected_version)
    if problems:
        raise Refused(problems)
    return lifecycle, doc


async def set_custom(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
    """Set, merge and remove custom entries."""
    lifecycle, doc = await record_of(work, given, context, "customMetadata")
    entries = [plain_value(each) for each in given.entries or ()]
    removed = set(given.remove or ())
    problems = []
    seen: set[str] = set()
    for n, name in enumerate(each["name"] for each in entries):
        if name in seen or name in removed:
            message = f"{name[:40]!r} is given twice." if name in seen else f"{name[:40]!r} is set and removed."
            problems.append(Problem("DUPLICATE", ("entries", str(n), "name"), message))
        seen.add(name)
    before = {} if given.mode is MetadataMode.SET else {row["name"]: row["value"] for row in doc["customMetadata"]}
    kept = {name: value for name, value in before.items() if name not in removed}
    try:
        rows = metadata_entries(kept | {each["name"]: each.get("value") for each in entries})
    except Invalid as error:
        problems.append(Problem(error.code, ("entries",), error.message))
    if problems:
        raise Refused(problems)
    return {"record": await lifecycle.alter(work, doc, {"customMetadata": list(rows)}, [])}


async def set_app(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
    """Set or remove the document of one app; those of others stay."""
    lifecycle, doc = await record_of(work, given, context, "appMetadata")
    others = [row for row in doc["appMetadata"] if row["app"] != given.app]
    try:
        rows = [] if given.data is None else [dict(row) for row in app_documents({given.app: given.data})]
    except Invalid as error:
        raise Refused([Problem(error.code, ("data",), error.message)]) from None
    if not given.app.strip():
        raise Refused([Problem("REQUIRED", ("app",), "Name the app.")])
    place = next((n for n, row in enumerate(doc["appMetadata"]) if row["app"] == given.app), len(others))
    both = [*others[:place], *rows, *others[place:]]
    if rows and size_of_documents(both) > MOST_BYTES:
        message = "What all apps keep beside it would come to more than 64 KiB. Remove some first."
        raise Refused([Problem("TOO_LONG", ("data",), message)])
    return {"record": await lifecycle.alter(work, doc, {"appMetadata": both}, [])}


def target() -> list[Described]:
    """Which record is meant."""
    return [
        ("id", strawberry.ID, strawberry.field(description="The id of any record that has such metadata.")),
        EXPECTED_VERSION,
    ]


def custom_inputs() -> list[Described]:
    """What `setCustomMetadata` is told."""
    entries, names = list[MetadataEntryInput] | None, list[str] | None
    return [
        *target(),
        (
            "mode",
            MetadataMode,
            strawberry.field(default=MetadataMode.MERGE, description="What becomes of the entries that it has."),
        ),
        ("entries", entries, strawberry.field(default=UNSET, description="The entries to set.")),
        ("remove", names, strawberry.field(default=UNSET, description="The names of entries to remove.")),
    ]


def app_inputs() -> list[Described]:
    """What `setAppMetadata` is told."""
    return [
        *target(),
        ("app", str, strawberry.field(description='The app, such as "stripe".')),
        (
            "data",
            JSON | None,
            strawberry.field(description='Its document, an object: {customerId: "cus_…"} for stripe. Null removes it.'),
        ),
    ]


RECORD = {"record": Shown(Node, "The record as it is now; null where it was refused.")}
OWN = "Needs what the record itself is read and written under."


class MetadataMutations:
    """What can be kept beside records."""

    set_custom_metadata = Mutation(
        doc=f"Set, merge or remove custom metadata of a record. {OWN}",
        operation=set_custom,
        inputs=custom_inputs,
        shows=RECORD,
        needs=frozenset,
    )
    set_app_metadata = Mutation(
        doc=f"Set or remove what one app keeps beside a record; what others keep is left alone. {OWN}",
        operation=set_app,
        inputs=app_inputs,
        shows=RECORD,
        needs=frozenset,
    )
