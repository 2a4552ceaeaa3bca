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
        self.whole = {"types": len(types), "directives": len(schema.directives)}
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
        self.mean = {name: _mean(found, len(types)) for name, found in lists.items()}
        self.mean["args"] = _mean(arguments, len(arguments))
        self.most = {name: max(map(len, found), default=0) for name, found in lists.items()}
        self.most["args"] = max(map(len, arguments), default=0)

    def facts(self, field: str, every_type: bool, each: int) -> int:
        """How many facts a field of an introspection type tells, at the most, where each of its values tells `each`.

        The one that is less than its text says is `ofType`: of each level of it half the types have no more.
        """
        if field == "ofType":
            return -(-each // 2)
        if field in self.whole:
            return self.whole[field] * each
        return (self.mean if every_type else self.most).get(field, 1) * each


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
