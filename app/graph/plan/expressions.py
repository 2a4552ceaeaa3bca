"""Documents into response objects: one expression of dict literals for each read, compiled once.

Names in the source are ours or the `repr` of a string, and values travel in the namespace, so that nothing a caller
writes becomes code. Instants stay as they are: the JSON encoder writes them as `show_instant` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLOutputType

from app.graph.plan.giving_way import IncompleteDocument
from app.graph.scalars import show_decimal

CONVERT: dict[str, Callable[[Any], Any] | None] = {
    **dict.fromkeys(
        ("ID", "String", "Int", "Float", "Boolean", "DateTime", "Currency", "CountryCode", "EmailAddress", "URL")
    ),
    **dict.fromkeys(("JSON", "MetadataValue", "Cursor")),
    "Decimal": show_decimal,
}
"""How the stored value of each scalar is shown; None: as it is."""


def need(value: Any) -> Any:
    """A value where the schema has no null."""
    if value is None:
        raise IncompleteDocument
    return value


class ExpressionBuilder:
    """Gathers constants while an expression is written, and compiles it."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {"need": need}

    def constant(self, value: Any) -> str:
        """A name for a value."""
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    @staticmethod
    def dict(parts: Sequence[tuple[str, str]]) -> str:
        """The literal of a response object."""
        return "{" + ", ".join(f"{key!r}: {value}" for key, value in parts) + "}"

    def leaf(self, kind: GraphQLOutputType, value: str) -> str:
        """The value of a scalar or an enum, or of a list of them."""
        if isinstance(kind, GraphQLNonNull):
            return self.present(kind.of_type, f"need({value})")
        return self.nullable(value, lambda v: self.present(kind, v))

    def present(self, kind: GraphQLOutputType, value: str) -> str:
        """The same, where it is known not to be null."""
        if isinstance(kind, GraphQLList):
            item = self.leaf(kind.of_type, "x")
            return value if item == "x" else f"[{item} for x in {value}]"
        if isinstance(kind, GraphQLEnumType):
            if all(name == member.value for name, member in kind.values.items()):
                return value
            return f"{self.constant({member.value: name for name, member in kind.values.items()})}[{value}]"
        convert = CONVERT[kind.name]  # type: ignore[union-attr]  # a scalar: lists, non-nulls and enums are above
        return f"{self.constant(convert)}({value})" if convert else value

    def non_null(self, value: str, shown: Callable[[str], str]) -> str:
        """What `shown` makes of a value that is never null; it is worked out once."""
        name = self.variable()
        return f"(({name} := need({value})) and {shown(name)})"

    def variable(self) -> str:
        """A name for a value that an expression works out."""
        name = f"v{len(self.constants)}"
        self.constants[name] = None
        return name

    def nullable(self, value: str, shown: Callable[[str], str]) -> str:
        """What `shown` makes of a value, and null of null; the value is worked out once."""
        name = self.variable()
        inner = shown(name)
        return value if inner == name else f"(None if ({name} := {value}) is None else {inner})"
