"""How many records change hands in a move or merge, as it is shown: one field for each kind that says it is counted."""

from __future__ import annotations

from collections.abc import Mapping

import strawberry
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_snake_case

from app.entities.organization import Organization
from app.graph.declarations import Derived, derived
from app.graph.record import Embedded, embedded
from app.writing.owned import owned_edges


def count_of(collection: str, doc: str) -> Derived:
    """The field that shows the count of one collection."""

    def count(counts: Mapping[str, int], *, now: object) -> int:
        return counts.get(collection, 0)

    return derived(int, of=("counts",), by=count, doc=doc)


@embedded(description="How many live records go to another organization.")
class HandedOver(Embedded):
    """How many live records change hands, by collection."""

    counts: strawberry.Private[dict[str, int]]

    organizations = count_of(Organization.collection, "Organizations: the given ones and all below them.")


def declare_counts() -> None:
    """Give the type a field for each kind of record that declares that it is counted; again, it changes nothing."""
    fields = get_object_definition(HandedOver, strict=True).fields
    known = {field.python_name for field in fields}
    for edge in owned_edges(Organization):
        name = to_snake_case(edge.record.collection)
        if edge.ownership.is_counted and name not in known:
            declared = count_of(edge.record.collection, f"Their {edge.record.plural_name()}.")
            declared.__set_name__(HandedOver, name)
            fields.append(declared.field(HandedOver))
