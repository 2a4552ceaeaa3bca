"""What rooms know of an owner that no edge tells: an amount of credit, or what a merge has to put right besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

from app.errors import Problem
from app.graph.record import Record
from app.writing.work import Sweep, Work

R_contra = TypeVar("R_contra", bound=Record, contravariant=True)


class OwnerHook(Protocol[R_contra]):
    """What a room has to say when a record of a kind that owns others is deleted or merged."""

    async def deletion_blockers(self, work: Work, owner: R_contra) -> list[Problem]:
        """What keeps an owner from being deleted."""
        ...

    def sweeps_on_merge(self, target_id: str, source_ids: Sequence[str]) -> Iterable[Sweep]:
        """What changes when sources are merged into a target, after all that they owned is the target's."""
        ...


HOOKS: dict[str, list[OwnerHook[Any]]] = {}


def register_owner_hooks(hooks: Iterable[tuple[type[Record], OwnerHook[Any]]]) -> None:
    """Have these asked from now on, each about records of its kind, and no others."""
    HOOKS.clear()
    for record, hook in hooks:
        HOOKS.setdefault(record.__name__, []).append(hook)


def hooks_of(record: type[Record]) -> Sequence[OwnerHook[Any]]:
    """Those that are asked about records of that kind."""
    return HOOKS.get(record.__name__, ())
