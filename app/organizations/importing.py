"""Organizations from files: in which order rows can be stored, and the record that a row makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from app.entities.metadata import app_claims
from app.entities.organization import Organization
from app.errors import Problem
from app.graph.depth import MAX_DEPTH
from app.mongo.client import Doc
from app.onboarding.chunk import Chunk
from app.onboarding.columns import Draft, flat
from app.onboarding.importer import Importer, Made, Plan
from app.onboarding.references import Reference, wanted
from app.onboarding.rows import Format, Raw
from app.organizations.domains import is_public
from app.organizations.duplicates import match_keys
from app.organizations.organization_columns import COLUMNS
from app.organizations.rounds import Place, Rounds, rounds

NAMED_BY = ("externalId", "aliases")
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

    def plan(self, rows: Callable[[], Iterable[Raw]], _written: Format) -> Plan:
        """One reading for the tree alone: who is whose parent."""
        found = Tree(dict(places(rows())))
        return Plan(found.rounds.count, found.reading, found.problems)

    async def read(self, drafts: Sequence[Draft], chunk: Chunk) -> None:
        """The owners of every key in the rows, and the parents."""
        rows = [draft.values for draft in drafts]
        keys = wanted([PARENT], rows)
        for row in rows:
            for namespace, key, _ in claims(row):
                keys[namespace].add(key)
        await chunk.look_up(keys)

    def existing(self, draft: Draft, chunk: Chunk) -> Doc | None:
        return chunk.found("customer", draft.values.get("external_id", ""), ("externalId",))

    def resolve(self, draft: Draft, chunk: Chunk, problems: list[Problem]) -> Doc:
        hopeless = any(problem.field == (PARENT.column,) for problem in draft.problems)
        parent = None if hopeless else PARENT.find(draft.values, chunk, problems)
        if "parent_external_id" not in draft.values:
            return draft.values
        return draft.values | {"parent_external_id": parent and parent["_id"]}

    def objections(self, said: Doc, chunk: Chunk) -> list[Problem]:
        deep = [too_deep()] if len(ancestors(said, chunk)) > MAX_DEPTH else []
        return taken(claims(said), chunk) + deep

    def create(self, said: Doc, chunk: Chunk) -> Made:
        made = organization(chunk.ids.new(Organization), said, ancestors(said, chunk), chunk)
        chunk.add(made, claims(said, made.id))
        chunk.point_at(made.parent_id)
        return Made(made.id, warnings(made.associated_domains))


def ancestors(said: Doc, chunk: Chunk) -> list[str]:
    """The ids of all that stand above a row, from the top down."""
    above = chunk.records.get(said.get("parent_external_id") or "")
    return [*above["ancestorIds"], above["_id"]] if above else []


def organization(new_id: str, said: Doc, above: list[str], chunk: Chunk) -> Organization:
    """The record that a row says, below the last of those above it."""
    fields: Doc = {column.stored or "": said[column.name] for column in flat(COLUMNS) if column.name in said}
    billing = {name.removeprefix("billing."): fields.pop(name) for name in list(fields) if name.startswith("billing.")}
    if any(value is not None for value in billing.values()):
        fields["billing"] = billing
    place = {"parentId": above[-1] if above else None, "ancestorIds": above, "payerId": new_id}
    stamps = {"_id": new_id, "createdAt": chunk.now, "updatedAt": chunk.now}
    return Organization.model_validate(fields | place | stamps | {"matchKeys": match_keys(fields)})


def claims(row: Doc, own_id: str | None = None) -> list[tuple[str, str, str]]:
    """(namespace, key, field) for every key in a row, and for its own id."""
    found = [("customer", row["external_id"], "externalId")] if "external_id" in row else []
    found += [("customer", alias, "aliases") for alias in row.get("aliases", ())]
    found += [(namespace, key, "appMetadata") for namespace, key in app_claims(row.get("app_metadata", ()))]
    return found if own_id is None else [*found, ("customer", own_id, "id")]


COLUMN_OF = {"externalId": "external_id", "aliases": "aliases", "appMetadata": "app_metadata"}


def taken(asked: Iterable[tuple[str, str, str]], chunk: Chunk) -> list[Problem]:
    """A problem for each key that another record has, or that the row gives twice."""
    problems, seen = [], set()
    for namespace, key, name in asked:
        owner = chunk.owner(namespace, key)
        if owner or (namespace, key) in seen:
            whose = f"finds {chunk.called(owner.record_id)!r} already" if owner else "stands twice in this row"
            problems.append(Problem("TAKEN", (COLUMN_OF[name],), f"{key!r} {whose}."))
        seen.add((namespace, key))
    return problems


def warnings(domains: Iterable[str]) -> list[Problem]:
    """What is allowed and should be known."""
    return [
        Problem(
            "PUBLIC_MAIL_DOMAIN", ("associated_domains",), f"Anybody can have an address at {each}: it decides nothing."
        )
        for each in domains
        if is_public(each)
    ]


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

    def __init__(self, places: dict[str, Place]) -> None:
        self.places = places
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
            told = ", ".join(f"{each} (line {self.places[each].line})" for each in cycle[:SHOWN])
            more = f" and {len(cycle) - SHOWN:,} more" if len(cycle) > SHOWN else ""
            return [Problem("CYCLE", ("parent_external_id",), f"Parents that lead back to themselves: {told}{more}.")]
        return []
