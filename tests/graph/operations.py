"""Made-up operations: valid against the schema, of every kind of field, argument, fragment, directive and variable.

The same seed gives the same operation. Arguments are sometimes wrong on purpose, so that refusals are compared too.
"""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
)

MAX_DEPTH = 6
TEXTS = ["a", "org", "o1", "acme", "$where", "", "sub_gold", "名"]
WRONG: dict[str, Any] = {"after": "nonsense", "before": "nonsense", "first": 0, "last": 101, "maxDepth": 0, "text": ""}
VALUES: dict[str, list[Any]] = {
    "after": [None],
    "before": [None],
    "first": [1, 2, 3, 5, 100, None],
    "last": [None],
    "maxDepth": [1, 2, 3, None],
    "app": ["stripe", "nobody", None],
    "currency": ["USD", "EUR", "CHF", None],
    "asOf": ["2026-05-01T00:00:00Z", None, "2020-01-01T00:00:00+02:00"],
    "text": ["acme", "o1 o1", "gold"],
    "event": [{"usageMetadata": {"subscription_id": "sub_gold"}}, [{"source": "s", "id": "1"}], "nonsense", []],
    "scope": ["OWN", "TREE"],
}


@cache
def fields_of_many_types(schema: GraphQLSchema) -> set[str]:
    """Names that mean another type from record to record: side by side they need aliases."""
    types: dict[str, set[str]] = {}
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for name, field in kind.fields.items():
                types.setdefault(name, set()).add(str(field.type))
    return {name for name, kinds in types.items() if len(kinds) > 1}


def json_literal(value: Any) -> str:
    """Any JSON as GraphQL writes it: the names of objects have no quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {json_literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(json_literal, value)) + "]"
    return json.dumps(value)


class Writer:
    """Writes one operation; `ids` are those of the data set, some of them of nothing."""

    def __init__(self, schema: GraphQLSchema, seed: int, ids: list[str]) -> None:
        self.schema, self.ids = schema, ids
        self.random = random.Random(seed)  # noqa: S311  # the same again for the same seed
        self.many_types = fields_of_many_types(schema)
        self.fragments: list[str] = []
        self.definitions: list[str] = []
        self.variables: dict[str, Any] = {}
        self.count = 0
        self.room = self.random.randint(2, 40)  # how many more fields it may have
        self.is_wrong = self.random.random() < 0.2  # whether it has arguments that are refused

    def operation(self) -> tuple[str, dict[str, Any]]:
        """The document and its variables."""
        query = self.schema.query_type
        assert query is not None
        body = self.selection(query, 0)
        head = f"query Q({', '.join(self.definitions)}) " if self.definitions else "query Q "
        return "\n".join([head + body, *self.fragments]), self.variables

    def name(self) -> str:
        """A name that nothing else has."""
        self.count += 1
        return f"n{self.count}"

    def selection(self, kind: Any, depth: int) -> str:
        """A selection set on a composite type."""
        if not isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            raise TypeError(kind)
        some = self.random.randint(1, 2 if depth == 0 else 4)
        parts = [self.field(kind, depth) for _ in range(some)]
        parts = [part for part in parts if part] or ["__typename"]
        if isinstance(kind, GraphQLInterfaceType):
            possible = self.random.sample(list(self.schema.get_possible_types(kind)), 3)
            parts += [f"... on {each.name} {self.selection(each, depth + 1)}" for each in possible]
        if self.random.random() < 0.15 and self.room > 0:
            parts.append(f"...{self.directive()} {self.selection(kind, depth)}")
        if self.random.random() < 0.15 and self.room > 0:
            name = self.name()
            self.fragments.append(f"fragment {name} on {kind.name} {self.selection(kind, depth)}")
            parts.append(f"...{name}{self.directive()}")
        return "{ " + " ".join(parts) + " }"

    def field(self, kind: Any, depth: int) -> str:
        """One field, perhaps under an alias, perhaps twice with what is below it divided."""
        self.room -= 1
        if self.random.random() < 0.08:
            return "__typename"
        name = self.random.choice([each for each, field in kind.fields.items() if "input" not in field.args])
        field: GraphQLField = kind.fields[name]
        inner = get_named_type(field.type)
        if is_composite_type(inner) and (depth >= MAX_DEPTH or self.room < 0):
            return ""
        arguments = self.arguments(field)
        if not is_composite_type(inner):
            bare = not arguments and name not in self.many_types and self.random.random() < 0.8
            return name if bare else f"{self.name()}: {name}{arguments}"
        head = f"{self.name()}: {name}{arguments}"
        if self.random.random() < 0.1:
            return f"{head} {self.selection(inner, depth + 1)} {head} {self.selection(inner, depth + 1)}"
        return f"{head}{self.directive()} {self.selection(inner, depth + 1)}"

    def directive(self) -> str:
        """Sometimes @skip or @include, on a literal or a variable."""
        if self.random.random() > 0.15:
            return ""
        which, value = self.random.choice(["skip", "include"]), self.random.random() < 0.5
        return f" @{which}(if: {self.variable('Boolean!', value) if self.random.random() < 0.6 else json.dumps(value)})"

    def arguments(self, field: GraphQLField) -> str:
        """Some of the arguments of a field; those that it needs always."""
        given: list[str] = []
        for name, argument in field.args.items():
            required = isinstance(argument.type, GraphQLNonNull) and name in ("by", "id", "ids", "text", "event")
            if required or self.random.random() < (0.5 if name == "first" else 0.2):
                if name == "last" and any(each.startswith("first:") for each in given):
                    continue
                given.append(f"{name}: {self.argument(name, argument)}")
        return f"({', '.join(given)})" if given else ""

    def argument(self, name: str, argument: GraphQLArgument) -> str:
        """A literal, or a variable, with or without a default."""
        value = self.value(name, argument.type)
        nullable = not isinstance(argument.type, GraphQLNonNull)
        if value is None and not nullable:
            value = self.value("scope", argument.type)
        if self.random.random() < 0.4:
            return self.variable(str(argument.type), value, self.literal(value, argument.type))
        return self.literal(value, argument.type)

    def variable(self, kind: str, value: Any, default: str | None = None) -> str:
        """A variable that holds `value`: given, or by its default."""
        name = self.name()
        by_default = default is not None and not kind.endswith("!") and self.random.random() < 0.4
        self.definitions.append(f"${name}: {kind}" + (f" = {default}" if by_default else ""))
        if not by_default or self.random.random() < 0.3:
            self.variables[name] = value
        return f"${name}"

    def value(self, name: str, kind: Any, depth: int = 0) -> Any:
        """A value of an input type, as JSON."""
        kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if name in ("id", "ids"):
            return self.random.choices(self.ids, k=3) if name == "ids" else self.random.choice(self.ids)
        if name in WRONG and self.is_wrong and self.random.random() < 0.3:
            return WRONG[name]
        if name in VALUES:
            return self.random.choice(VALUES[name])
        if isinstance(kind, GraphQLList):
            return [self.value("", kind.of_type, depth + 1) for _ in range(self.random.randint(0, 2))]
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return self.input(kind, depth)
        scalars: dict[str, list[Any]] = {
            "DateTime": ["2026-01-01T00:05:00Z"],
            "Boolean": [True, False],
            "MetadataValue": ["gold", 3, True, None],
            "Float": [0, 0.5, 1, 2],
        }
        return self.random.choice(scalars.get(kind.name, TEXTS))

    def input(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        """An input object: exactly one field of a @oneOf, some of another."""
        names = list(kind.fields)
        if kind.name.endswith("By"):
            name = self.random.choice(names)
            if isinstance(inner := kind.fields[name].type, GraphQLInputObjectType):
                return {name: self.input(inner, depth + 1)}
            text = self.random.choice(self.ids) if name == "id" else self.random.choice([*TEXTS, *self.ids])
            return {name: text.partition("_")[2] if name != "id" else text}
        chosen = [
            name for name in names if self.random.random() < 0.25 and (depth < 3 or name not in ("and", "or", "not"))
        ]
        needed = [name for name, field in kind.fields.items() if isinstance(field.type, GraphQLNonNull)]
        wanted = dict.fromkeys([*needed, *chosen])
        return {name: self.value("", kind.fields[name].type, depth + 1) for name in wanted}

    def literal(self, value: Any, kind: Any) -> str:
        """A JSON value as GraphQL writes it."""
        kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(kind, GraphQLScalarType) and isinstance(value, (dict, list)):
            return json_literal(value)
        if isinstance(value, list):
            return "[" + ", ".join(self.literal(each, kind.of_type) for each in value) + "]"
        if isinstance(value, dict):
            item = kind.of_type if isinstance(kind, GraphQLList) else kind
            fields = (f"{name}: {self.literal(each, item.fields[name].type)}" for name, each in value.items())
            return "{" + ", ".join(fields) + "}"
        if isinstance(kind, GraphQLEnumType) and value is not None:
            return str(value)
        return json.dumps(value)
