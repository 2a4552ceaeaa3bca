"""Organizations from files: in which order rows can be stored, and the record that a row makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from app.entities.organization import Organization
from app.errors import Problem
from app.graph.depth import MAX_DEPTH
from app.mongo.client import Doc
from app.organizations.lifecycle import OrganizationLifecycle, place, public
from app.organizations.organization_columns import COLUMNS
from app.organizations.rounds import Place, Rounds, rounds
from app.transfer.chunk import Chunk
from app.transfer.claiming import by_column, keep, taken
from app.transfer.columns import Draft, flat
from app.transfer.importer import Importer, Made, Plan
from app.transfer.references import Reference, wanted
from app.transfer.rows import Format, Raw
from app.writing.lifecycle import Key

NAMED_BY = ("externalId", "aliases", "id")
"""The fields whose keys name an organization in a row."""
SHOWN = 10
PARENT = Reference(
    "parent_external_id",
    "customer",
    NAMED_BY,
    "UNKNOWN_PARENT",
    "organization",
    hint=" If it is in this file, its row was refused.",
)


class OrganizationImporter(Importer):
    """Organizations, parents first whatever the order of the rows."""

    kind = "organizations"
    columns = COLUMNS
    key = "external_id"

    def plan(self, rows: Callable[[], Iterable[Raw]], written: Format) -> Plan:
        """One reading for the tree alone: who is whose parent."""
        found = Tree(dict(places(rows())), written)
        return Plan(found.rounds.count, found.reading, found.problems)

    async def read(self, drafts: Sequence[Draft], chunk: Chunk) -> None:
        """The owners of every key in the rows, and the parents."""
        rows = [draft.values for draft in drafts]
        await chunk.look_up(wanted([PARENT], rows, claims))

    def existing(self, draft: Draft, chunk: Chunk) -> Doc | None:
        return chunk.found("customer", draft.values.get("external_id", ""), ("externalId",))

    def resolve(self, draft: Draft, chunk: Chunk, problems: list[Problem]) -> Doc:
        hopeless = any(problem.field == (PARENT.column,) for problem in draft.problems)
        parent = None if hopeless else PARENT.find(draft.values, chunk, problems)
        if "parent_external_id" not in draft.values:
            return draft.values
        return draft.values | {"parent_external_id": parent and parent["_id"]}

    def objections(self, said: Doc, chunk: Chunk) -> list[Problem]:
        problems: list[Problem] = []
        place(chunk, {"parentId": said.get("parent_external_id")}, problems, ())
        return taken(RULES, claims(said), said, chunk, COLUMN_OF) + by_column(problems, COLUMN_OF)

    def create(self, said: Doc, chunk: Chunk) -> Made:
        made = keep(RULES, organization(chunk.ids.new(Organization), said, chunk), chunk)
        return Made(made["_id"], by_column(public(made["associatedDomains"], ()), COLUMN_OF))


def organization(new_id: str, said: Doc, chunk: Chunk) -> Organization:
    """The record that a row says, below its parent."""
    fields: Doc = {column.stored or "": said[column.name] for column in flat(COLUMNS) if column.name in said}
    billing = {name.removeprefix("billing."): fields.pop(name) for name in list(fields) if name.startswith("billing.")}
    if any(value is not None for value in billing.values()):
        fields["billing"] = billing
    fields |= {"_id": new_id, "payerId": new_id, "parentId": fields.get("parentId")}
    place(chunk, fields, [], ())
    fields |= RULES.derived(fields)
    return Organization.model_validate(fields | {"createdAt": chunk.now, "updatedAt": chunk.now})


def claims(row: Doc) -> list[Key]:
    """(namespace, key, field) for every key in a row."""
    names = {"externalId": "external_id", "aliases": "aliases", "appMetadata": "app_metadata"}
    doc = {"_id": ""} | {stored: row[name] for stored, name in names.items() if name in row}
    return [key for key in RULES.claims(doc) if key[2] != "id"]


RULES = OrganizationLifecycle()
COLUMN_OF = {
    "externalId": "external_id",
    "appMetadata": "app_metadata",
    "associatedDomains": "associated_domains",
    "parent": "parent_external_id",
}
"""Where the lifecycle's inputs come from."""


def too_deep() -> Problem:
    """The tree would have more levels than are read at once."""
    return Problem("TOO_DEEP", ("parent_external_id",), f"It would stand more than {MAX_DEPTH} levels deep.")


def places(rows: Iterable[Raw]) -> Iterable[tuple[str, Place]]:
    """Every name in a file, aliases too, with its row's place; of rows with the same name, the first's."""
    seen: set[str] = set()
    for row in rows:
        parent = word(row.values.get("parent_external_id"))
        aliases = row.values.get("aliases") or ()
        for name in (row.values.get("external_id"), *(aliases.split() if isinstance(aliases, str) else aliases)):
            if (found := word(name)) and found not in seen:
                seen.add(found)
                yield found, Place(row.line, parent)


def word(value: Any) -> str | None:
    """A name as it is compared, if it is one."""
    return value.strip() or None if isinstance(value, str) else None


class Tree:
    """What follows from who is whose parent in a file."""

    def __init__(self, places: dict[str, Place], written: Format) -> None:
        self.places, self.written = places, written
        self.rounds: Rounds = rounds(places)

    def reading(self, row: Raw) -> int:
        """In which reading a row is stored."""
        return self.rounds.of.get(word(row.values.get("external_id")) or "", 0)

    def problems(self, row: Raw) -> list[Problem]:
        """Why a row can never be stored."""
        name = word(row.values.get("external_id")) or ""
        if name in self.rounds.too_deep:
            return [too_deep()]
        if cycle := self.rounds.cycles.get(name):
            told = ", ".join(f"{each} ({self.written.place} {self.places[each].line})" for each in cycle[:SHOWN])
            more = f" and {len(cycle) - SHOWN:,} more" if len(cycle) > SHOWN else ""
            return [Problem("CYCLE", ("parent_external_id",), f"Parents that lead back to themselves: {told}{more}.")]
        return []
