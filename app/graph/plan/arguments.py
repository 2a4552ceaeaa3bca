"""The arguments of a field as its declaration takes them, worked out once where no variable is in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_argument_values,
)
from graphql.execution.values import VariableValues
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from app.graph.declarations import Args

DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF
NO_VARIABLES = VariableValues({}, {})

Arguments = Callable[[VariableValues], Args]


def arguments_of(field: GraphQLField, node: FieldNode, scalars: Any, config: Any) -> Arguments:
    """From a request's variables to the field's arguments: graphql-core coerces them, Strawberry makes its inputs."""
    definition: StrawberryField = field.extensions[DEFINITION]

    def evaluate(variables: VariableValues) -> Args:
        return convert_arguments(get_argument_values(field, node, variables), definition.arguments, scalars, config)

    if any(variables_in(argument.value) for argument in node.arguments or ()):
        return evaluate
    constant = evaluate(NO_VARIABLES)
    return lambda _: constant


def variables_in(value: ValueNode) -> bool:
    """Whether a value mentions a variable."""
    if isinstance(value, ListValueNode):
        return any(variables_in(each) for each in value.values)
    if isinstance(value, ObjectValueNode):
        return any(variables_in(each.value) for each in value.fields)
    return isinstance(value, VariableNode)
