"""How many records a field may give for each of its parents, and how much input it takes, by its arguments.

Input is counted in tenths: a list or an object is ten, each value in one of them is one, which is about what coercing
them costs. What is coerced has to be bounded before it is: coercing is not interrupted by any deadline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import (
    EnumValueNode,
    FieldNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)

from app.graph.declarations import Argument, Declaration, Sizing
from app.graph.plan.arguments import DEFINITION

CEILING = 1_000_000_000
"""Larger numbers are told as this one: 2^30 spreads of 2^30 need not be written out."""


def input_size(value: Any) -> int:
    """How much input a variable's value is; nothing where it is neither list nor object."""
    waiting, total = [value], 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, (dict, list)):
            total += 10 + len(each)
            waiting.extend(each.values() if isinstance(each, dict) else each)
    return total


def declaration_of(field: GraphQLField) -> Declaration | None:
    """What was declared for a field of the schema."""
    definition = field.extensions.get(DEFINITION)
    found: Declaration | None = definition.metadata.get(Declaration) if definition is not None else None
    return found


class Sizes:
    """The sizes in one operation. `variables` gathers the names of those that a size was read from."""

    def __init__(self, operation: OperationDefinitionNode, given: Mapping[str, Any]) -> None:
        self.given = given
        self.defaults = {v.variable.name.value: v.default_value for v in operation.variable_definitions or ()}
        self.variables: set[str] = set()
        self.weights = {name: self._weight(name) for name in self.defaults}

    def input(self, values: Iterable[ValueNode]) -> int:
        """How much input there is in the values of arguments, in tenths; a variable counts wherever it stands."""
        waiting, total = list(values), 0
        while waiting:
            each = waiting.pop()
            if isinstance(each, VariableNode):
                total += self.weights.get(each.name.value, 0)
            elif isinstance(each, (ListValueNode, ObjectValueNode)):
                inner = each.values if isinstance(each, ListValueNode) else [f.value for f in each.fields]
                total += 10 + len(inner)
                waiting.extend(inner)
        return total

    def _weight(self, name: str) -> int:
        """How much input a variable is: what was given, else its default, which holds no variables."""
        if name in self.given:
            return input_size(self.given[name])
        default = self.defaults[name]
        return self.input([default]) if default is not None else 0

    def of(self, node: FieldNode, field: GraphQLField) -> int:
        """How many records for each parent: what its arguments say, else the weight of its declaration."""
        declaration = declaration_of(field)
        if declaration is None:
            return 1
        sizes = (self._size(argument.sizing, value) for argument, value in self._costly(node, declaration))
        return max((size for size in sizes if size is not None), default=declaration.weight)

    def behind(self, node: FieldNode, field: GraphQLField) -> int:
        """How many records are read for each parent but not shown: what its declaration and its arguments say."""
        declaration = declaration_of(field)
        if declaration is None:
            return 0
        costly = self._costly(node, declaration)
        return declaration.behind + sum((argument.reads or {}).get(self._name(value), 0) for argument, value in costly)

    def _costly(self, node: FieldNode, declaration: Declaration) -> Iterator[tuple[Argument, ValueNode]]:
        """The arguments that are given and add to the cost, each with its value."""
        costly = declaration.costly_arguments
        return ((costly[a.name.value], a.value) for a in node.arguments or () if a.name.value in costly)

    def _size(self, sizing: Sizing | None, value: ValueNode) -> int | None:
        """How many records an argument's value says; None where it leaves that open."""
        if sizing is Sizing.PAGE:
            return self._number(value)
        return self._length(value) if sizing is Sizing.LENGTH else None

    def _name(self, value: ValueNode | None) -> str:
        """The value of an enum, by name; empty where it is none."""
        if isinstance(value, EnumValueNode):
            return value.value
        if isinstance(value, VariableNode):
            given, default = self._variable(value)
            return self._name(default) if default is not None else given if isinstance(given, str) else ""
        return ""

    def _number(self, value: ValueNode | None) -> int | None:
        """A page size; None where it is left open. What is no number is for validation to refuse."""
        if isinstance(value, IntValueNode):
            return max(0, int(value.value)) if len(value.value) < 10 else CEILING
        if isinstance(value, VariableNode):
            given, default = self._variable(value)
            if isinstance(given, (int, float)) and not isinstance(given, bool):
                return int(min(max(0, given), CEILING))
            return self._number(default)
        return None

    def _length(self, value: ValueNode | None) -> int:
        if isinstance(value, ListValueNode):
            return len(value.values)
        if isinstance(value, VariableNode):
            given, default = self._variable(value)
            if isinstance(given, list):
                return len(given)
            return self._length(default)
        return 1

    def _variable(self, node: VariableNode) -> tuple[Any, ValueNode | None]:
        """What the client gave for a variable, and, only where it gave nothing, the default in the operation."""
        name = node.name.value
        self.variables.add(name)
        return (self.given[name], None) if name in self.given else (None, self.defaults.get(name))
