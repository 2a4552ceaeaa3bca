"""Imports of records that have a lifecycle: a row becomes an input, and the lifecycle creates the record.

Values are read by the rules of the record's fields, and everything else is judged as by the mutation that makes one
record; what is found wrong is told of the columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from app.errors import Problem, Problems
from app.graph.documents import stored_value
from app.graph.record import Finder
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.transfer.columns import Column, ParsedRow
from app.transfer.importer import CreatedRecord, Importer
from app.transfer.record_columns import drop_empty_objects, set_path
from app.writing import lifecycle
from app.writing.inputs import RecordInput, references
from app.writing.keys import RecordKey, UnknownKey, by_namespace, compared, find_named, given_keys, resolve_keys
from app.writing.rules import Rules


@dataclass(slots=True)
class InputRow:
    """One row of a chunk as an input, and the ids of the records that it names once they are resolved."""

    input: RecordInput
    ids: Doc = field(default_factory=dict)


class RecordImporter(Importer):
    """One kind of record by its rules. Its first column is the key by which a row is recognised when it comes again."""

    rules: ClassVar[Rules[Any]]
    columns: Sequence[Column]
    rows: Mapping[int, InputRow] = {}

    @property
    def finder(self) -> Finder:
        """How the key finds a record."""
        finders: tuple[Finder, ...] = self.rules.record.finders
        return next(each for each in finders if each.name == self.key)

    def with_export_values(self, doc: Doc) -> Doc:
        """A stored record with what its columns look at besides what is stored."""
        return doc

    def normalise_key(self, key: str) -> str:
        return compared(self.finder, key)

    async def prefetch(self, parsed_rows: Sequence[ParsedRow], chunk: Chunk) -> None:
        """What the rows name, who has their keys, and what the rules look at: all of it at once."""
        self.rows = {parsed.line: InputRow(self.build_input(parsed)) for parsed in parsed_rows}
        inputs = [row.input for row in self.rows.values()]
        own = (key for each in inputs for key in given_keys(self.rules.record, each.values))
        named = (self.read_reference(column, parsed) for parsed in parsed_rows for column in self.columns)
        await resolve_keys(chunk, filter(None, named), by_namespace(own))
        await self.rules.prefetch(chunk, inputs)

    def build_input(self, parsed: ParsedRow) -> RecordInput:
        """What a row says, as an input of the lifecycle."""
        found = RecordInput()
        for column in self.columns:
            if column.input and column.name in parsed.values:
                set_path(found.values, column.input, stored_value(parsed.values[column.name]))
            if column.reference and (key := self.read_reference(column, parsed)):
                found.named.setdefault(column.reference.input, key)
        found.values = drop_empty_objects(found.values, [column.input for column in self.columns])
        return found

    def read_reference(self, column: Column, parsed: ParsedRow) -> RecordKey | None:
        """The record that one column of a row names; None where the row has a problem there."""
        value, to = parsed.values.get(column.name), column.reference
        if to is None or not value or any(problem.field == (column.name,) for problem in parsed.problems):
            return None
        target = next(each.target for each in references(self.rules.inputs) if each.name == to.input)
        unknown = UnknownKey(to.code, f"There is no {to.noun} {value!r}.{to.hint}")
        return RecordKey(target, value, to.finder, unknown)

    def find_existing(self, parsed: ParsedRow, chunk: Chunk) -> Doc | None:
        key, finder = parsed.values.get(self.key, ""), self.finder
        doc = chunk.found(finder.namespace or "", compared(finder, key), finder.fields[:1])
        return doc if doc is None or doc["_id"] in chunk.planned.records else self.with_export_values(doc)

    def resolve_references(self, parsed: ParsedRow, chunk: Chunk, problems: list[Problem]) -> Doc:
        row, found = self.rows[parsed.line], Problems()
        row.ids = lifecycle.refer(chunk, self.rules.inputs, row.input, found)
        problems += self.assign_columns(found.gathered)
        problems += self.find_missing_references(parsed)
        problems += self.find_conflicting_references(parsed, chunk, row.ids)
        said = dict(parsed.values)
        for column in self.columns:
            if column.reference and column.name in said:
                said[column.name] = row.ids.get(column.stored or "")
        return said

    def find_missing_references(self, parsed: ParsedRow) -> Iterable[Problem]:
        """A problem for each record that has to be named and is not, by any of its columns."""
        given = {*parsed.values, *(name for problem in parsed.problems for name in problem.field)}
        for each in references(self.rules.inputs):
            columns = [one.name for one in self.columns if one.reference and one.reference.input == each.name]
            if each.required and columns and not given.intersection(columns):
                yield Problem("REQUIRED", (columns[0],), f"Name the {each.name}: by {' or '.join(columns)}.")

    def find_conflicting_references(
        self, parsed: ParsedRow, chunk: Chunk, ids: Mapping[str, object]
    ) -> Iterable[Problem]:
        """A problem where two columns of a row name two records for one input."""
        first: dict[str, Column] = {}
        for column in self.columns:
            key, stored = self.read_reference(column, parsed), column.stored or ""
            if key is None or (other := first.setdefault(stored, column)) is column:
                continue
            found = Problems()
            doc = find_named(chunk, key, found)
            yield from (Problem(each.code, (column.name,), each.message) for each in found.gathered)
            if doc and ids.get(stored) not in (None, doc["_id"]):
                values = f"{parsed.values[other.name]!r} and {parsed.values[column.name]!r}"
                code = f"{key.record.__name__.upper()}_MISMATCH"
                yield Problem(code, (column.name,), f"{values} are two {key.record.collection}.")

    async def create(self, parsed: ParsedRow, said: Doc, chunk: Chunk, problems: list[Problem]) -> CreatedRecord | None:
        row, count, found = self.rows[parsed.line], len(chunk.warnings), Problems()
        is_refused = bool(problems)
        made = await lifecycle.create(chunk, self.rules, row.input, found, ids=row.ids, is_refused=is_refused)
        warnings, chunk.warnings[count:] = self.assign_columns(chunk.warnings[count:]), []
        problems += self.assign_columns(found.gathered)
        return None if problems else CreatedRecord(made.id, warnings)

    def assign_columns(self, problems: Iterable[Problem]) -> list[Problem]:
        """What the lifecycle found wrong, told of the columns that its inputs come from."""
        return [
            self.reword_duplicate(Problem(each.code, (self.find_column(each.field),), each.message))
            for each in problems
        ]

    def reword_duplicate(self, problem: Problem) -> Problem:
        """A key that a row gives twice is taken by the row itself."""
        if problem.code != "DUPLICATE":
            return problem
        return Problem("TAKEN", problem.field, problem.message.replace("is given twice", "stands twice in this row"))

    def find_column(self, path: Sequence[str]) -> str:
        """The column that an input comes from; the input itself where none does."""
        named = [each for each in self.columns if each.reference and each.reference.input == path[0]]
        exact = [each for each in named if each.reference and path[-1] == each.reference.finder.graphql_name]
        if named:
            return (exact or named)[0].name
        inputs = {self.rules.input_of.get(path[0], path[0]), path[0], ".".join(path[:2])}
        return next((each.name for each in self.columns if each.input in inputs), path[0])
