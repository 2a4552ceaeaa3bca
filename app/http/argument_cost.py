"""What the arguments of a field add to the cost of a query: how many records it gives, and how much input it takes.

How many records an argument makes a field give stands where the argument is declared (`graph/declarations.py`); here
its value is read. Input is counted in tenths: a list or an object is ten, each value in one of them is one, which is
about what coercing them costs. It has to be bounded beforehand, since no deadline interrupts coercion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    EnumValueNode,
    FieldNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    ValueNode,
    VariableNode,
)

from app.graph.declarations import Argument, Declaration, Sizing
from app.graph.plan.arguments import DEFINITION

ANY_JSON = "JSON"
"""The scalar whose values are taken as they are."""
CEILING = 1_000_000_000
"""The largest number that is counted with and shown: fragments can spread each other to 2^30 records and more."""


def input_size(value: object) -> int:
    """How much input the JSON value of a variable is, in tenths; 0 where it is neither list nor object."""
    waiting, total = [value], 0
    while waiting:
        part = waiting.pop()
        if isinstance(part, (dict, list)):
            total += 10 + len(part)
            waiting.extend(part.values() if isinstance(part, dict) else part)
    return total


def shallow_size(value: object) -> int:
    """The same without what is inside its items: of a value that is not coerced, since its scalar takes any JSON."""
    return 10 + len(value) if isinstance(value, (dict, list)) else 0


def uncoerced_variables(operation: OperationDefinitionNode) -> Iterator[str]:
    """The variables of a query that take any JSON. A mutation's are counted whole: what they hold is stored."""
    if operation.operation is not OperationType.QUERY:
        return
    for each in operation.variable_definitions or ():
        named = each.type.type if isinstance(each.type, NonNullTypeNode) else each.type
        if isinstance(named, NamedTypeNode) and named.name.value == ANY_JSON:
            yield each.variable.name.value


def declaration_of(field: GraphQLField) -> Declaration | None:
    """The declaration that a field of the schema was made of; None for a field that Strawberry made by itself."""
    definition = field.extensions.get(DEFINITION)
    declaration: Declaration | None = definition.metadata.get(Declaration) if definition is not None else None
    return declaration


class ArgumentCosts:
    """The arguments in one operation, whose variables have the values that the client sent (JSON, not coerced).

    `sizing_variables` gathers the names of the variables that a number of records was read from.
    """

    def __init__(self, operation: OperationDefinitionNode, variables: Mapping[str, object]) -> None:
        self.variables = variables
        self.uncoerced = set(uncoerced_variables(operation))
        self.defaults = {v.variable.name.value: v.default_value for v in operation.variable_definitions or ()}
        self.sizing_variables: set[str] = set()
        self.variable_inputs = {name: self._variable_input(name) for name in self.defaults}
        """How much input each variable is, in tenths."""

    def input_size(self, values: Iterable[ValueNode]) -> int:
        """How much input the values of arguments are, in tenths; a variable counts wherever it is used."""
        waiting, total = list(values), 0
        while waiting:
            value = waiting.pop()
            if isinstance(value, VariableNode):
                total += self.variable_inputs.get(value.name.value, 0)
            elif isinstance(value, (ListValueNode, ObjectValueNode)):
                inner = value.values if isinstance(value, ListValueNode) else [f.value for f in value.fields]
                total += 10 + len(inner)
                waiting.extend(inner)
        return total

    def records_given(self, node: FieldNode, field: GraphQLField) -> int:
        """How many records a field gives for each of its parents, at the most."""
        declaration = declaration_of(field)
        if declaration is None:
            return 1
        sizes = (self._size(argument.sizing, value) for argument, value in self._costly(node, declaration))
        return max((size for size in sizes if size is not None), default=declaration.weight)

    def records_behind(self, node: FieldNode, field: GraphQLField) -> int:
        """How many records a field reads for each of its parents without giving them."""
        declaration = declaration_of(field)
        if declaration is None:
            return 0
        costly = self._costly(node, declaration)
        reads = ((argument.reads or {}).get(self._enum_name(value), 0) for argument, value in costly)
        return declaration.behind + sum(reads)

    def _variable_input(self, name: str) -> int:
        """How much input a variable is, in tenths: what the client sent, else its default, which has no variables."""
        if name in self.variables:
            value = self.variables[name]
            return shallow_size(value) if name in self.uncoerced else input_size(value)
        default = self.defaults[name]
        return self.input_size([default]) if default is not None else 0

    def _costly(self, node: FieldNode, declaration: Declaration) -> Iterator[tuple[Argument, ValueNode]]:
        """The arguments that the document gives and that add to the cost, each with its value."""
        costly = declaration.costly_arguments
        return ((costly[a.name.value], a.value) for a in node.arguments or () if a.name.value in costly)

    def _size(self, sizing: Sizing | None, value: ValueNode) -> int | None:
        """How many records an argument asks for; None where its value leaves that open."""
        if sizing is Sizing.PAGE:
            return self._number(value)
        return self._length(value) if sizing is Sizing.LENGTH else None

    def _enum_name(self, value: ValueNode | None) -> str:
        """The name of an enum's value; empty where the value is none."""
        if isinstance(value, EnumValueNode):
            return value.value
        if isinstance(value, VariableNode):
            given, default = self._resolve(value)
            return given if isinstance(given, str) else self._enum_name(default)
        return ""

    def _number(self, value: ValueNode | None) -> int | None:
        """The size of a page; None for null and for what validation refuses because it is no number."""
        if isinstance(value, IntValueNode):
            return max(0, int(value.value)) if len(value.value) < 10 else CEILING
        if isinstance(value, VariableNode):
            given, default = self._resolve(value)
            if isinstance(given, (int, float)) and not isinstance(given, bool):
                return int(min(max(0, given), CEILING))
            return self._number(default)
        return None

    def _length(self, value: ValueNode | None) -> int:
        """How many items a list has; 1 for a single value, which GraphQL takes for a list of one."""
        if isinstance(value, ListValueNode):
            return len(value.values)
        if isinstance(value, VariableNode):
            given, default = self._resolve(value)
            return len(given) if isinstance(given, list) else self._length(default)
        return 1

    def _resolve(self, node: VariableNode) -> tuple[object, ValueNode | None]:
        """The value that the client sent for a variable, or, only where it sent none, the operation's default."""
        name = node.name.value
        self.sizing_variables.add(name)
        return (self.variables[name], None) if name in self.variables else (None, self.defaults.get(name))
