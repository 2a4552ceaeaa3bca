"""The arguments of a field as its declaration takes them, worked out once as far as no variable is in them.

Where each variable stands for a scalar, what graphql-core and Strawberry make of the arguments is made once, with a
mark in each variable's place, and a request's values are put where the marks are. All else is worked out anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputType,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_argument_values,
    get_nullable_type,
    is_input_object_type,
    is_scalar_type,
)
from graphql.execution.values import VariableValues
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from app.graph.declarations import Args

DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF
NO_VARIABLES = VariableValues({}, {})

Arguments = Callable[[VariableValues], Args]
Values = dict[str, Any]


def arguments_of(field: GraphQLField, node: FieldNode, scalars: Any, config: Any) -> Arguments:
    """From a request's variables to the field's arguments: graphql-core coerces them, Strawberry makes its inputs."""
    definition: StrawberryField = field.extensions[DEFINITION]

    def evaluate(variables: VariableValues) -> Args:
        return convert_arguments(get_argument_values(field, node, variables), definition.arguments, scalars, config)

    given = node.arguments or ()
    names = {name for argument in given for name in variables_in(argument.value)}
    if not names:
        constant = evaluate(NO_VARIABLES)
        return lambda _: constant
    if not all(has_only_scalar_variables(field.args[argument.name.value].type, argument.value) for argument in given):
        return evaluate
    marked = evaluate(VariableValues({}, {name: VariableMark(name) for name in names}))
    fill = template_filler(dict(marked))

    def filled(variables: VariableValues) -> Args:
        values = variables.coerced
        if any(values.get(name) is None for name in names):  # a default may be meant, or null
            return evaluate(variables)
        made: Args = fill(values)
        return made

    return filled


def variables_in(value: ValueNode) -> Iterator[str]:
    """The names of the variables that a value mentions."""
    if isinstance(value, VariableNode):
        yield value.name.value
    elif isinstance(value, ListValueNode):
        for each in value.values:
            yield from variables_in(each)
    elif isinstance(value, ObjectValueNode):
        for inner in value.fields:
            yield from variables_in(inner.value)


def has_only_scalar_variables(kind: GraphQLInputType, value: ValueNode) -> bool:
    """Whether each variable in a value stands for a scalar, which goes through conversion as it is."""
    named = get_nullable_type(kind)
    if isinstance(value, VariableNode):
        return is_scalar_type(named)
    if isinstance(value, ObjectValueNode) and is_input_object_type(named):
        return all(
            has_only_scalar_variables(named.fields[inner.name.value].type, inner.value) for inner in value.fields
        )
    return not any(variables_in(value))


@dataclasses.dataclass(frozen=True, slots=True)
class VariableMark:
    """Where the value of a variable goes."""

    name: str


def template_filler(template: Any) -> Callable[[Values], Any]:
    """A function that puts values where the marks are: in a dict of arguments, or in the inputs among them."""
    if isinstance(template, VariableMark):
        return lambda values: values[template.name]
    if isinstance(template, dict):
        parts = {key: template_filler(value) for key, value in template.items() if has_variable_mark(value)}
        return lambda values: {**template, **{key: fill(values) for key, fill in parts.items()}}
    parts = {key: template_filler(value) for key, value in vars(template).items() if has_variable_mark(value)}
    return lambda values: dataclasses.replace(template, **{key: fill(values) for key, fill in parts.items()})


def has_variable_mark(template: Any) -> bool:
    """Whether there is a mark in an argument."""
    if dataclasses.is_dataclass(template) and not isinstance(template, VariableMark):
        return any(map(has_variable_mark, vars(template).values()))
    return isinstance(template, VariableMark)
