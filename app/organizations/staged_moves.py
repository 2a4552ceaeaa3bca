"""The moves of one unit of work that are not written yet: later rows see the tree as earlier ones leave it.

What is stored below an organization that moves gets its new ancestors by a sweep, when the unit of work is written.
Until then stored ancestors are out of date, and are replaced here in what is at hand and in what is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.entities.organization import Organization
from app.mongo.client import Doc
from app.writing.naming import collection_of
from app.writing.work import Work

ANCESTORS = "ancestorIds"


@dataclass(frozen=True, slots=True)
class StagedMoves:
    """Each organization that moves and its new ancestors, in the order of the moves."""

    moves: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def ancestors_after(self, organization_id: str, stored: Sequence[str]) -> list[str]:
        """The ancestors that an organization has after the moves, given those that are stored."""
        path = [*stored, organization_id]
        for root_id, above in self.moves:
            if root_id in path:
                path = [*above, *path[path.index(root_id) :]]
        return path[:-1]

    def ancestors_of_moved(self, root_id: str) -> list[str]:
        """The ancestors that an organization which moves has after all the moves."""
        count = max(n for n, (each, _) in enumerate(self.moves, 1) if each == root_id)
        return StagedMoves(self.moves[count:]).ancestors_after(root_id, self.moves[count - 1][1])

    def as_planned(self, doc: Doc) -> Doc:
        """A document as it is after the moves."""
        if collection_of(doc["_id"]) != Organization.collection or not self.moves:
            return doc
        return doc | {ANCESTORS: self.ancestors_after(doc["_id"], doc.get(ANCESTORS, ()))}


def stage_move(work: Work, root_id: str, above: Sequence[str]) -> None:
    """Remember a move, and give the organizations at hand below it their new ancestors."""
    work.parts[StagedMoves] = StagedMoves((*work.part(StagedMoves).moves, (root_id, tuple(above))))
    for record_id, doc in list(work.records.items()):
        if collection_of(record_id) != Organization.collection or root_id not in doc.get(ANCESTORS, ()):
            continue
        ancestors = [*above, *doc[ANCESTORS][doc[ANCESTORS].index(root_id) :]]
        if work.is_new(record_id):
            doc[ANCESTORS] = ancestors
            work.entities.pop(record_id, None)
            continue
        work.records[record_id] = {**doc, ANCESTORS: ancestors}
        if change := work.changes.get(record_id):
            change.after = work.records[record_id]


def find_moved_below(work: Work, roots: Collection[str]) -> list[str]:
    """The ids of the organizations that moved below one of the roots."""
    staged = work.part(StagedMoves)
    moved = {root_id for root_id, _ in staged.moves}
    return sorted(each for each in moved if not set(staged.ancestors_of_moved(each)).isdisjoint(roots))


def as_moved(work: Work, stored: Sequence[Doc], fields: Collection[str]) -> dict[str, Doc]:
    """Id → what is stored of organizations, with these fields as they are after what is staged."""
    staged = work.part(StagedMoves)
    found = {doc["_id"]: {**doc, ANCESTORS: staged.ancestors_after(doc["_id"], doc[ANCESTORS])} for doc in stored}
    for each in found.keys() & work.changes.keys():
        changed = work.records[each]
        found[each] |= {name: changed[name] for name in fields if name in changed}
    return found
