"""Rules of the tree of organizations. Pure: who stands above whom is told to them."""

from __future__ import annotations

from collections.abc import Sequence

from app.entities.organization import Organization


def at_or_below(organization_id: str, ancestor_ids: Sequence[str], other_id: str) -> bool:
    """Whether an organization is the other one, or stands somewhere under it."""
    return other_id == organization_id or other_id in ancestor_ids


def ancestors_below(parent: Organization | None) -> tuple[str, ...]:
    """The ids of all above an organization that stands below `parent`, from the top down."""
    return (*parent.ancestor_ids, parent.id) if parent else ()
