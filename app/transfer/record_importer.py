"""Imports of records that have a lifecycle: a row becomes an input, and the lifecycle creates the record.

The rules are those of the mutation that creates one record; its problems are reported at the columns of the row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from app.entities.texts import Invalid
from app.errors import Problem, Problems, Refused
from app.graph.documents import stored_value
from app.graph.record import Finder, Record
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.transfer.columns import Column, ParsedRow, ReferenceTarget
from app.transfer.importer import ChangedRecord, CreatedRecord, Importer
from app.transfer.record_columns import drop_empty_objects, set_path
from app.writing import lifecycle
from app.writing.audit import differences
from app.writing.inputs import Field, Named, RecordInput, references
from app.writing.keys import RecordKey, UnknownKey, by_namespace, compared, find_named, given_keys, resolve_keys
from app.writing.rules import Rules
from app.writing.savepoints import roll_back, take_savepoint


@dataclass(slots=True)
class InputRow:
    """One row of a chunk as an input, the keys in its columns that name records, and the ids of these once resolved."""

    input: RecordInput
    keys: Mapping[str, RecordKey]
    ids: Doc = field(default_factory=dict)


class RecordImporter(Importer):
    """Imports one kind of record by its rules. The column `key` identifies the record of a row."""

    can_update = True
    rules: ClassVar[Rules[Any]]
    columns: Sequence[Column]
    rows: Mapping[int, InputRow] = {}

    @cached_property
    def finder(self) -> Finder:
        """The finder of the record by its key."""
        finders: tuple[Finder, ...] = self.rules.record.finders
        return next(each for each in finders if each.name == self.key)

    def with_column_values(self, doc: Doc) -> Doc:
        """A stored document with the values that its columns have and that are stored elsewhere in it."""
        return doc

    def normalise_key(self, key: str) -> str:
        return compared(self.finder, key)

    async def prefetch(self, parsed_rows: Sequence[ParsedRow], chunk: Chunk) -> None:
        """What the rows name, who has their keys, and what the rules look at: all of it at once."""
        self.rows = {parsed.line: self.build_row(parsed) for parsed in parsed_rows}
        inputs = [row.input for row in self.rows.values()]
        own = (key for each in inputs for key in given_keys(self.rules.record, each.values))
        named = (key for row in self.rows.values() for key in row.keys.values())
        await resolve_keys(chunk, named, by_namespace(own))
        await self.rules.prefetch(chunk, inputs)

    def build_row(self, parsed: ParsedRow) -> InputRow:
        """What a row says, as an input of the lifecycle."""
        values: Doc = {}
        for column in self.input_columns:
            if column.name in parsed.values:
                set_path(values, column.input, stored_value(parsed.values[column.name]))
        keys = self.read_references(parsed)
        named: dict[str, Named] = {}
        for column, to, _ in self.reference_columns:
            if column.name in keys:
                named.setdefault(to.input, keys[column.name])
        return InputRow(RecordInput(drop_empty_objects(values, self.paths_inside), named), keys)

    def read_references(self, parsed: ParsedRow) -> dict[str, RecordKey]:
        """Column → the record that a row names there; a column where the row has a problem is left out."""
        wrong = {name for problem in parsed.problems for name in problem.field}
        keys = {}
        for column, to, target in self.reference_columns:
            value = parsed.values.get(column.name)
            if value and column.name not in wrong:
                unknown = UnknownKey(to.code, f"There is no {to.noun} {value!r}.{to.hint}")
                keys[column.name] = RecordKey(target, value, to.finder, unknown)
        return keys

    @cached_property
    def input_columns(self) -> tuple[Column, ...]:
        """The columns whose values go into an input."""
        return tuple(column for column in self.columns if column.input)

    @cached_property
    def paths_inside(self) -> tuple[str, ...]:
        """The inputs that are fields of an object inside the record."""
        return tuple(column.input for column in self.input_columns if "." in column.input)

    @cached_property
    def reference_columns(self) -> tuple[tuple[Column, ReferenceTarget, type[Record]], ...]:
        """The columns that name records, how they do, and of which kind these are."""
        targets = {each.name: each.target for each in references(self.rules.inputs)}
        linked = ((column, column.reference) for column in self.columns)
        return tuple((column, to, targets[to.input]) for column, to in linked if to)

    @cached_property
    def required_references(self) -> Mapping[str, Sequence[str]]:
        """Each required reference that a row can name, and the columns that do."""
        columns: dict[str, list[str]] = {each.name: [] for each in references(self.rules.inputs) if each.required}
        for column, to, _ in self.reference_columns:
            if to.input in columns:
                columns[to.input].append(column.name)
        return {name: names for name, names in columns.items() if names}

    def find_existing(self, parsed: ParsedRow, chunk: Chunk) -> Doc | None:
        key, finder = parsed.values.get(self.key, ""), self.finder
        fields = finder.fields if chunk.updates else finder.fields[:1]  # an update finds by aliases, too
        doc = chunk.found(finder.namespace or "", compared(finder, key), fields)
        return doc if doc is None or doc["_id"] in chunk.planned.records else self.with_column_values(doc)

    def resolve_references(self, parsed: ParsedRow, chunk: Chunk, problems: list[Problem]) -> Doc:
        row, found = self.rows[parsed.line], Problems()
        row.ids = lifecycle.refer(chunk, self.rules.inputs, row.input, found)
        problems += self.assign_columns(found.gathered)
        if not (chunk.updates and self.find_existing(parsed, chunk)):
            problems += self.find_missing_references(parsed)
        problems += self.find_conflicting_references(parsed, row, chunk)
        values = dict(parsed.values)
        for column, _, _ in self.reference_columns:
            if column.name in values:
                values[column.name] = row.ids.get(column.stored or "")
        return values

    def find_missing_references(self, parsed: ParsedRow) -> Iterable[Problem]:
        """A problem for each required reference that none of its columns gives."""
        given = {*parsed.values, *(name for problem in parsed.problems for name in problem.field)}
        for name, columns in self.required_references.items():
            if not given.intersection(columns):
                yield Problem("REQUIRED", (columns[0],), f"Name the {name}: by {' or '.join(columns)}.")

    def find_conflicting_references(self, parsed: ParsedRow, row: InputRow, chunk: Chunk) -> Iterable[Problem]:
        """A problem where two columns of a row name two records for one input."""
        first: dict[str, Column] = {}
        for column, _, _ in self.reference_columns:
            key, stored = row.keys.get(column.name), column.stored or ""
            if key is None or (other := first.setdefault(stored, column)) is column:
                continue
            found = Problems()
            doc = find_named(chunk, key, found)
            yield from (each.moved_to(column.name) for each in found.gathered)
            if doc and row.ids.get(stored) not in (None, doc["_id"]):
                values = f"{parsed.values[other.name]!r} and {parsed.values[column.name]!r}"
                code = f"{key.record.singular_name().upper()}_MISMATCH".replace(" ", "_")
                yield Problem(code, (column.name,), f"{values} are two {key.record.collection}: name one.")

    async def create(
        self, parsed: ParsedRow, values: Doc, chunk: Chunk, problems: list[Problem]
    ) -> CreatedRecord | None:
        row, count, found_problems = self.rows[parsed.line], len(chunk.warnings), Problems()
        is_refused = bool(problems)
        record = await lifecycle.create(
            chunk, self.rules, row.input, found_problems, ids=row.ids, is_refused=is_refused
        )
        warnings, chunk.warnings[count:] = self.assign_columns(chunk.warnings[count:]), []
        problems += self.assign_columns(found_problems.gathered)
        return None if problems else CreatedRecord(record.id, warnings)

    async def change(
        self, parsed: ParsedRow, existing: Doc, chunk: Chunk, problems: list[Problem]
    ) -> ChangedRecord | None:
        doc, count, found = chunk.records[existing["_id"]], len(chunk.warnings), Problems()
        record = chunk.get(self.rules.record, doc["_id"])
        said = RecordInput({}, self.references_to_change(parsed))
        savepoint = take_savepoint(chunk) if record and await self.needs_first_step(chunk, record, said) else None
        if savepoint:
            await self.first_step(chunk, record, said, found)
        try:
            record = chunk.get(self.rules.record, doc["_id"])
            said.values = self.values_to_change(parsed, chunk.records[doc["_id"]], found)
            await lifecycle.update_if_valid(chunk, self.rules, record, said, found)
            found.refuse()
        except Refused as refused:
            problems += self.assign_columns(refused.problems)
            if savepoint:
                roll_back(chunk, savepoint)
            return None
        warnings, chunk.warnings[count:] = self.assign_columns(chunk.warnings[count:]), []
        change = chunk.changes.get(doc["_id"])
        return ChangedRecord(list(differences(change.before, change.after)) if change else [], warnings)

    async def needs_first_step(self, chunk: Chunk, record: Any, said: RecordInput) -> bool:
        """Whether a row asks for what has rules of its own, such as a move: `first_step` does it before the rest."""
        return False

    async def first_step(self, chunk: Chunk, record: Any, said: RecordInput, problems: Problems) -> None:
        """Do that; adds what keeps the record from it."""

    def references_to_change(self, parsed: ParsedRow) -> dict[str, Named]:
        """Reference → the record that a row names for it, or None where its cell is empty."""
        named = dict(self.rows[parsed.line].input.named)
        for column, to, _ in self.reference_columns:
            if column.name in parsed.values and parsed.values[column.name] is None:
                named.setdefault(to.input, None)
        return named

    def values_to_change(self, parsed: ParsedRow, there: Doc, problems: Problems) -> Doc:
        """Stored field → value of the columns of a row, but for its key and what is given once; objects are whole."""
        values: Doc = {}
        for column in self.input_columns:
            outer, _, inner = column.input.partition(".")
            field = next(each for each in self.rules.inputs if isinstance(each, Field) and each.stored == outer)
            if column.name not in parsed.values or column.name == self.key or not field.on_update:
                continue
            value = stored_value(parsed.values[column.name])
            if inner:
                values.setdefault(outer, dict(there.get(outer) or {}))[inner] = value
            else:
                values[outer] = self.merge(field, there.get(outer), value, problems)
        return {name: None if is_empty_object(value) else value for name, value in values.items()}

    def merge(self, field: Field, there: object, value: object, problems: Problems) -> object:
        """The value of a field with what is stored, where the two are joined."""
        if not (field.merge and there and value):
            return value
        try:
            return field.merge(there, value)
        except Invalid as error:
            problems.add(error.code, field.stored, error.message)
            return there

    def assign_columns(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems of the lifecycle with their paths replaced by the columns that the inputs come from."""
        return [self.reword_duplicate(each.moved_to(self.find_column(each.field))) for each in problems]

    def reword_duplicate(self, problem: Problem) -> Problem:
        """The problem of a key that a row gives twice, as TAKEN and in words for a row; others as they are."""
        if problem.code != "DUPLICATE":
            return problem
        return Problem("TAKEN", problem.field, problem.message.replace("is given twice", "stands twice in this row"))

    def find_column(self, path: Sequence[str]) -> str:
        """The column that the input at `path` comes from; the name of the input if there is none."""
        named = [each for each in self.columns if each.reference and each.reference.input == path[0]]
        exact = [each for each in named if each.reference and path[-1] == each.reference.finder.graphql_name]
        if named:
            return (exact or named)[0].name
        inputs = {self.rules.input_of.get(path[0], path[0]), path[0], ".".join(path[:2])}
        return next((each.name for each in self.columns if each.input in inputs), path[0])


def is_empty_object(value: object) -> bool:
    """Whether it is an object that says nothing."""
    return isinstance(value, dict) and all(each is None for each in value.values())
