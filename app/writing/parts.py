"""Parts of a larger input: records that are given with the one that they belong to, each as its own create takes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from strawberry.utils.str_converters import to_camel_case

from app.errors import Problems
from app.graph.record import Finder, Record
from app.writing import lifecycle
from app.writing.input_types import InputField, optional, part_input
from app.writing.inputs import RecordInput, is_given, read_named, read_values
from app.writing.keys import RecordKey, compared
from app.writing.rules import Rules
from app.writing.work import Work

R = TypeVar("R", bound=Record)
MOST = 100
"""How many parts of one kind a call may have."""

RowOfRules = tuple[Rules[Any], object]


@dataclass(frozen=True, slots=True)
class MadeAlong:
    """An input with a list of records that are made with their owner, whose id goes into the stored field `owner`."""

    name: str
    rules: type[Rules[Any]]
    owner: str
    doc: str

    def input_field(self) -> InputField:
        """The field of the input."""
        inner = cast(Any, part_input)(self.rules)
        return self.name, list[inner] | None, optional(f"{self.doc} At most {MOST}.")  # type: ignore[valid-type]  # dynamic

    def rows(self, given: object) -> list[RowOfRules]:
        """What was given of each, with the rules that judge it."""
        return [(self.rules(), row) for row in parts_of(getattr(given, self.name))]

    async def make(self, work: Work, given: object, owner_id: str, problems: Problems) -> None:
        """Make all of them. `prepare` came before, with `keys_in` their rows."""
        here = problems.at(to_camel_case(self.name))
        for n, (rules, row) in enumerate(self.rows(given)):
            await make_part(work, rules, row, {self.owner: owner_id}, here.at(str(n)))


def parts_of(rows: object) -> list[object]:
    """The rows that were given."""
    return [row for row in rows if is_given(row)] if isinstance(rows, list) else []


def check_sizes(parts: Mapping[str, object], problems: Problems) -> None:
    """Add a problem for each list that is too long for one call."""
    for name, rows in parts.items():
        if isinstance(rows, list) and len(rows) > MOST:
            problems.add("TOO_MANY", to_camel_case(name), f"There are {len(rows):,} of them; one call can have {MOST}.")


def keys_in(rows: Iterable[RowOfRules]) -> tuple[list[RecordKey], dict[str, set[str]]]:
    """The records that rows name, and the keys that may find the rows themselves (namespace → keys)."""
    named: list[RecordKey] = []
    keys: dict[str, set[str]] = defaultdict(set)
    for rules, row in rows:
        named += RecordInput(named=read_named(rules.inputs, row)).record_keys()
        for finder, key in finding_keys(rules.record, row):
            keys[finder.namespace or ""].add(compared(finder, key))
    return named, keys


def finding_keys(record: type[Record], row: object) -> Iterator[tuple[Finder, str]]:
    """The keys in a row by which a record of that kind may be found, trimmed."""
    for finder in record.finders:
        value = getattr(row, finder.name, None) if finder.namespace else None
        if isinstance(value, str) and value.strip():
            yield finder, value.strip()


async def make_part(work: Work, rules: Rules[R], row: object, decided: Mapping[str, object], here: Problems) -> R:
    """The new record of a row. An invalid one is staged, so that records that refer to it can be validated too."""
    said = RecordInput(read_values(rules.record, rules.inputs, row, here), read_named(rules.inputs, row))
    ids = lifecycle.refer(work, rules.inputs, said, here) | dict(decided)
    made = await lifecycle.create(work, rules, said, here, ids=ids)
    if len(here):
        lifecycle.stage_for_validation(work, made)
    return made
