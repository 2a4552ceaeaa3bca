"""What a document comes to: its depth, its breadth, and how many records it may return."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse
from starlette.testclient import TestClient

from app.http.limits import Limits
from app.http.query_cost import QueryCost
from app.settings import Settings
from tests.http.asking import ask, limits, message
from tests.http.toy import toy_schema

LIMITS = Limits(toy_schema()._schema, Settings())


def weigh(text: str, **variables: Any) -> QueryCost:
    """The weight of a document whose first definition is the operation."""
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return LIMITS.measure(document, operation, variables)


FRIENDS = "fragment F on Person { friends(first: 10) { edges { node { name } } } }"


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ ping }", {}, 0),
        ("{ me { name } }", {}, 1),
        ("{ me { best { best { name } } } }", {}, 3),
        ("{ me { siblings { name } } }", {}, 2),
        ("{ people { totalCount } }", {}, 0),
        ("{ people { edges { node { name } } } }", {}, 25),
        ("{ people { pageInfo { hasNextPage } edges { cursor node { name } } } }", {}, 25),
        ("{ people(first: 3) { edges { node { name } } } }", {}, 3),
        ("{ people(last: 7) { edges { node { name } } } }", {}, 7),
        ("{ people(first: 3, last: 7) { edges { node { name } } } }", {}, 7),
        ("{ people(first: null) { edges { node { name } } } }", {}, 25),
        ("{ people(first: 0) { edges { node { name } } } }", {}, 0),
        ("{ people(first: -5) { edges { node { name } } } }", {}, 0),
        ("{ people(first: 3) { edges { node { best { name } } } } }", {}, 6),
        ("{ people(first: 3) { edges { node { friends(first: 4) { edges { node { name } } } } } } }", {}, 15),
        ("{ a: people(first: 3) { edges { node { name } } } b: me { name } }", {}, 4),
        ("query ($n: Int) { people(first: $n) { edges { node { name } } } }", {"n": 9}, 9),
        ("query ($n: Int) { people(first: $n) { edges { node { name } } } }", {"n": None}, 25),
        ("query ($n: Int) { people(first: $n) { edges { node { name } } } }", {}, 25),
        ("query ($n: Int = 8) { people(first: $n) { edges { node { name } } } }", {}, 8),
        ("query ($n: Int = 8) { people(first: $n) { edges { node { name } } } }", {"n": 2}, 2),
        ("query ($n: Int = 8) { people(first: $n) { edges { node { name } } } }", {"n": None}, 25),
        ('{ nodes(ids: ["a", "b", "c"]) { name } }', {}, 3),
        ('{ nodes(ids: ["a", "b", "c"]) { best { name } } }', {}, 6),
        ('{ nodes(ids: "a") { name } }', {}, 1),
        ("query ($i: [ID!]!) { nodes(ids: $i) { name } }", {"i": ["a", "b"]}, 2),
        ("query ($i: [ID!]! = [1, 2, 3]) { nodes(ids: $i) { name } }", {}, 3),
        ("query ($i: [ID!]!) { nodes(ids: $i) { name } }", {"i": "a"}, 1),
        ("{ me { ...F } } " + FRIENDS, {}, 11),
        ("{ me { ...F ...F } } " + FRIENDS, {}, 21),
        ("{ people(first: 2) { edges { node { ... on Person { ...F } } } } } " + FRIENDS, {}, 22),
        ("{ unknown(first: 50) { unknown { name } } me { unknown { name } name } }", {}, 1),
        ("{ ...Unknown me { ... on Unknown { best { name } } } }", {}, 1),
        ("mutation { touch }", {}, 0),
        (get_introspection_query(), {}, 0),
    ],
)
def test_the_cost_is_the_records_that_may_be_returned(query: str, variables: dict[str, Any], cost: int) -> None:
    assert weigh(query, **variables).cost == cost


def test_a_document_knows_which_variables_its_cost_hangs_on() -> None:
    query = "query ($n: Int, $t: String) { people(first: $n, after: $t) { edges { node { name } } } echo(text: $t) }"
    assert weigh(query).sizing_variables == {"n"}
    assert weigh("query ($t: String) { echo(text: $t) }").sizing_variables == set()


def test_the_shape_is_counted_with_fragments_expanded() -> None:
    shape = weigh(
        "query { a: me { ...F @skip(if: false) } ...G ...G } "
        "fragment F on Person { b: best { ... on Person @include(if: true) { name } } } fragment G on Query { ping }"
    ).shape
    assert (shape.depth, shape.aliases, shape.root_fields, shape.directives, shape.selections) == (3, 2, 3, 2, 5)


def test_the_depth_of_input_is_that_of_its_lists_and_objects() -> None:
    assert weigh('{ echo(among: {names: ["a"]}) }').shape.input_depth == 2
    assert weigh("{ echo(number: 1) }").shape.input_depth == 0


def test_every_definition_is_held_to_the_shape_and_only_the_chosen_one_to_the_cost() -> None:
    page = "people(first: 100) { edges { node { friends(first: 100) { edges { node { name } } } } } }"
    weighed = weigh("query A { ping } query B { " + page + " }")
    assert (weighed.shape.depth, weighed.cost) == (7, 0)


@pytest.mark.parametrize("options", [True, False])
def test_graphiql_may_read_the_schema(toy: TestClient, options: bool) -> None:
    query = get_introspection_query(
        descriptions=options,
        specified_by_url=options,
        directive_is_repeatable=options,
        schema_description=options,
        input_value_deprecation=options,
        one_of=options,
    )
    response = ask(toy, query)
    assert response.status_code == 200
    assert "errors" not in response.json()


def test_one_type_may_be_read_with_the_types_of_its_fields(toy: TestClient) -> None:
    query = '{ __type(name: "Person") { fields { name type { name fields { name } } } } }'
    assert ask(toy, query).status_code == 200


def test_a_variable_can_make_a_query_too_dear(toy: TestClient) -> None:
    page = "first: $n) { edges { node { "
    query = "query ($n: Int) { people(" + page + ("friends(" + page) * 2 + "id" + "} } }" * 3 + "}"
    assert ask(toy, query, variables={"n": 10}).status_code == 200
    assert limits(ask(toy, query, variables={"n": 100})) == {"cost": 1_010_100}


def test_a_refusal_says_what_is_allowed(toy: TestClient) -> None:
    query = "{ me {" + "best { " * 14 + "name" + "}" * 16
    assert message(ask(toy, query)) == "The query nests fields 16 deep; at most 15 are allowed."
    assert ask(toy, query.replace("best { ", "", 1).replace("}", "", 1)).status_code == 200
