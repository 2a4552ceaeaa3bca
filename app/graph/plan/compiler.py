"""An operation compiled to a plan: which edges are read, what of each document, and how the response is made of them.

graphql-core's own `collect_fields` merges fields, fragments and directives, exactly as the specification has it. What
is not covered raises `NotPlannable`, and graphql-core answers the whole operation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from pydantic.fields import FieldInfo
from strawberry.types.field import StrawberryField

from app.access.viewer import Scope
from app.graph.computed_connection import ComputedConnection
from app.graph.declarations import Declaration, Derived
from app.graph.documents import stored_fields
from app.graph.edges import Computed, Edge, One, Refs
from app.graph.many import Many
from app.graph.nodes import NodeById
from app.graph.plan.arguments import DEFINITION, Arguments, arguments_of
from app.graph.plan.expressions import ExpressionBuilder
from app.graph.plan.steps import (
    ComputedPageStep,
    ConnectionStep,
    ListStep,
    NodesStep,
    Plan,
    RecordStep,
    SearchStep,
    Step,
    TypeSteps,
)
from app.graph.record import RECORDS
from app.graph.search import Search

Paging = ConnectionStep | SearchStep | ComputedPageStep
PAGE_INFO = {
    "hasNextPage": "page.has_next",
    "hasPreviousPage": "page.has_previous",
    "startCursor": "cursor(page.docs[0]) if page.docs else None",
    "endCursor": "page.end or (cursor(page.docs[-1]) if page.docs else None)",
}


class NotPlannable(Exception):  # noqa: N818  # a decision, not a fault
    """graphql-core has to do this one; the message says why."""


class Compiler:
    """Compiles one operation of one document, for one setting of what its @skip and @include read."""

    def __init__(
        self,
        schema: strawberry.Schema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        conditions: VariableValues,
    ) -> None:
        self.converter, self.config, self.core = schema.schema_converter, schema.config, schema._schema
        self.operation, self.conditions = operation, conditions
        self.fragments = {
            each.name.value: FragmentDetails(each)
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self.arguments: list[Arguments] = []
        self.scopes: set[Scope] = set()

    def compile(self) -> Plan:
        """The plan, or NotPlannable."""
        query = self.core.query_type
        if self.operation.operation is not OperationType.QUERY or query is None:
            raise NotPlannable("it is not a query")
        collected = collect_fields(self.core, self.fragments, self.conditions, query, self.operation)
        found = collected.grouped_field_set.items()
        roots = [(key, self.root(query, fields), fields[0].node) for key, fields in found]
        return Plan(roots, self.arguments, frozenset(self.scopes))

    def root(self, query: GraphQLObjectType, fields: FieldDetailsList) -> Step | str:
        """The step of one root field."""
        node = fields[0].node
        if node.name.value == "__typename":
            return query.name
        field, declared = self.look_up(query, node)
        if not isinstance(declared, (NodeById, Search, Edge)):
            raise NotPlannable(f"Query.{node.name.value} has no declaration")
        return self.step(
            declared, field, fields, fields[0].node.alias.value if fields[0].node.alias else node.name.value
        )

    def look_up(self, kind: GraphQLObjectType, node: FieldNode) -> tuple[GraphQLField, Declaration | None]:
        """A field of the schema, and what was declared for it."""
        field = kind.fields.get(node.name.value)
        if field is None or DEFINITION not in field.extensions:
            raise NotPlannable(f"{kind.name}.{node.name.value} is graphql-core's own")
        definition: StrawberryField = field.extensions[DEFINITION]
        declared: Declaration | None = definition.metadata.get(Declaration)
        if declared is None and not definition.is_basic_field:
            raise NotPlannable(f"{kind.name}.{node.name.value} has a resolver")
        return field, declared

    def argument(self, field: GraphQLField, node: FieldNode) -> int:
        """The number under which a run finds the field's arguments."""
        self.arguments.append(arguments_of(field, node, self.converter.scalar_registry, self.config))
        return len(self.arguments) - 1

    def below(self, kind: GraphQLObjectType, fields: FieldDetailsList) -> Iterable[tuple[str, FieldDetailsList]]:
        """What is selected of an object, merged: response key → its fields."""
        found = collect_subfields(self.core, self.fragments, self.conditions, self.operation, kind, fields)
        return found.grouped_field_set.items()

    def step(self, declared: Declaration, field: GraphQLField, fields: FieldDetailsList, path: str) -> Step:
        """The step that reads an edge, for the place `path` of the response."""
        arguments = self.argument(field, fields[0].node)
        if isinstance(declared, NodeById):
            return NodesStep(declared, arguments, path, kinds=self.kinds(fields, path))
        if isinstance(declared, Search):
            return self.connection(SearchStep(declared, arguments, path), object_type(field.type), fields)
        if not isinstance(declared, Edge):
            raise NotPlannable(f"{declared.name} is no edge")
        self.scopes.add(declared.scope)
        if isinstance(declared, Many):
            return self.connection(ConnectionStep(declared, arguments, path), object_type(field.type), fields)
        if isinstance(declared, ComputedConnection):
            return self.connection(ComputedPageStep(declared, arguments, path), object_type(field.type), fields)
        several = isinstance(declared, Refs) or (isinstance(declared, Computed) and declared.plural)
        step: Step = ListStep(declared, arguments, path) if several else RecordStep(declared, arguments, path)
        return self.shaped(step, object_type(field.type), fields)

    def shaped(self, step: Step, kind: GraphQLObjectType, fields: FieldDetailsList) -> Step:
        """A step with the function that makes an object of each document."""
        shape = ExpressionBuilder()
        body = self.object(step, shape, kind, fields, "d")
        step.shape = shape.function(["d", "run", *below_names(step)], body)
        return step

    def kinds(self, fields: FieldDetailsList, path: str) -> TypeSteps:
        """A step for each kind of record, for what may be any of them; their scopes are asked for as they are read."""
        steps = {}
        for name in RECORDS:
            kind = self.core.type_map[name]
            if is_object_type(kind):
                steps[name] = self.shaped(Step(None, 0, path), kind, fields)
        return TypeSteps(steps)

    def connection(self, step: Paging, kind: GraphQLObjectType, fields: FieldDetailsList) -> Step:
        """A page: its shape is called with page, cursor, total, run and what the steps below found."""
        shape = ExpressionBuilder()
        parts: list[tuple[str, str]] = []
        for key, chosen in self.below(kind, fields):
            name = chosen[0].node.name.value
            step.reads_total |= name == "totalCount"
            step.reads_page |= name in ("nodes", "edges", "pageInfo")
            step.reads_one_more |= name == "pageInfo"
            parts.append((key, self.of_page(step, shape, kind, name, chosen)))
        below = ["kinds"] if isinstance(step, SearchStep) else below_names(step)
        step.shape = shape.function(["page", "cursor", "total", "run", *below], shape.dict(parts))
        return step

    def of_page(
        self, step: Paging, shape: ExpressionBuilder, kind: GraphQLObjectType, name: str, chosen: FieldDetailsList
    ) -> str:
        """One field of a connection."""
        if name == "__typename":
            return repr(kind.name)
        if name == "totalCount":
            return "total"
        inner = get_named_type(kind.fields[name].type)
        if name == "nodes":
            return f"[{self.node(step, shape, inner, chosen)} for d in page.docs]"
        if not is_object_type(inner):
            raise NotPlannable(f"{kind.name}.{name} is no object")
        simple = PAGE_INFO if name == "pageInfo" else {"cursor": "cursor(d)"}
        parts = []
        for key, fields in self.below(inner, chosen):
            field = fields[0].node.name.value
            text = repr(inner.name) if field == "__typename" else simple.get(field)
            if text is None:
                text = self.node(step, shape, get_named_type(inner.fields["node"].type), fields)
            parts.append((key, text))
        return shape.dict(parts) if name == "pageInfo" else f"[{shape.dict(parts)} for d in page.docs]"

    def node(self, step: Paging, shape: ExpressionBuilder, kind: Any, fields: FieldDetailsList) -> str:
        """One record of a page, of the document `d`."""
        if isinstance(step, SearchStep):
            if not is_abstract_type(kind):
                raise NotPlannable("a search finds any kind")
            at = len(step.kinds)
            step.kinds.append(self.kinds(fields, step.path))
            return f"kinds[{at}][d['_id']]"
        return self.object(step, shape, kind, fields, "d")

    def object(
        self, step: Step, shape: ExpressionBuilder, kind: GraphQLObjectType, fields: FieldDetailsList, d: str
    ) -> str:
        """The literal that makes a response object of the document that the expression `d` gives."""
        parts = []
        for key, chosen in self.below(kind, fields):
            node = chosen[0].node
            if node.name.value == "__typename":
                parts.append((key, repr(kind.name)))
                continue
            field, declared = self.look_up(kind, node)
            if declared is None:
                parts.append((key, self.stored(step, shape, kind, field, chosen, d)))
            elif isinstance(declared, Derived):
                parts.append((key, self.derived(step, shape, declared, field, node, d)))
            else:
                parts.append((key, self.edge(step, shape, declared, field, chosen, d, key)))
        return shape.dict(parts)

    def edge(
        self,
        step: Step,
        shape: ExpressionBuilder,
        declared: Declaration,
        field: GraphQLField,
        chosen: FieldDetailsList,
        d: str,
        key: str,
    ) -> str:
        """What a step below found for this document."""
        if not isinstance(declared, Edge) or d != "d":
            raise NotPlannable(f"{declared.name} is no edge of a record")
        name = f"k{len(step.below)}"
        step.below.append(self.step(declared, field, chosen, f"{step.path}.{key}"))
        step.fields.update(declared.key_fields)
        own = f"d[{declared.key_fields[0]!r}]" if is_plain(declared) else f"{shape.constant(declared.key)}(d)"
        found = f"{name}.get({own})"
        return f"need({found})" if isinstance(field.type, GraphQLNonNull) else found

    def derived(
        self, step: Step, shape: ExpressionBuilder, declared: Derived, field: GraphQLField, node: FieldNode, d: str
    ) -> str:
        """A pure function of stored fields."""
        if d == "d":
            step.fields.update(declared.of)
        at, value = self.argument(field, node), shape.constant(declared.value)
        return shape.leaf(field.type, f"{value}({d}, run.context.now, run.args[{at}])")

    def stored(
        self,
        step: Step,
        shape: ExpressionBuilder,
        kind: GraphQLObjectType,
        field: GraphQLField,
        chosen: FieldDetailsList,
        d: str,
    ) -> str:
        """A stored field: a leaf, an object inside the document, or a list of them."""
        model = kind.extensions[DEFINITION].origin
        definition: StrawberryField = field.extensions[DEFINITION]
        stored = {name: at for at, name in stored_fields(model).items()}.get(definition.python_name)
        if stored is None:
            raise NotPlannable(f"{kind.name}.{definition.python_name} is not stored")
        if d == "d":
            step.fields.add(stored)
        value = stored_value(shape, d, stored, model.model_fields[definition.python_name])
        inner = get_named_type(field.type)
        if not is_object_type(inner):
            return shape.leaf(field.type, value)
        return self.embedded(step, shape, field.type, inner, chosen, value)

    def embedded(
        self,
        step: Step,
        shape: ExpressionBuilder,
        declared: GraphQLOutputType,
        inner: GraphQLObjectType,
        chosen: FieldDetailsList,
        value: str,
    ) -> str:
        """An object inside the document, or a list of them."""
        if isinstance(declared, GraphQLNonNull):
            if isinstance(declared.of_type, GraphQLList):
                item = f"e{len(shape.names)}"
                shape.names[item] = None
                return f"[{self.object(step, shape, inner, chosen, item)} for {item} in need({value})]"
            return shape.bound(value, lambda e: self.object(step, shape, inner, chosen, e))
        return shape.nullable(value, lambda e: self.object(step, shape, inner, chosen, e))


def stored_value(shape: ExpressionBuilder, d: str, stored: str, info: FieldInfo) -> str:
    """The stored field of the document `d`; its default where an older document lacks it."""
    if info.is_required():
        return f"{d}[{stored!r}]"
    default = info.get_default(call_default_factory=True)
    if default is None:
        return f"{d}.get({stored!r})"
    return f"{d}.get({stored!r}, {shape.constant(default)})"


def is_plain(edge: Edge) -> bool:
    """Whether the parent's key is one scalar field of it."""
    return len(edge.key_fields) == 1 and isinstance(edge, (One, Many))


def below_names(step: Step) -> list[str]:
    """The names under which a shape finds what the steps below found."""
    return [f"k{n}" for n in range(len(step.below))]


def object_type(kind: GraphQLOutputType) -> GraphQLObjectType:
    """The object type inside lists and non-nulls."""
    named = get_named_type(kind)
    if not is_object_type(named):
        raise NotPlannable(f"{named.name} is no object")
    return named
