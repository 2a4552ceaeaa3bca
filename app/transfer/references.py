"""References in a file: a column whose value is the key of another record, and the key that an export writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.errors import Problem
from app.mongo.client import Doc
from app.transfer.chunk import Chunk


def keep_key(key: str) -> str:
    """The key itself: it is compared as it is."""
    return key


@dataclass(frozen=True, slots=True)
class ColumnReference:
    """A column that names a record by a key in `namespace`, claimed by one of its stored `fields`.

    An unknown key is refused with `code`, the message "There is no {noun} {key}." and the `hint`.
    """

    column: str
    namespace: str
    fields: tuple[str, ...]
    code: str
    noun: str
    normalise_key: Callable[[str], str] = keep_key
    hint: str = ""

    def read_keys(self, rows: Iterable[Doc]) -> set[str]:
        """The keys that this column has in these rows."""
        return {self.normalise_key(row[self.column]) for row in rows if row.get(self.column)}

    def find_record(self, row: Doc, chunk: Chunk, problems: list[Problem], path: tuple[str, ...] = ()) -> Doc | None:
        """The record that the row names; None if it names none, or if there is none, which adds to `problems`."""
        key = row.get(self.column)
        if not key:
            return None
        record = chunk.found(self.namespace, self.normalise_key(key), self.fields)
        if record is None:
            problems.append(Problem(self.code, (*path, self.column), f"There is no {self.noun} {key!r}.{self.hint}"))
        return record


def collect_keys(
    references: Iterable[ColumnReference],
    rows: Iterable[Doc],
    own: Callable[[Doc], Iterable[tuple[str, str, str]]] = lambda _row: (),
) -> dict[str, set[str]]:
    """Namespace → the keys in these rows: those of the references, and those that `own` returns for a row."""
    rows = list(rows)
    keys: dict[str, set[str]] = defaultdict(set)
    for reference in references:
        keys[reference.namespace] |= reference.read_keys(rows)
    for namespace, key, _ in (each for row in rows for each in own(row)):
        keys[namespace].add(key)
    return keys


def organization_key(organization: Doc) -> str:
    """The key by which an export names an organization: its external id, else an alias, else its id."""
    return str(organization.get("externalId") or next(iter(organization.get("aliases") or ()), organization["_id"]))


def make_field_reader(name: str) -> Callable[[Doc], str]:
    """A function that returns a stored field as text, for records that always have it."""

    def read_field(record: Doc) -> str:
        return str(record[name])

    return read_field
