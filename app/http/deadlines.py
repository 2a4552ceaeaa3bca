"""How long an operation may take: as long as any request, or longer where a field says that it may."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from app.http.argument_cost import declaration_of


def sum_own_deadlines(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> float:
    """The sum of the deadlines that root fields have of their own, 0 where none has; the document is valid."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return 0.0
    fields = (root.fields[name] for name in root_field_names(document, operation.selection_set) if name in root.fields)
    return sum(declaration.seconds for field in fields if (declaration := declaration_of(field)) is not None)


def root_field_names(document: DocumentNode, selections: SelectionSetNode) -> Iterator[str]:
    """The names of the fields on top, those in fragments too."""
    for each in selections.selections:
        if isinstance(each, FieldNode):
            yield each.name.value
        elif isinstance(each, FragmentSpreadNode):
            for fragment in document.definitions:
                if isinstance(fragment, FragmentDefinitionNode) and fragment.name.value == each.name.value:
                    yield from root_field_names(document, fragment.selection_set)
        elif isinstance(each, InlineFragmentNode):
            yield from root_field_names(document, each.selection_set)
