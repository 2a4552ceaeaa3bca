"""What a document may cost, by the settings. It is held before validation, which takes minutes for some documents.

`query_cost` works out the cost. A document over several limits is refused with an error for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode

from app.errors import TooComplex
from app.http.argument_cost import CEILING
from app.http.introspection import SchemaSizes, standard_query
from app.http.query_cost import CostVisitor, QueryCost, operations_of
from app.settings import Settings

MAX_VARIABLES, MAX_INPUTS = 200, 7_000
"""How many lists and objects the variables of a query may hold, ten other values counting as one of them, and how many
may be coerced for the arguments of its fields."""

MAX_CHANGES = 15_000
"""Both, for a mutation: the variables of the largest body, used by one field, as an import of many rows does."""


class Limits:
    """The limits of the settings, for one schema."""

    def __init__(self, schema: GraphQLSchema, settings: Settings) -> None:
        self.schema = schema
        self.schema_sizes = SchemaSizes(schema)
        standard = standard_query()
        introspection = self.measure(standard, operations_of(standard)[0], {}).introspection
        self.allowed = {
            "depth": (settings.max_depth, "nests fields {} deep"),
            "inputDepth": (settings.max_depth, "nests lists and objects {} deep in one argument"),
            "aliases": (settings.max_aliases, "has {} aliases"),
            "rootFields": (settings.max_root_fields, "has {} root fields"),
            "directives": (settings.max_directives, "has {} directives"),
            "selections": (settings.max_selections, "selects {} fields"),
            "cost": (settings.max_cost, "may return {} records, a page counting 25 where `first` is not given"),
            "introspection": (2 * introspection, "asks for {} facts of the schema"),
            "variables": (MAX_VARIABLES, "has {} lists and objects in its variables, ten values counting as one"),
            "inputs": (MAX_INPUTS, "takes in {} lists and objects, each as often as its field may be answered"),
        }

    def measure(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, object]
    ) -> QueryCost:
        """What `document` costs if `operation` is run with `variables`, which are as the client sent them."""
        return CostVisitor(self.schema, self.schema_sizes, document, operation, variables).measure()

    def find_exceeded(self, cost: QueryCost) -> list[TooComplex]:
        """A denial for every limit that is exceeded, with its name, what is allowed and what the document has."""
        shape = cost.shape
        actual = {
            "depth": shape.depth,
            "inputDepth": shape.input_depth,
            "aliases": shape.aliases,
            "rootFields": shape.root_fields,
            "directives": shape.directives,
            "selections": shape.selections,
            "cost": cost.cost,
            "introspection": cost.introspection,
            "variables": cost.variables,
            "inputs": cost.inputs,
        }
        more = {} if cost.is_query else {"variables": MAX_CHANGES, "inputs": MAX_CHANGES}
        return [
            too_complex(limit, phrase, most, actual[limit])
            for limit, (allowed, phrase) in self.allowed.items()
            if actual[limit] > (most := more.get(limit, allowed))
        ]


def too_complex(limit: str, phrase: str, allowed: int, actual: int) -> TooComplex:
    """The denial of a document that exceeds `limit`; `phrase` has a place for the number, as in "has {} aliases"."""
    number = f"{actual}" if actual < CEILING else f"{CEILING} or more"
    message = f"The query {phrase.format(number)}; at most {allowed} are allowed."
    return TooComplex(message, limit=limit, allowed=allowed, actual=min(actual, CEILING))
