"""The outcome of rows: each is parsed on its own, and then a chunk of them is compared with the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.transfer.columns import Column, ParsedRow, parse_row
from app.transfer.comparison import find_differences, normalise_values
from app.transfer.importer import ChangedRecord, Importer, ImportPlan
from app.transfer.outcome import Outcome, Result, refuse_row
from app.transfer.rows import Format, RawRow
from app.transfer.seen_keys import SeenKeys

Entry = ParsedRow | Outcome


@dataclass(slots=True)
class RowParser:
    """Parses rows one after the other; `seen` has the keys of those before, to find contradictions in a file."""

    importer: Importer
    row_format: Format
    updates: bool = False
    seen: SeenKeys = field(default_factory=SeenKeys)

    @property
    def needed(self) -> tuple[str, ...] | None:
        """The columns that a row has to have, where these are not all that are required: what is left out stays."""
        return (self.importer.key,) if self.updates else None

    def parse_row(self, raw: RawRow, plan: ImportPlan) -> Entry:
        """The row by its columns, with the problems known without the database; or its refusal, if it is unreadable."""
        if raw.problem:
            return refuse_row(raw.line, [raw.problem], raw.rows, self.read_key(raw), raw.spans)
        problems = plan.problems_of(raw)
        values = parse_row(self.importer.columns, raw.values, problems, needed=self.needed)
        problems += self.find_duplicate(raw, values)
        return ParsedRow(raw.line, values, tuple(problems), raw.rows, raw.size, self.read_key(raw), raw.spans)

    def read_key(self, raw: RawRow) -> str | None:
        """The value by which a row is recognised, trimmed; None where it has none."""
        value = raw.values.get(self.importer.key)
        return str(value).strip() or None if isinstance(value, (str, int, Decimal)) else None

    def find_duplicate(self, raw: RawRow, values: Doc) -> list[Problem]:
        """A problem if an earlier row has the same key and other values."""
        key = raw.values.get(self.importer.key)
        if not isinstance(key, str) or not key.strip():
            return []
        content = repr(normalise_values(self.importer.columns, values))
        line, same = self.seen.add(self.importer.normalise_key(key.strip()), raw.line, content)
        if same:
            return []
        noun, name = self.row_format.row_noun.capitalize(), self.row_format.spell_column(self.importer.key)
        message = f"{noun} {line} has the same {name}, {key.strip()!r}, and other values: keep one of them."
        return [Problem("DUPLICATE_IN_FILE", (self.importer.key,), message)]


async def decide_rows(importer: Importer, parsed_rows: Sequence[ParsedRow], chunk: Chunk) -> list[Outcome]:
    """The outcome of each row of a chunk. New records are added to the chunk, and written when it is."""
    await importer.prefetch(parsed_rows, chunk)
    outcomes = [await decide_row(importer, parsed, chunk) for parsed in parsed_rows]
    pairs = zip(outcomes, parsed_rows, strict=True)
    return [replace(outcome, key=parsed.key, spans=parsed.spans) for outcome, parsed in pairs]


async def decide_row(importer: Importer, parsed: ParsedRow, chunk: Chunk) -> Outcome:
    """The outcome of one row: refused, unchanged, changed or created. In a dry run a new record has no id."""
    problems = list(parsed.problems)
    values = importer.resolve_references(parsed, chunk, problems)
    existing = importer.find_existing(parsed, chunk)
    if existing is not None:
        return await decide_existing(importer, parsed, values, existing, chunk, problems)
    if chunk.updates:
        problems += find_missing_columns(importer, parsed)
    created = await importer.create(parsed, values, chunk, problems)
    if created is None or problems:
        return refuse_row(parsed.line, problems, parsed.rows)
    record_id = None if chunk.dry_run else created.record_id
    return Outcome(parsed.line, Result.CREATED, record_id, warnings=tuple(created.warnings), rows=parsed.rows)


async def decide_existing(
    importer: Importer, parsed: ParsedRow, values: Doc, existing: Doc, chunk: Chunk, problems: list[Problem]
) -> Outcome:
    """The outcome of a row whose record is there: unchanged, changed where the import updates, or refused."""
    is_new = chunk.is_new(existing["_id"])
    differences = [] if problems or is_new else list(find_differences(importer, values, existing, parsed, chunk))
    changed: ChangedRecord | None = None
    if not chunk.updates:
        problems += differences
    elif not problems and not is_new and (differences or has_secret(importer, parsed)):
        changed = await importer.change(parsed, existing, chunk, problems)
    if problems:
        return refuse_row(parsed.line, problems, parsed.rows)
    record_id = None if chunk.dry_run and is_new else existing["_id"]
    if changed is None or not changed.changes:
        return Outcome(parsed.line, Result.UNCHANGED, record_id, rows=parsed.rows)
    warnings, changes = tuple(changed.warnings), tuple(changed.changes)
    return Outcome(parsed.line, Result.CHANGED, record_id, warnings=warnings, rows=parsed.rows, changes=changes)


def find_missing_columns(importer: Importer, parsed: ParsedRow) -> Iterator[Problem]:
    """A problem for each required column that the row of a new record does not have."""
    wrong = {name for problem in parsed.problems for name in problem.field}
    for column in importer.columns:
        if column.required and column.name not in parsed.values and column.name not in wrong:
            yield Problem("REQUIRED", (column.name,), "The record is not there yet, and a new one needs a value here.")


def has_secret(importer: Importer, parsed: ParsedRow) -> bool:
    """Whether a row has a value that is not compared, since it is a secret."""
    return any(isinstance(each, Column) and each.secret and each.name in parsed.values for each in importer.columns)
