"""The expressions of generated functions, which make response objects (dict literals) of documents.

Names in an expression are ours, or the `repr` of a string; values are constants beside it. So nothing that a caller
writes becomes code. Instants stay as they are: the JSON encoder writes them as `show_instant` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLOutputType

from app.graph.plan.giving_way import IncompleteDocument
from app.graph.scalars import show_decimal

T = TypeVar("T")

CONVERT: dict[str, Callable[[Any], Any] | None] = {
    **dict.fromkeys(
        ("ID", "String", "Int", "Float", "Boolean", "DateTime", "Currency", "CountryCode", "EmailAddress", "URL")
    ),
    **dict.fromkeys(("JSON", "MetadataValue", "Cursor")),
    "Decimal": show_decimal,
}
"""The function that serializes the stored value of each scalar; None: it is left as it is."""


def need(value: T | None) -> T:
    """The value of a field that is not nullable, or IncompleteDocument."""
    if value is None:
        raise IncompleteDocument
    return value


class ExpressionBuilder:
    """Writes parts of one expression, and gathers the constants that they name."""

    def __init__(self) -> None:
        self.constants: dict[str, object] = {"need": need}

    def constant(self, value: object) -> str:
        """The name of a new constant."""
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    @staticmethod
    def dict(parts: Sequence[tuple[str, str]]) -> str:
        """The expression of a response object, of its keys and the expressions of their values."""
        return "{" + ", ".join(f"{key!r}: {value}" for key, value in parts) + "}"

    def leaf(self, kind: GraphQLOutputType, value: str) -> str:
        """The expression of a scalar, an enum or a list of them, from the expression of the stored value."""
        if isinstance(kind, GraphQLNonNull):
            return self.present(kind.of_type, f"need({value})")
        return self.nullable(value, lambda v: self.present(kind, v))

    def present(self, kind: GraphQLOutputType, value: str) -> str:
        """As `leaf`, where the stored value is known not to be null."""
        if isinstance(kind, GraphQLList):
            item = self.leaf(kind.of_type, "x")
            return value if item == "x" else f"[{item} for x in {value}]"
        if isinstance(kind, GraphQLEnumType):
            if all(name == member.value for name, member in kind.values.items()):
                return value
            return f"{self.constant({member.value: name for name, member in kind.values.items()})}[{value}]"
        convert = CONVERT[kind.name]  # type: ignore[union-attr]  # a scalar: lists, non-nulls and enums are above
        return f"{self.constant(convert)}({value})" if convert else value

    def non_null(self, value: str, write: Callable[[str], str]) -> str:
        """The expression that `write` makes of a variable with a value that is not nullable; it is evaluated once."""
        name = self.variable()
        return f"(({name} := need({value})) and {write(name)})"

    def variable(self) -> str:
        """The name of a new variable inside the expression."""
        name = f"v{len(self.constants)}"
        self.constants[name] = None
        return name

    def nullable(self, value: str, write: Callable[[str], str]) -> str:
        """The expression that `write` makes of a variable with a value, or null for null; it is evaluated once."""
        name = self.variable()
        inner = write(name)
        return value if inner == name else f"(None if ({name} := {value}) is None else {inner})"
