"""What an operation selects, as graphql-core's own `collect_fields` merges fields, fragments and directives."""

from __future__ import annotations

from collections.abc import Iterable

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from strawberry.types.field import StrawberryField

from app.graph.declarations import Declaration
from app.graph.plan.arguments import DEFINITION
from app.graph.plan.giving_way import NotPlannable

Selected = Iterable[tuple[str, FieldDetailsList]]
"""Response keys, each with the fields of the document that are merged under it."""


class SelectedFields:
    """The fields of one operation of a document, for one setting of the variables in `conditions`."""

    def __init__(
        self,
        schema: strawberry.Schema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        conditions: VariableValues,
    ) -> None:
        self.core = schema._schema
        self.operation, self.conditions = operation, conditions
        self.fragments = {
            definition.name.value: FragmentDetails(definition)
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }

    def query_type(self) -> GraphQLObjectType:
        """The schema's query type; NotPlannable where the operation is not a query."""
        query = self.core.query_type
        if self.operation.operation is not OperationType.QUERY or query is None:
            raise NotPlannable("it is not a query")
        return query

    def roots(self) -> Selected:
        """The root fields."""
        collected = collect_fields(self.core, self.fragments, self.conditions, self.query_type(), self.operation)
        return collected.grouped_field_set.items()

    def below(self, parent: GraphQLObjectType, fields: FieldDetailsList) -> Selected:
        """The fields that are selected of an object, which `fields` select of its parent."""
        collected = collect_subfields(self.core, self.fragments, self.conditions, self.operation, parent, fields)
        return collected.grouped_field_set.items()


def declaration_of(parent: GraphQLObjectType, node: FieldNode) -> tuple[GraphQLField, Declaration | None]:
    """A field of the schema, and its declaration; None for a stored field, NotPlannable for any other."""
    field = parent.fields.get(node.name.value)
    if field is None or DEFINITION not in field.extensions:
        raise NotPlannable(f"{parent.name}.{node.name.value} is graphql-core's own")
    definition: StrawberryField = field.extensions[DEFINITION]
    declared: Declaration | None = definition.metadata.get(Declaration)
    if declared is None and not definition.is_basic_field:
        raise NotPlannable(f"{parent.name}.{node.name.value} has a resolver")
    return field, declared
