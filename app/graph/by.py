"""Which record is meant: the base of `OrganizationBy` and its like, an input with exactly one key of a record."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Generic, TypeVar

from strawberry import UNSET

from app.graph.record import Record

R = TypeVar("R", bound=Record)


class By(Generic[R]):
    """One record of a kind by one of its keys; `app.graph.roots.by_input` makes the GraphQL input of each kind."""

    record: ClassVar[type[Record]]

    def given(self) -> tuple[str, object]:
        """The one key that was given: its name ("id", or that of a finder) and value."""
        names = (field.name for field in dataclasses.fields(self))  # type: ignore[arg-type]  # a strawberry input
        [(name, value)] = [(name, value) for name in names if (value := getattr(self, name)) not in (UNSET, None)]
        return name, value
