"""The schema as text, in GraphQL's schema definition language."""

from __future__ import annotations

import strawberry
from graphql.utilities.print_schema import print_schema_definition


def print_sdl(schema: strawberry.Schema) -> str:
    """The schema as `schema.graphql` has it: its root types, and all definitions sorted by name."""
    definitions = [str(print_schema_definition(schema._schema)), *schema.as_str().split("\n\n")]
    return "\n\n".join(definitions) + "\n"
