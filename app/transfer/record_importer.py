"""Imports of records that have a lifecycle: a row becomes an input, and the lifecycle creates the record.

The rules are those of the mutation that creates one record; its problems are reported at the columns of the row.
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
    """One row of a chunk as an input of the lifecycle, and the ids of the records that it refers to, once resolved."""

    input: RecordInput
    ids: Doc = field(default_factory=dict)


class RecordImporter(Importer):
    """Imports one kind of record by its rules. The column `key` identifies the record of a row."""

    rules: ClassVar[Rules[Any]]
    columns: Sequence[Column]
    rows: Mapping[int, InputRow] = {}

    @property
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
        """Read what the rows refer to, the owners of their keys, and what the rules need."""
        self.rows = {parsed.line: InputRow(self.build_input(parsed)) for parsed in parsed_rows}
        inputs = [row.input for row in self.rows.values()]
        own = (key for each in inputs for key in given_keys(self.rules.record, each.values))
        named = (self.read_reference(column, parsed) for parsed in parsed_rows for column in self.columns)
        await resolve_keys(chunk, filter(None, named), by_namespace(own))
        await self.rules.prefetch(chunk, inputs)

    def build_input(self, parsed: ParsedRow) -> RecordInput:
        """A parsed row as an input of the lifecycle."""
        record_input = RecordInput()
        for column in self.columns:
            if column.input and column.name in parsed.values:
                set_path(record_input.values, column.input, stored_value(parsed.values[column.name]))
            if column.reference and (key := self.read_reference(column, parsed)):
                record_input.named.setdefault(column.reference.input, key)
        record_input.values = drop_empty_objects(record_input.values, [column.input for column in self.columns])
        return record_input

    def read_reference(self, column: Column, parsed: ParsedRow) -> RecordKey | None:
        """The key of the record that a column of a row refers to; None if the cell is empty or invalid."""
        value, to = parsed.values.get(column.name), column.reference
        if to is None or not value or any(problem.field == (column.name,) for problem in parsed.problems):
            return None
        target = next(each.target for each in references(self.rules.inputs) if each.name == to.input)
        unknown = UnknownKey(to.code, f"There is no {to.noun} {value!r}.{to.hint}")
        return RecordKey(target, value, to.finder, unknown)

    def find_existing(self, parsed: ParsedRow, chunk: Chunk) -> Doc | None:
        key, finder = parsed.values.get(self.key, ""), self.finder
        doc = chunk.found(finder.namespace or "", compared(finder, key), finder.fields[:1])
        return doc if doc is None or doc["_id"] in chunk.planned.records else self.with_column_values(doc)

    def resolve_references(self, parsed: ParsedRow, chunk: Chunk, problems: list[Problem]) -> Doc:
        row, found_problems = self.rows[parsed.line], Problems()
        row.ids = lifecycle.refer(chunk, self.rules.inputs, row.input, found_problems)
        problems += self.assign_columns(found_problems.gathered)
        problems += self.find_missing_references(parsed)
        problems += self.find_conflicting_references(parsed, chunk, row.ids)
        values = dict(parsed.values)
        for column in self.columns:
            if column.reference and column.name in values:
                values[column.name] = row.ids.get(column.stored or "")
        return values

    def find_missing_references(self, parsed: ParsedRow) -> Iterable[Problem]:
        """A problem for each required reference that none of its columns gives."""
        given = {*parsed.values, *(name for problem in parsed.problems for name in problem.field)}
        for each in references(self.rules.inputs):
            columns = [one.name for one in self.columns if one.reference and one.reference.input == each.name]
            if each.required and columns and not given.intersection(columns):
                yield Problem("REQUIRED", (columns[0],), f"Name the {each.name}: by {' or '.join(columns)}.")

    def find_conflicting_references(
        self, parsed: ParsedRow, chunk: Chunk, ids: Mapping[str, object]
    ) -> Iterable[Problem]:
        """A problem for each column that names another record than an earlier column for the same input."""
        first: dict[str, Column] = {}
        for column in self.columns:
            key, stored = self.read_reference(column, parsed), column.stored or ""
            if key is None or (other := first.setdefault(stored, column)) is column:
                continue
            found_problems = Problems()
            doc = find_named(chunk, key, found_problems)
            yield from (Problem(each.code, (column.name,), each.message) for each in found_problems.gathered)
            if doc and ids.get(stored) not in (None, doc["_id"]):
                values = f"{parsed.values[other.name]!r} and {parsed.values[column.name]!r}"
                code = f"{key.record.__name__.upper()}_MISMATCH"
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

    def assign_columns(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems of the lifecycle with their paths replaced by the columns that the inputs come from."""
        return [
            self.reword_duplicate(Problem(each.code, (self.find_column(each.field),), each.message))
            for each in problems
        ]

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
