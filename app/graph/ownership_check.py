"""Every stored field that holds the id of a record says what that means, or the program does not start.

A field is known by its name: one that ends in `Id` or `Ids` holds ids, unless it is a key of the record's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import BaseModel
from strawberry.utils.str_converters import to_camel_case

from app.graph.documents import layout, stored_fields
from app.graph.edges import Edge, One, Refs
from app.graph.nodes import NodeById
from app.graph.ownership import MongoFilter, OnMerge, Ownership
from app.graph.record import RECORDS, Embedded, Record, declarations_of

HOLDS_ID = ("Id", "Ids")
ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


def ownership_problems(record: type[Record]) -> Iterator[str]:
    """What a stored record does not say, or says wrongly, of the ids that it holds."""
    for edge in declarations_of(record):
        if isinstance(edge, (One, Refs, NodeById)) and edge.via:
            yield from edge_problems(record, edge, edge.owned)
    for model in (record, *models_inside(record)):
        yield from (f"{model.__name__}.{name} holds ids and no edge goes by it" for name in undeclared(model))
        for name, ownership in held_ids(model).items():
            if name not in stored_fields(model):
                yield f"{model.__name__} says what the ids in {name} mean, which is not stored"
            if ownership.on_merge in (OnMerge.REASSIGN, OnMerge.SWEEP):
                yield f"{model.__name__}.{name} is no edge: a merge can only leave the ids in it, or write them itself"


def fields_in(query: MongoFilter) -> Iterator[str]:
    """The stored fields that a MongoDB filter is on."""
    for name, condition in query.items():
        if name in ("$and", "$or", "$nor"):
            for each in condition:
                yield from fields_in(each)
        else:
            yield name


def edge_problems(record: type[Record], edge: Edge, ownership: Ownership | None) -> Iterator[str]:
    """What is wrong with what one edge says of its ids."""
    label, target = f"{record.__name__}.{edge.name}", RECORDS.get(edge.target)
    may_be_merged = edge.target == "Node" or bool(target and issubclass(target, Record) and target.is_mergeable)
    if may_be_merged and (ownership is None or ownership.on_merge is None):
        yield f"{label} leads to {edge.target}, which can be merged: say what a merge does with it (on_merge)"
    if not may_be_merged and ownership and ownership.on_merge:
        yield f"{label} says what a merge does with it, but no {edge.target} is ever merged"
    if ownership and (blocker := ownership.blocks_delete):
        names = [blocker.named_by, *fields_in(blocker.where(ANY_INSTANT))]
        yield from (f"{label}: {name} is not stored" for name in names if name not in stored_fields(record))


def undeclared(model: type[BaseModel]) -> Iterator[str]:
    """The stored fields that hold ids by their names, and that neither an edge, a key nor `held_ids` accounts for."""
    finders = model.finders if issubclass(model, Record) else ()
    keys = {to_camel_case(finder.name) for finder in finders}
    vias = {each.via for each in declarations_of(model) if isinstance(each, (One, Refs, NodeById))}
    inside = {name for name, _, inner, _, _ in layout(model) if inner is not None}  # objects, which are looked into
    for name in stored_fields(model):
        if name.endswith(HOLDS_ID) and name not in {*keys, *vias, *inside, *held_ids(model)}:
            yield name


def held_ids(model: type[BaseModel]) -> dict[str, Ownership]:
    """What a model says of the ids that it holds and that are no edges."""
    return dict(model.held_ids) if issubclass(model, Embedded) else {}


def models_inside(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every model that is stored inside another, at any depth."""
    for slot in layout(model):
        if slot.inner is not None:
            yield slot.inner
            yield from models_inside(slot.inner)
