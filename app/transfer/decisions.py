"""What becomes of rows: each judged by itself and the rows before it, then, a chunk at a time, by what is there."""

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
    """Rows as far as they can be judged by themselves and those before them: `seen` is what it keeps of those."""

    importer: Importer
    row_format: Format
    seen: SeenKeys = field(default_factory=SeenKeys)

    def parse_row(self, raw: RawRow, plan: ImportPlan) -> Entry:
        """A row read by its columns, with what is wrong with it so far; or refused, where it cannot be read."""
        if raw.problem:
            return refuse_row(raw.line, [raw.problem], raw.rows)
        problems = plan.problems(raw)
        values = parse_row(self.importer.columns, raw.values, problems)
        problems += self.find_duplicate(raw, values)
        return ParsedRow(raw.line, values, tuple(problems), raw.rows, raw.size)

    def find_duplicate(self, raw: RawRow, values: Doc) -> list[Problem]:
        """A row whose key stood in one before it, and that says something else."""
        key = raw.values.get(self.importer.key)
        if not isinstance(key, str) or not key.strip():
            return []
        says = repr(normalise_values(self.importer.columns, values))
        line, same = self.seen.add(self.importer.normalise_key(key.strip()), raw.line, says)
        if same:
            return []
        place, name = self.row_format.row_noun.capitalize(), self.row_format.spell_column(self.importer.key)
        message = f"{place} {line} has the same {name}, {key.strip()!r}, and says something else."
        return [Problem("DUPLICATE_IN_FILE", (self.importer.key,), message)]


async def decide_rows(importer: Importer, drafts: Sequence[ParsedRow], chunk: Chunk) -> list[Outcome]:
    """What becomes of the rows of a chunk. Nothing is written yet; what a dry run would make has no id."""
    await importer.prefetch(drafts, chunk)
    return [await decide_row(importer, draft, chunk) for draft in drafts]


async def decide_row(importer: Importer, draft: ParsedRow, chunk: Chunk) -> Outcome:
    """What becomes of a row, as its chunk sees the database."""
    problems = list(draft.problems)
    said = importer.resolve_references(draft, chunk, problems)
    there = importer.find_existing(draft, chunk)
    made = None if there else await importer.create(draft, said, chunk, problems)
    if there and not problems and not chunk.is_new(there["_id"]):
        problems += find_differences(importer, said, there, draft, chunk)
    if problems:
        return refuse_row(draft.line, problems, draft.rows)
    if there is not None:
        shown = None if chunk.dry_run and chunk.is_new(there["_id"]) else there["_id"]
        return Outcome(draft.line, Result.UNCHANGED, shown, rows=draft.rows)
    warnings = tuple(made.warnings) if made else ()
    shown = made.record_id if made and not chunk.dry_run else None
    return Outcome(draft.line, Result.CREATED, shown, warnings=warnings, rows=draft.rows)
