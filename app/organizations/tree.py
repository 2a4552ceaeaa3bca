"""Pure rules of the tree of organizations."""

from __future__ import annotations

from collections.abc import Sequence

from app.entities.organization import Organization


def at_or_below(organization_id: str, ancestor_ids: Sequence[str], other_id: str) -> bool:
    """Whether an organization is the other one or one of its descendants."""
    return other_id == organization_id or other_id in ancestor_ids


def ancestors_below(parent: Organization | None) -> tuple[str, ...]:
    """The `ancestorIds` of a child of `parent`, from the top down; none without a parent."""
    return (*parent.ancestor_ids, parent.id) if parent else ()
