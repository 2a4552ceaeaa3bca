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
    """The sum, in seconds, of the deadlines that root fields of a valid document have of their own; 0 if none has."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return 0.0
    fields = (root.fields[name] for name in root_field_names(document, operation.selection_set) if name in root.fields)
    return sum(declaration.seconds for field in fields if (declaration := declaration_of(field)) is not None)


def root_field_names(document: DocumentNode, selections: SelectionSetNode) -> Iterator[str]:
    """The names of the fields of a selection set and of the fragments in it, without those below them."""
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection.name.value
        elif isinstance(selection, FragmentSpreadNode):
            for fragment in document.definitions:
                if isinstance(fragment, FragmentDefinitionNode) and fragment.name.value == selection.name.value:
                    yield from root_field_names(document, fragment.selection_set)
        elif isinstance(selection, InlineFragmentNode):
            yield from root_field_names(document, selection.selection_set)
