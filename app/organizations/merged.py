"""The target of a merge with the values that it takes from the sources. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from app.entities.organization import Organization
from app.graph.documents import evolve

T = TypeVar("T")
FILLED = ("description", "storefront_url", "primary_email", "billing")
"""Fields that the target has from a source where it has none of its own."""


def survivor_of(target: Organization, sources: Sequence[Organization]) -> Organization:
    """The target after the merge: its own values win, and it takes over names and external ids of the sources."""
    everyone = (target, *sources)
    external_ids = [each.external_id for each in everyone if each.external_id]
    external_id = external_ids[0] if external_ids else None
    aliases = (*(alias for each in everyone for alias in each.aliases), *external_ids)
    names = (*target.former_names, *(name for each in sources for name in (each.name, *each.former_names)))
    merged_ids = (*target.merged_ids, *(merged for each in sources for merged in (each.id, *each.merged_ids)))
    filled = {name: next(filter(None, (getattr(each, name) for each in everyone)), None) for name in FILLED}
    return evolve(
        target,
        **filled,
        external_id=external_id,
        aliases=first_of(each for each in aliases if each != external_id),
        former_names=first_of(each for each in names if each != target.name),
        associated_domains=first_of(domain for each in everyone for domain in each.associated_domains),
        custom_metadata=first_of((row for each in everyone for row in each.custom_metadata), lambda row: row.name),
        app_ids=first_of(each for one in everyone for each in one.app_ids),
        app_rows=first_of((row for each in everyone for row in each.app_rows), lambda row: row["app"]),
        merged_ids=first_of(merged_ids),
    )


def first_of(values: Iterable[T], key: Callable[[T], Hashable] = lambda value: value) -> tuple[T, ...]:
    """The values in their order, only the first of those with the same key."""
    found: dict[Hashable, T] = {}
    for value in values:
        found.setdefault(key(value), value)
    return tuple(found.values())
