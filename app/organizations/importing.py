"""Organizations from files: their columns, and the order in which rows can be stored, parents first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from app.entities.organization import Organization
from app.errors import Problem, Problems
from app.graph.depth import MAX_DEPTH
from app.graph.record import claimed
from app.mongo.client import Doc
from app.organizations import imported_attributes
from app.organizations.imported_claims import ImportedClaims
from app.organizations.moving import is_move, move_before_update
from app.organizations.reading_order import FileRow, ReadingOrder, find_reading_order
from app.organizations.rules import OrganizationRules
from app.transfer.chunk import Chunk
from app.transfer.columns import Column, ParsedRow, ReferenceTarget
from app.transfer.importer import ChangedRecord, CreatedRecord, ImportPlan
from app.transfer.record_columns import ROW_KEY_NOTE, ColumnBuilder
from app.transfer.record_importer import RecordImporter
from app.transfer.references import organization_key
from app.transfer.rows import Format, RawRow
from app.writing.inputs import RecordInput

NAMED_BY = ("externalId", "aliases", "id")
"""The fields whose keys name an organization in a row."""
ORGANIZATION_KEY = claimed("external_id", "customer", "Its external id, an alias or its id.", fields=NAMED_BY)
SHOWN = 10
EXAMPLE = "acme"
"""The organization of templates."""
NOT_THERE_YET = "org_"
"""In place of the id of an organization that is still to be made."""
BUILDER = ColumnBuilder(OrganizationRules)
COLUMNS: tuple[Column, ...] = (
    BUILDER.field("external_id", note=ROW_KEY_NOTE, required=True, example=EXAMPLE),
    BUILDER.field("name", example="Acme, Inc."),
    BUILDER.reference(
        "parent_external_id",
        "The organization directly above it, by external id, alias or id. It may be in the same file, in "
        "any order, or stored already.",
        ReferenceTarget(
            "parent",
            ORGANIZATION_KEY,
            "UNKNOWN_PARENT",
            "organization",
            " If it is in this file, its row was refused.",
        ),
        default_by_rule=False,
        export_reference=organization_key,
    ),
    BUILDER.field("kind", example="COMPANY"),
    BUILDER.field("description"),
    BUILDER.field("currency", example="USD"),
    BUILDER.field("timezone", example="America/New_York"),
    BUILDER.field("aliases", note="A list.", example=["erp-4711"]),
    BUILDER.field("associated_domains", note="A list.", example=["acme.example"]),
    *imported_attributes.COLUMNS,
    BUILDER.field("website", "storefront_url", example="https://acme.example"),
    BUILDER.field("primary_email", example="info@acme.example"),
    BUILDER.field("address1", "billing.address1", example="1 Main Street"),
    BUILDER.field("address2", "billing.address2"),
    BUILDER.field("city", "billing.city", example="Boston"),
    BUILDER.field("state", "billing.state", example="MA"),
    BUILDER.field("zip", "billing.zip", example="02108"),
    BUILDER.field("country", "billing.country", example="US"),
    BUILDER.field("phone", "billing.phone", example="+1 617 555 0100"),
    BUILDER.field("billing_email", "billing.email", example="billing@acme.example"),
    BUILDER.field("remittance_instructions", "billing.remittance_instructions"),
    *BUILDER.metadata(),
)


class OrganizationImporter(RecordImporter):
    """Organizations, parents first whatever the order of the rows."""

    kind = "organizations"
    key = "external_id"
    rules = OrganizationRules()
    columns = COLUMNS

    move_waiting_subscribers = False

    def __init__(self, *, move_waiting_subscribers: bool = False) -> None:
        self.move_waiting_subscribers = move_waiting_subscribers

    @cached_property
    def claims(self) -> ImportedClaims:
        """The domains that the rows claim."""
        return ImportedClaims(self.move_waiting_subscribers)

    async def needs_first_step(self, chunk: Chunk, record: Organization, said: RecordInput) -> bool:
        return is_move(chunk, record, said)

    async def first_step(self, chunk: Chunk, record: Organization, said: RecordInput, problems: Problems) -> None:
        await move_before_update(chunk, record, said, problems)

    def make_plan(self, rows: Callable[[], Iterable[RawRow]], row_format: Format) -> ImportPlan:
        """One reading for the tree and the claimed domains alone: who is whose parent, and who claims what."""
        tree = Tree(dict(places(self.claims.note(rows()))), row_format)
        return ImportPlan(tree.order.count, tree.reading, tree.problems)

    async def prefetch(self, parsed_rows: Sequence[ParsedRow], chunk: Chunk) -> None:
        await super().prefetch(parsed_rows, chunk)
        keys = {key for parsed in parsed_rows for _, key in imported_attributes.keys_in(parsed)}
        await chunk.look_up({imported_attributes.NAMESPACE: keys})
        domains = (row.input.values.get("associatedDomains") or () for row in self.rows.values())
        await self.claims.look_up(chunk, (domain for each in domains for domain in each))

    async def create(
        self, parsed: ParsedRow, values: Doc, chunk: Chunk, problems: list[Problem]
    ) -> CreatedRecord | None:
        problems += await imported_attributes.judge_attributes(parsed, NOT_THERE_YET, chunk)
        created = await super().create(parsed, values, chunk, problems)
        if created and (organization := chunk.get(Organization, created.record_id)):
            created.warnings.extend(await self.claims.recognise(chunk, organization))
            await imported_attributes.make_attributes(parsed, created.record_id, chunk)
        return created

    def find_existing(self, parsed: ParsedRow, chunk: Chunk) -> Doc | None:
        found = super().find_existing(parsed, chunk)
        return found and imported_attributes.with_owned_keys(parsed, found, chunk)

    async def change(
        self, parsed: ParsedRow, existing: Doc, chunk: Chunk, problems: list[Problem]
    ) -> ChangedRecord | None:
        problems += await imported_attributes.judge_attributes(parsed, existing["_id"], chunk)
        changed = await super().change(parsed, existing, chunk, problems) if not problems else None
        if changed:
            changed.changes.extend(await imported_attributes.make_attributes(parsed, existing["_id"], chunk))
            organization = chunk.get(Organization, existing["_id"])
            if organization and any(each["field"] == "associatedDomains" for each in changed.changes):
                changed.warnings.extend(await self.claims.recognise(chunk, organization))
        return changed


def places(rows: Iterable[RawRow]) -> Iterable[tuple[str, FileRow]]:
    """Every name in a file, aliases too, with its row's place; of rows with the same name, the first's."""
    seen: set[str] = set()
    for row in rows:
        parent = name_in(row.values.get("parent_external_id"))
        aliases = row.values.get("aliases") or ()
        for value in (row.values.get("external_id"), *(aliases.split() if isinstance(aliases, str) else aliases)):
            if (name := name_in(value)) and name not in seen:
                seen.add(name)
                yield name, FileRow(row.line, parent)


def name_in(value: object) -> str | None:
    """A name as it is compared, if it is one."""
    return value.strip() or None if isinstance(value, str) else None


class Tree:
    """The tree of a file's rows: in which reading each row is stored, and what is wrong with it."""

    def __init__(self, places: dict[str, FileRow], row_format: Format) -> None:
        self.places, self.row_format = places, row_format
        self.order: ReadingOrder = find_reading_order(places)

    def reading(self, row: RawRow) -> int:
        """The number of the reading in which a row is stored, from 0."""
        return self.order.readings.get(name_in(row.values.get("external_id")) or "", 0)

    def problems(self, row: RawRow) -> list[Problem]:
        """The problems that keep a row from being stored: a cycle, or too many levels."""
        name = name_in(row.values.get("external_id")) or ""
        if name in self.order.too_deep:
            message = f"It would be more than {MAX_DEPTH} levels deep in the tree: choose a parent higher up."
            return [Problem("TOO_DEEP", ("parent_external_id",), message)]
        if cycle := self.order.cycles.get(name):
            names = ", ".join(f"{each} ({self.row_format.row_noun} {self.places[each].line})" for each in cycle[:SHOWN])
            more = f" and {len(cycle) - SHOWN:,} more" if len(cycle) > SHOWN else ""
            message = f"The parents form a cycle: {names}{more}."
            return [Problem("CYCLE", ("parent_external_id",), message)]
        return []
