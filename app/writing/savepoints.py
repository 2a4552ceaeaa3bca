"""Savepoints of a unit of work: what was staged for one row can be forgotten without the rows before it."""

from __future__ import annotations

from collections import defaultdict
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from app.mongo.client import Doc
from app.writing.work import Change, Work

STAGED = (
    *("claims", "records", "new_claims", "released", "repointed", "new_records", "new_ids", "sweeps", "reassigned"),
    *("referenced", "warnings", "parts"),
)
"""The attributes of a unit of work that say what is to be written, besides its changes."""


@dataclass(frozen=True, slots=True)
class Savepoint:
    """What was to be written at one moment."""

    state: dict[str, Any]
    changes: dict[str, Change]
    new_documents: list[tuple[Doc, Doc]]
    """Each record that is made, which is changed in place, and a copy of it."""


def take_savepoint(work: Work) -> Savepoint:
    """What is to be written so far, as copies."""
    state = {name: copy_of(getattr(work, name)) for name in STAGED}
    changes = {record_id: replace(change) for record_id, change in work.changes.items()}
    return Savepoint(state, changes, [(doc, dict(doc)) for doc in work.documents()])


def roll_back(work: Work, to: Savepoint) -> None:
    """Forget what was staged after a savepoint, which can be used once."""
    for name, value in to.state.items():
        setattr(work, name, value)
    work.changes = to.changes
    for doc, before in to.new_documents:
        doc.clear()
        doc.update(before)
    work.entities.clear()


def copy_of(value: Any) -> Any:
    """A copy of a list, set or dictionary; of a dictionary of lists or sets, with copies of these."""
    if isinstance(value, defaultdict):
        return defaultdict(value.default_factory, {key: copy(each) for key, each in value.items()})
    return copy(value)
