"""How many records a field may give for each of its parents, by its arguments and the variables in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)

from app.graph.page import DEFAULT_FIRST

CEILING = 1_000_000_000
"""Larger numbers are told as this one: 2^30 spreads of 2^30 need not be written out."""


class Sizes:
    """The sizes in one operation. `variables` gathers the names of those that a size was read from."""

    def __init__(self, operation: OperationDefinitionNode, given: Mapping[str, Any]) -> None:
        self.given = given
        self.defaults = {v.variable.name.value: v.default_value for v in operation.variable_definitions or ()}
        self.variables: set[str] = set()

    def of(self, node: FieldNode, field: GraphQLField) -> int:
        """How many records the field gives for each parent: a connection its page, `ids` their number, all else one."""
        if "first" in field.args or "last" in field.args:
            pages = [self._number(a.value) for a in node.arguments or () if a.name.value in ("first", "last")]
            return max((page for page in pages if page is not None), default=DEFAULT_FIRST)
        if "ids" in field.args:
            return max((self._length(a.value) for a in node.arguments or () if a.name.value == "ids"), default=1)
        return 1

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
