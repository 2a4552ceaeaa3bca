"""In which reading of a file each row can be stored after its parent, whatever the order of the rows. Pure rules.

A row can be stored in the same reading as a parent above it in the file, and one reading after a parent below it. So a
file in order takes one reading, and any file at most as many as its trees are deep.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.graph.depth import MAX_DEPTH

TOO_DEEP = MAX_DEPTH + 1


class FileRow(NamedTuple):
    """A row of the file: the line it begins on, and the external id of its parent."""

    line: int
    parent: str | None


@dataclass(frozen=True, slots=True)
class ReadingOrder:
    """The reading of each row that is not stored in the first one; and the rows that cannot be stored at all."""

    readings: Mapping[str, int] = field(default_factory=dict)
    cycles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    too_deep: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        """The number of readings that the file takes."""
        return max(self.readings.values(), default=0) + 1


@dataclass(slots=True)
class Walk:
    """What has been found out so far: reading and depth of each name."""

    places: Mapping[str, FileRow]
    reading: dict[str, int] = field(default_factory=dict)
    depth: dict[str, int] = field(default_factory=dict)
    cycles: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def climb(self, name: str) -> None:
        """Settle a name and every name above it that is not settled yet."""
        path: dict[str, None] = {}
        while name in self.places and name not in self.reading and name not in path:
            path[name] = None
            name = self.places[name].parent or ""
        if name in path:
            self.close(list(path)[list(path).index(name) :])
        for each in reversed(path):
            if each not in self.reading:
                self.settle(each)

    def settle(self, name: str) -> None:
        """A name whose parent is settled, or not in the file."""
        line, parent = self.places[name]
        if parent not in self.places or parent is None:
            self.reading[name], self.depth[name] = 0, 0
            return
        later = self.places[parent].line > line
        self.reading[name] = self.reading[parent] + later
        self.depth[name] = min(self.depth[parent] + 1, TOO_DEEP)

    def close(self, cycle: list[str]) -> None:
        """Names that lead back to themselves. What hangs below them finds no parent."""
        told = tuple(cycle)  # one for all of them: a cycle may be as long as the file
        for name in cycle:
            self.cycles[name] = told
            self.reading[name], self.depth[name] = 0, 0


def find_reading_order(places: Mapping[str, FileRow]) -> ReadingOrder:
    """The readings for a file's rows, by their names. It takes time and room in proportion to their number."""
    walk = Walk(places)
    for name in places:
        walk.climb(name)
    too_deep = frozenset(name for name, depth in walk.depth.items() if depth >= TOO_DEEP)
    later = {name: number for name, number in walk.reading.items() if number and name not in too_deep}
    return ReadingOrder(later, walk.cycles, too_deep)
