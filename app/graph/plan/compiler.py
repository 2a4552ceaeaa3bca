"""An operation compiled to a plan: which edges are read, which fields of each document, and the generated functions
that build the response of them.

What no plan covers raises `NotPlannable`, and graphql-core answers the whole operation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationDefinitionNode,
    get_named_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues
from pydantic.fields import FieldInfo
from strawberry.types.field import StrawberryField

from app.access.viewer import Scope
from app.graph.computed_connection import ComputedConnection
from app.graph.declarations import Declaration, Derived
from app.graph.documents import is_array, stored_fields
from app.graph.edges import Computed, Edge, One, Refs
from app.graph.many import Many
from app.graph.nodes import NodeById
from app.graph.plan.arguments import DEFINITION, Arguments, arguments_of
from app.graph.plan.expressions import ExpressionBuilder
from app.graph.plan.giving_way import NotPlannable
from app.graph.plan.plan import Plan, RootField
from app.graph.plan.selected import SelectedFields, declaration_of
from app.graph.plan.source import Source
from app.graph.plan.steps import (
    ComputedPageStep,
    ConnectionStep,
    EdgeStep,
    ListStep,
    NodesStep,
    PageStep,
    RecordStep,
    SearchStep,
    Selection,
    SelectionByType,
    Step,
)
from app.graph.record import node_types
from app.graph.search import Search

PAGE_INFO = {
    "hasNextPage": "page.has_next",
    "hasPreviousPage": "page.has_previous",
    "startCursor": "cursor(page.docs[0]) if page.docs else None",
    "endCursor": "page.end or (cursor(page.docs[-1]) if page.docs else None)",
}


@dataclass(frozen=True, slots=True)
class Writing:
    """What the expression that is being written belongs to.

    `selection` gets the fields and steps that the expression needs, `builder` its constants. `doc` is the expression of
    the document or embedded object that is written from; "d" is the document that the selection is of.
    """

    selection: Selection
    builder: ExpressionBuilder
    doc: str = "d"

    @property
    def is_embedded(self) -> bool:
        """Whether it writes from an object inside the document."""
        return self.doc != "d"

    def inside(self, doc: str) -> Writing:
        """The same, writing from an object inside the document."""
        return replace(self, doc=doc)


class Compiler:
    """Compiles one operation of one document, for one setting of the variables that its @skip and @include read."""

    def __init__(
        self,
        schema: strawberry.Schema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        conditions: VariableValues,
    ) -> None:
        self.converter, self.config, self.core = schema.schema_converter, schema.config, schema._schema
        self.selected = SelectedFields(schema, document, operation, conditions)
        self.source = Source(operation.name.value if operation.name else "an anonymous operation")
        self.arguments: list[Arguments] = []
        self.scopes: set[Scope] = set()

    def compile(self) -> Plan:
        """The plan, or NotPlannable."""
        query = self.selected.query_type()
        roots = [
            RootField(
                key=key,
                step=self.root(query, key, fields),
                nodes=[details.node for details in fields],
                is_nullable=is_nullable(query, fields[0].node),
            )
            for key, fields in self.selected.roots()
        ]
        return Plan(roots, self.arguments, frozenset(self.scopes), self.source)

    def root(self, query: GraphQLObjectType, key: str, fields: FieldDetailsList) -> Step | str:
        """The step of the root field under the response key `key`; the value of `__typename`."""
        node = fields[0].node
        if node.name.value == "__typename":
            return query.name
        field, declared = declaration_of(query, node)
        if not isinstance(declared, (NodeById, Search, Edge)):
            raise NotPlannable(f"Query.{node.name.value} has no declaration")
        return self.step(declared, field, fields, key)

    def argument(self, field: GraphQLField, node: FieldNode) -> int:
        """The number under which a run finds the field's arguments."""
        self.arguments.append(arguments_of(field, node, self.converter.scalar_registry, self.config))
        return len(self.arguments) - 1

    def step(self, declared: Declaration, field: GraphQLField, fields: FieldDetailsList, path: str) -> Step:
        """The step that reads a field, for the place `path` of the response."""
        args = self.argument(field, fields[0].node)
        if isinstance(declared, NodeById):
            return NodesStep(edge=declared, args=args, path=path, by_type=self.by_type(fields, path))
        target = get_named_type(field.type)
        if not is_object_type(target):
            raise NotPlannable(f"{target.name} is no object")
        if isinstance(declared, Search):
            return self.page_step(SearchStep(edge=declared, args=args, path=path), target, fields)
        if not isinstance(declared, Edge):
            raise NotPlannable(f"{declared.name} is no edge")
        self.scopes.add(declared.scope)
        if isinstance(declared, Many):
            return self.page_step(ConnectionStep(edge=declared, args=args, path=path), target, fields)
        if isinstance(declared, ComputedConnection):
            return self.page_step(ComputedPageStep(edge=declared, args=args, path=path), target, fields)
        is_list = isinstance(declared, Refs) or (isinstance(declared, Computed) and declared.plural)
        step = (ListStep if is_list else RecordStep)(edge=declared, args=args, path=path)
        self.compile_object(step, target, fields)
        return step

    def compile_object(self, selection: Selection, target: GraphQLObjectType, fields: FieldDetailsList) -> None:
        """Give a selection the function that builds the response object of a document."""
        writing = Writing(selection, ExpressionBuilder())
        expression = self.object(writing, target, fields)
        self.compile_function(writing, ["d", "run", *names_below(selection)], expression)

    def compile_function(self, writing: Writing, parameters: list[str], expression: str) -> None:
        """Give a selection the function of an expression that is written."""
        selection, constants = writing.selection, writing.builder.constants
        selection.build = self.source.function(selection.path, parameters, expression, constants)

    def by_type(self, fields: FieldDetailsList, path: str) -> SelectionByType:
        """The selection on each type of record, for a field that may be any; scopes are asked for as they are read."""
        selections = {}
        for name in node_types():
            target = self.core.type_map[name]
            if is_object_type(target):
                selections[name] = Selection(path=path)
                self.compile_object(selections[name], target, fields)
        return SelectionByType(selections=selections)

    def page_step(self, step: PageStep, connection: GraphQLObjectType, fields: FieldDetailsList) -> Step:
        """A step of pages, with the function that builds the response's connection of each page."""
        writing = Writing(step, ExpressionBuilder())
        parts: list[tuple[str, str]] = []
        for key, chosen in self.selected.below(connection, fields):
            name = chosen[0].node.name.value
            step.reads_total |= name == "totalCount"
            step.reads_page |= name in ("nodes", "edges", "pageInfo")
            step.reads_one_more |= name == "pageInfo"
            parts.append((key, self.connection_field(step, writing, connection, name, chosen)))
        below = ["by_type"] if isinstance(step, SearchStep) else names_below(step)
        expression = ExpressionBuilder.dict(parts)
        self.compile_function(writing, ["page", "cursor", "total", "run", *below], expression)
        return step

    def connection_field(
        self, step: PageStep, writing: Writing, connection: GraphQLObjectType, name: str, chosen: FieldDetailsList
    ) -> str:
        """The expression of one field of a connection."""
        if name == "__typename":
            return repr(connection.name)
        if name == "totalCount":
            return "total"
        inner = get_named_type(connection.fields[name].type)
        if name == "nodes":
            return f"[{self.node(step, writing, inner, chosen)} for d in page.docs]"
        if not is_object_type(inner):
            raise NotPlannable(f"{connection.name}.{name} is no object")
        simple = PAGE_INFO if name == "pageInfo" else {"cursor": "cursor(d)"}
        parts = []
        for key, fields in self.selected.below(inner, chosen):
            field = fields[0].node.name.value
            text = repr(inner.name) if field == "__typename" else simple.get(field)
            if text is None:
                text = self.node(step, writing, get_named_type(inner.fields["node"].type), fields)
            parts.append((key, text))
        expression = ExpressionBuilder.dict(parts)
        return expression if name == "pageInfo" else f"[{expression} for d in page.docs]"

    def node(self, step: PageStep, writing: Writing, target: GraphQLNamedType, fields: FieldDetailsList) -> str:
        """The expression of one record of a page, of the document `d`."""
        if isinstance(step, SearchStep):
            step.by_type.append(self.by_type(fields, step.path))
            return f"by_type[{len(step.by_type) - 1}][d['_id']]"
        if not is_object_type(target):
            raise NotPlannable(f"{target.name} is no object")
        return self.object(writing, target, fields)

    def object(self, writing: Writing, target: GraphQLObjectType, fields: FieldDetailsList) -> str:
        """The literal that makes a response object."""
        parts = []
        for key, chosen in self.selected.below(target, fields):
            node = chosen[0].node
            if node.name.value == "__typename":
                parts.append((key, repr(target.name)))
                continue
            field, declared = declaration_of(target, node)
            if declared is None:
                parts.append((key, self.stored(writing, target, field, chosen)))
            elif isinstance(declared, Derived):
                parts.append((key, self.derived(writing, declared, field, node)))
            else:
                parts.append((key, self.edge(writing, declared, field, chosen, key)))
        return ExpressionBuilder.dict(parts)

    def edge(
        self, writing: Writing, declared: Declaration, field: GraphQLField, chosen: FieldDetailsList, key: str
    ) -> str:
        """The expression of an edge: what the step below returned for the document's key."""
        selection = writing.selection
        if not isinstance(declared, Edge) or writing.is_embedded:
            raise NotPlannable(f"{declared.name} is no edge of a record")
        step = self.step(declared, field, chosen, f"{selection.path}.{key}")
        if not isinstance(step, EdgeStep):
            raise NotPlannable(f"{declared.name} is a root field")
        name = f"k{len(selection.below)}"
        selection.below.append(step)
        selection.fields.update(declared.key_fields)
        key_function = writing.builder.constant
        own = f"d[{declared.key_fields[0]!r}]" if has_plain_key(declared) else f"{key_function(declared.key)}(d)"
        value = f"{name}.get({own})"
        return f"need({value})" if isinstance(field.type, GraphQLNonNull) else value

    def derived(self, writing: Writing, declared: Derived, field: GraphQLField, node: FieldNode) -> str:
        """The expression of a field that a pure function computes of stored fields."""
        if not writing.is_embedded:
            writing.selection.fields.update(declared.of)
        at, function = self.argument(field, node), writing.builder.constant(declared.value)
        return writing.builder.leaf(field.type, f"{function}({writing.doc}, run.context.now, run.args[{at}])")

    def stored(self, writing: Writing, parent: GraphQLObjectType, field: GraphQLField, chosen: FieldDetailsList) -> str:
        """The expression of a stored field: a leaf, an object inside the document, or a list of them."""
        model = parent.extensions[DEFINITION].origin
        definition: StrawberryField = field.extensions[DEFINITION]
        stored = {attribute: name for name, attribute in stored_fields(model).items()}.get(definition.python_name)
        if stored is None:
            raise NotPlannable(f"{parent.name}.{definition.python_name} is not stored")
        if not writing.is_embedded:
            writing.selection.fields.add(stored)
        value = stored_value(writing, stored, model.model_fields[definition.python_name])
        inner = get_named_type(field.type)
        if not is_object_type(inner):
            return writing.builder.leaf(field.type, value)
        return self.embedded(writing, field.type, inner, chosen, value)

    def embedded(
        self,
        writing: Writing,
        output: GraphQLOutputType,
        inner: GraphQLObjectType,
        chosen: FieldDetailsList,
        value: str,
    ) -> str:
        """The expression of an object inside the document, or of a list of them."""

        def build(doc: str) -> str:
            return self.object(writing.inside(doc), inner, chosen)

        if not isinstance(output, GraphQLNonNull):
            return writing.builder.nullable(value, build)
        if isinstance(output.of_type, GraphQLList):
            item = writing.builder.variable()
            return f"[{build(item)} for {item} in need({value})]"
        return writing.builder.non_null(value, build)


def stored_value(writing: Writing, stored: str, info: FieldInfo) -> str:
    """The expression of a stored field's value; its default where an older document lacks it."""
    if info.is_required():
        return f"{writing.doc}[{stored!r}]"
    default = info.get_default(call_default_factory=True)
    if default is None:
        return f"{writing.doc}.get({stored!r})"
    return f"{writing.doc}.get({stored!r}, {writing.builder.constant(default)})"


def has_plain_key(edge: Edge) -> bool:
    """Whether the parent's key is one scalar field of it, as it is stored."""
    if len(edge.key_fields) != 1 or not isinstance(edge, (One, Many)):
        return False
    return not is_array(edge.owner, edge.key_fields[0])


def names_below(selection: Selection) -> list[str]:
    """The parameters under which a generated function is given what the steps below returned."""
    return [f"k{number}" for number in range(len(selection.below))]


def is_nullable(parent: GraphQLObjectType, node: FieldNode) -> bool:
    """Whether a field of an object may be null."""
    field = parent.fields.get(node.name.value)
    return field is not None and not isinstance(field.type, GraphQLNonNull)
