"""The ids of a record in other systems: those in its documents of apps, and those that it has from merges."""

from __future__ import annotations

from typing import Any, TypeVar

from app.entities.metadata import app_ids
from app.entities.values import AppId
from app.graph.documents import evolve
from app.graph.record import Record
from app.writing.rules import Rules
from app.writing.work import Work

R = TypeVar("R", bound=Record)


async def complete(work: Work, rules: Rules[R], before: R | None, after: R) -> R:
    """The record with all that follows from its fields, its app ids among it."""
    return with_app_ids(before, await rules.complete(work, before, after))


def with_app_ids(before: R | None, after: R) -> R:
    """The record with the app ids that its documents have now; those of records merged into it stay."""
    had: Any = before
    if "app_ids" not in type(after).model_fields:
        return after
    own: tuple[AppId, ...] = app_ids(had.app_rows) if had is not None else ()
    kept = [each for each in had.app_ids if each not in own] if had is not None else ()
    found = app_ids(after.app_rows, kept)  # type: ignore[attr-defined]  # it has both
    return after if found == after.app_ids else evolve(after, app_ids=found)  # type: ignore[attr-defined]
