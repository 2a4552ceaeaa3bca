"""What plans cover: everything that is read. The list of what is left to graphql-core can only shrink."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type

from app.graph.plan.arguments import NO_VARIABLES
from app.graph.plan.planner import PlannedOperation, Planner
from app.graph.record import node_types
from app.http.prepare import Preparation
from app.schema import build_schema
from app.settings import Settings

MOVE = '{by: {id: "org_a"}, parent: null}'
MERGE = '{target: {id: "org_a"}, sources: [{id: "org_b"}]}'
NOT_COVERED = {
    f"{{ previewMove(input: {MOVE}) {{ __typename }} }}": "the plan of a mutation, in a transaction of its own",
    f"{{ previewMerge(input: {MERGE}) {{ __typename }} }}": "the same",
    "{ __schema { types { name } } }": "introspection",
    '{ __type(name: "Organization") { name } }': "introspection",
}

NEEDED = {"by": '{id: "org_a"}', "id": '"org_a"', "ids": '["org_a"]', "text": '"a"', "event": "{}"}


@pytest.fixture(autouse=True)
def way() -> None:
    """Nothing is asked here."""


def fields() -> Iterator[str]:
    """An operation for each field of each type that can be reached from the query type."""
    core = build_schema()._schema
    assert core.query_type is not None
    for name, field in core.query_type.fields.items():
        if "input" in field.args:
            continue  # a preview: in NOT_COVERED
        given = ", ".join(f"{argument}: {NEEDED[argument]}" for argument in field.args if argument in NEEDED)
        yield f"{{ {name}{f'({given})' if given else ''} {below(get_named_type(field.type), 2)} }}"
    for name in node_types():
        kind = core.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        for each, field in kind.fields.items():
            named = get_named_type(field.type)
            inner = "" if is_leaf_type(named) else below(named, 2)
            yield f'{{ node(id: "org_a") {{ ... on {name} {{ {each} {inner} }} }} }}'


def below(kind: object, depth: int) -> str:
    """Every leaf of a type, and what is below its objects to a depth."""
    assert isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType))
    parts = ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            parts.append(name)
        elif depth and not field.args:
            parts.append(f"{name} {below(inner, depth - 1)}")
    return "{ " + " ".join(parts) + " }"


def why_not(query: str) -> str | None:
    """Why no plan answers it; None where one does."""
    schema = build_schema()
    prepared = Preparation(schema._schema, Settings(max_aliases=500, max_cost=10**9)).prepare(query, None, {})
    planner = Planner(schema)
    made = planner.compile(PlannedOperation.of(prepared.document, prepared.operation), NO_VARIABLES)
    return made if isinstance(made, str) else None


def test_every_field_of_every_record_is_covered() -> None:
    left = {query: why for query in fields() if (why := why_not(query))}
    assert left == {}


@pytest.mark.parametrize("query", NOT_COVERED)
def test_what_is_not_covered_is_known(query: str) -> None:
    assert why_not(query) is not None
