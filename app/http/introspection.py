"""How much of the schema a document asks to see.

The schema is no record and costs none, but to write it out again and again through its cycles (`types { fields { type {
fields …`) keeps the event loop from everybody else.

The size of each introspection list is read off the schema: the mean under `types`, where every type is walked once, and
the maximum wherever the document picks the types. `limits` multiplies; what is allowed is twice what GraphiQL asks for.
"""

from __future__ import annotations

from collections.abc import Sized

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_introspection_query,
    parse,
)

# From here on the types are ones that the document picks, no longer each once.
PICKS = frozenset({"type", "ofType", "interfaces", "possibleTypes", "queryType", "mutationType", "subscriptionType"})


class SchemaSizes:
    """The sizes of one schema's introspection lists."""

    def __init__(self, schema: GraphQLSchema) -> None:
        types = list(schema.type_map.values())
        self.totals = {"types": len(types), "directives": len(schema.directives)}
        composite = [t for t in types if isinstance(t, (GraphQLObjectType, GraphQLInterfaceType))]
        arguments = [field.args for t in composite for field in t.fields.values()]
        arguments += [directive.args for directive in schema.directives]
        lists: dict[str, list[Sized]] = {
            "fields": [t.fields for t in composite],
            "inputFields": [t.fields for t in types if isinstance(t, GraphQLInputObjectType)],
            "enumValues": [t.values for t in types if isinstance(t, GraphQLEnumType)],
            "interfaces": [t.interfaces for t in composite],
            "possibleTypes": [schema.get_possible_types(t) for t in composite if isinstance(t, GraphQLInterfaceType)],
        }
        self.mean = {name: _mean(those, len(types)) for name, those in lists.items()}
        self.mean["args"] = _mean(arguments, len(arguments))
        self.maximum = {name: max(map(len, those), default=0) for name, those in lists.items()}
        self.maximum["args"] = max(map(len, arguments), default=0)

    def count_facts(self, field: str, every_type: bool, per_value: int) -> int:
        """How many facts of the schema a field of an introspection type gives, where each of its values is `per_value`.

        `every_type`: the field is asked of each type of the schema once, so that the mean of its list is right; else
        of types that the document picks, and it is the maximum. `ofType` counts half, since at each of its levels half
        of the types have no more.
        """
        if field == "ofType":
            return -(-per_value // 2)
        if field in self.totals:
            return self.totals[field] * per_value
        return (self.mean if every_type else self.maximum).get(field, 1) * per_value


def standard_query() -> DocumentNode:
    """What GraphiQL and code generators send, with every option of it."""
    return parse(
        get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
            one_of=True,
        )
    )


def _mean(lists: list[Sized], among: int) -> int:
    """The mean length over `among` owners, rounded up."""
    return -(-sum(map(len, lists)) // max(among, 1))
