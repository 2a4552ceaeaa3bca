"""The arguments of a field as its declaration takes them, computed once for an operation as far as possible.

graphql-core coerces arguments and Strawberry converts them. Where no argument has a variable, that is done once. Where
each variable stands for a scalar, it is done once too, with a mark in each variable's place, and a request's values are
put in place of the marks. Other arguments are computed anew for each request.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

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
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.scalar import ScalarDefinition, ScalarWrapper

from app.graph.declarations import Args

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF
NO_VARIABLES = VariableValues({}, {})

Arguments = Callable[[VariableValues], Args]
Values = dict[str, Any]
Scalars = Mapping[object, ScalarDefinition | ScalarWrapper]


def arguments_of(field: GraphQLField, node: FieldNode, scalars: Scalars, config: StrawberryConfig) -> Arguments:
    """The function from a request's variables to the field's arguments."""
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
        return cast(Args, fill(values))

    return filled


def variables_in(value: ValueNode) -> Iterator[str]:
    """The names of the variables that a value mentions."""
    if isinstance(value, VariableNode):
        yield value.name.value
    elif isinstance(value, ListValueNode):
        for item in value.values:
            yield from variables_in(item)
    elif isinstance(value, ObjectValueNode):
        for inner in value.fields:
            yield from variables_in(inner.value)


def has_only_scalar_variables(kind: GraphQLInputType, value: ValueNode) -> bool:
    """Whether each variable in a value stands for a scalar, which conversion leaves as it is."""
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
    """The place of a variable's value in converted arguments."""

    name: str


def template_filler(template: object) -> Callable[[Values], object]:
    """The function that makes a copy of a template with the variables' values in place of the marks.

    The template is a dict of arguments or an input in it; both may hold others.
    """
    if isinstance(template, VariableMark):
        return lambda values: values[template.name]
    if isinstance(template, dict):
        parts = {key: template_filler(value) for key, value in template.items() if has_variable_mark(value)}
        return lambda values: {**template, **{key: fill(values) for key, fill in parts.items()}}
    converted = cast("DataclassInstance", template)
    parts = {name: template_filler(value) for name, value in vars(template).items() if has_variable_mark(value)}
    return lambda values: dataclasses.replace(converted, **{name: fill(values) for name, fill in parts.items()})


def has_variable_mark(template: object) -> bool:
    """Whether a converted argument is a mark or holds one."""
    if dataclasses.is_dataclass(template) and not isinstance(template, VariableMark):
        return any(map(has_variable_mark, vars(template).values()))
    return isinstance(template, VariableMark)
