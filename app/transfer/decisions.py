"""The outcome of rows: each is parsed on its own, and then a chunk of them is compared with the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.transfer.columns import ParsedRow, parse_row
from app.transfer.comparison import find_differences, normalise_values
from app.transfer.importer import Importer, ImportPlan
from app.transfer.outcome import Outcome, Result, refuse_row
from app.transfer.rows import Format, RawRow
from app.transfer.seen_keys import SeenKeys

Entry = ParsedRow | Outcome


@dataclass(slots=True)
class RowParser:
    """Parses rows one after the other; `seen` has the keys of those before, to find contradictions in a file."""

    importer: Importer
    row_format: Format
    seen: SeenKeys = field(default_factory=SeenKeys)

    def parse_row(self, raw: RawRow, plan: ImportPlan) -> Entry:
        """The row by its columns, with the problems known without the database; or its refusal, if it is unreadable."""
        if raw.problem:
            return refuse_row(raw.line, [raw.problem], raw.rows)
        problems = plan.problems_of(raw)
        values = parse_row(self.importer.columns, raw.values, problems)
        problems += self.find_duplicate(raw, values)
        return ParsedRow(raw.line, values, tuple(problems), raw.rows, raw.size)

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
    return [await decide_row(importer, parsed, chunk) for parsed in parsed_rows]


async def decide_row(importer: Importer, parsed: ParsedRow, chunk: Chunk) -> Outcome:
    """The outcome of one row: refused, unchanged or created. In a dry run a new record has no id."""
    problems = list(parsed.problems)
    values = importer.resolve_references(parsed, chunk, problems)
    existing = importer.find_existing(parsed, chunk)
    created = None if existing else await importer.create(parsed, values, chunk, problems)
    if existing and not problems and not chunk.is_new(existing["_id"]):
        problems += find_differences(importer, values, existing, parsed, chunk)
    if problems:
        return refuse_row(parsed.line, problems, parsed.rows)
    if existing is not None:
        record_id = None if chunk.dry_run and chunk.is_new(existing["_id"]) else existing["_id"]
        return Outcome(parsed.line, Result.UNCHANGED, record_id, rows=parsed.rows)
    warnings = tuple(created.warnings) if created else ()
    record_id = created.record_id if created and not chunk.dry_run else None
    return Outcome(parsed.line, Result.CREATED, record_id, warnings=warnings, rows=parsed.rows)
