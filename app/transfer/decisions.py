"""What becomes of rows: each judged by itself and the rows before it, then, a chunk at a time, by what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.chunk import Chunk
from app.transfer.columns import Draft, parse_row
from app.transfer.comparison import compared, differences
from app.transfer.importer import Importer, Plan
from app.transfer.outcome import Outcome, Result, refused
from app.transfer.rows import Format, Raw
from app.transfer.seen_keys import Seen

Entry = Draft | Outcome


@dataclass(slots=True)
class Drafting:
    """Rows as far as they can be judged by themselves and those before them: `seen` is what it keeps of those."""

    importer: Importer
    written: Format
    seen: Seen = field(default_factory=Seen)

    def entry(self, raw: Raw, plan: Plan) -> Entry:
        """A row read by its columns, with what is wrong with it so far; or refused, where it cannot be read."""
        if raw.problem:
            return refused(raw.line, [raw.problem], raw.rows)
        problems = plan.problems(raw)
        values = parse_row(self.importer.columns, raw.values, problems)
        problems += self.duplicate(raw, values)
        return Draft(raw.line, values, tuple(problems), raw.rows, raw.size)

    def duplicate(self, raw: Raw, values: Doc) -> list[Problem]:
        """A row whose key stood in one before it, and that says something else."""
        key = raw.values.get(self.importer.key)
        if not isinstance(key, str) or not key.strip():
            return []
        says = repr(compared(self.importer.columns, values))
        line, same = self.seen.first(self.importer.same_key(key.strip()), raw.line, says)
        if same:
            return []
        place, name = self.written.place.capitalize(), self.written.spelt(self.importer.key)
        message = f"{place} {line} has the same {name}, {key.strip()!r}, and says something else."
        return [Problem("DUPLICATE_IN_FILE", (self.importer.key,), message)]


async def decide_all(importer: Importer, drafts: Sequence[Draft], chunk: Chunk) -> list[Outcome]:
    """What becomes of the rows of a chunk. Nothing is written yet; what a dry run would make has no id."""
    await importer.read(drafts, chunk)
    return [await decide(importer, draft, chunk) for draft in drafts]


async def decide(importer: Importer, draft: Draft, chunk: Chunk) -> Outcome:
    """What becomes of a row, as its chunk sees the database."""
    problems = list(draft.problems)
    said = importer.resolve(draft, chunk, problems)
    there = importer.existing(draft, chunk)
    made = None if there else await importer.create(draft, said, chunk, problems)
    if there and not problems and not chunk.is_new(there["_id"]):
        problems += differences(importer, said, there, draft, chunk)
    if problems:
        return refused(draft.line, problems, draft.rows)
    if there is not None:
        shown = None if chunk.dry_run and chunk.is_new(there["_id"]) else there["_id"]
        return Outcome(draft.line, Result.UNCHANGED, shown, rows=draft.rows)
    warnings = tuple(made.warnings) if made else ()
    shown = made.record_id if made and not chunk.dry_run else None
    return Outcome(draft.line, Result.CREATED, shown, warnings=warnings, rows=draft.rows)
