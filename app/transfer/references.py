"""References: a column whose value is a key of another record, and what the record is called in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.chunk import Chunk


def keep_key(key: str) -> str:
    """Keys are compared as they are."""
    return key


@dataclass(frozen=True, slots=True)
class ColumnReference:
    """The column `column` names a record by a key in `namespace` that one of its stored `fields` claims."""

    column: str
    namespace: str
    fields: tuple[str, ...]
    code: str
    what: str
    normalise_key: Callable[[str], str] = keep_key
    hint: str = ""

    def read_keys(self, rows: Iterable[Doc]) -> set[str]:
        """The keys in these rows."""
        return {self.normalise_key(row[self.column]) for row in rows if row.get(self.column)}

    def find_record(self, row: Doc, chunk: Chunk, problems: list[Problem], path: tuple[str, ...] = ()) -> Doc | None:
        """The record; None where the row names none, or, with a problem, where no live one answers."""
        key = row.get(self.column)
        if not key:
            return None
        found = chunk.found(self.namespace, self.normalise_key(key), self.fields)
        if found is None:
            problems.append(Problem(self.code, (*path, self.column), f"There is no {self.what} {key!r}.{self.hint}"))
        return found


def collect_keys(
    references: Iterable[ColumnReference],
    rows: Iterable[Doc],
    own: Callable[[Doc], Iterable[tuple[str, str, str]]] = lambda _row: (),
) -> dict[str, set[str]]:
    """Namespace → the keys in these rows: those that name others, and those that are a row's `own`."""
    rows = list(rows)
    found: dict[str, set[str]] = defaultdict(set)
    for reference in references:
        found[reference.namespace] |= reference.read_keys(rows)
    for namespace, key, _ in (each for row in rows for each in own(row)):
        found[namespace].add(key)
    return found


def organization_key(organization: Doc) -> str:
    """What an organization is called: its external id, else an alias, else its own id."""
    return str(organization.get("externalId") or next(iter(organization.get("aliases") or ()), organization["_id"]))


def make_field_reader(name: str) -> Callable[[Doc], str]:
    """Records are called by a stored field, which they always have."""

    def read_field(record: Doc) -> str:
        return str(record[name])

    return read_field
