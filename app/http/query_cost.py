"""What a document costs, in time linear in its length.

Each fragment is visited once, after the fragments that it spreads, so that neither a chain of them nor 2^30 spreads of
one take longer than their text. The costs are sums and products over what a document *may* ask for: upper bounds, which
take every @skip and @include for granted. What is allowed stands in `limits`; whether a document is valid is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    ConstDirectiveNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    is_composite_type,
)

from app.http.argument_cost import ArgumentCosts
from app.http.introspection import PICKS, SchemaSizes


@dataclass(slots=True)
class SelectionCost:
    """What a part of a document costs, with its fragments expanded.

    `records` is how many it may return, `introspection` how many facts of the schema, `inputs` how much input its
    arguments are (in tenths, see `argument_cost`); the others count what their names say, depths at their deepest.
    """

    depth: int = 0
    input_depth: int = 0
    aliases: int = 0
    root_fields: int = 0
    directives: int = 0
    selections: int = 0
    records: int = 0
    introspection: int = 0
    inputs: int = 0

    def add(self, other: SelectionCost) -> None:
        """Add the cost of a part that stands beside this one."""
        self.depth = max(self.depth, other.depth)
        self.input_depth = max(self.input_depth, other.input_depth)
        self.aliases += other.aliases
        self.root_fields += other.root_fields
        self.directives += other.directives
        self.selections += other.selections
        self.records += other.records
        self.introspection += other.introspection
        self.inputs += other.inputs

    def raise_to(self, other: SelectionCost) -> None:
        """Make each number the greater of this one's and the other's."""
        for name in SelectionCost.__slots__:
            setattr(self, name, max(getattr(self, name), getattr(other, name)))


@dataclass(frozen=True, slots=True)
class QueryCost:
    """What a document costs: its `shape`, number by number, that of its dearest definition, all else that of the
    operation that is run.

    `cost` is how many records may be returned, `introspection` how many facts of the schema. `variables` is how many
    lists and objects the variables hold, ten other values counting as one; `inputs` the same of all arguments, each as
    often as its field may be answered, since graphql-core coerces it anew each time. `sizing_variables` are the names
    of the variables that say how many records: with other values of theirs, and only then, `cost` is another one.
    `has_sound_fragments` is false where fragments spread themselves or share a name: the numbers then mean little.
    """

    shape: SelectionCost
    cost: int
    introspection: int
    variables: int
    inputs: int
    is_query: bool
    sizing_variables: frozenset[str]
    has_sound_fragments: bool


class CostVisitor:
    """Visits every definition of one document once, and adds up what it costs."""

    def __init__(
        self,
        schema: GraphQLSchema,
        schema_sizes: SchemaSizes,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, object],
    ) -> None:
        self.schema, self.schema_sizes = schema, schema_sizes
        self.operation = operation
        self.arguments = ArgumentCosts(operation, variables)
        self.operations = operations_of(document)
        written = [d for d in document.definitions if isinstance(d, FragmentDefinitionNode)]
        self.fragments = {fragment.name.value: fragment for fragment in written}
        self.has_sound_fragments = len(self.fragments) == len(written)
        # By name, and by whether each type of the schema is visited once or the document picks them: `introspection`.
        self.fragment_costs: dict[tuple[str, bool], SelectionCost] = {}

    def measure(self) -> QueryCost:
        """The cost of the document."""
        for name in self._innermost_first():
            fragment = self.fragments[name]
            on = self.schema.type_map.get(fragment.type_condition.name.value)
            for every_type in (False, True) if on is not None and on.name.startswith("__") else (False,):
                self.fragment_costs[name, every_type] = self._definition(fragment, on, every_type)
        shape, chosen = SelectionCost(), SelectionCost()
        for operation in self.operations:
            cost = self._definition(operation, self.schema.get_root_type(operation.operation), False)
            shape.raise_to(cost)
            chosen = cost if operation is self.operation else chosen
        for cost in self.fragment_costs.values():
            # A fragment that nothing spreads is validated all the same.
            shape.raise_to(cost)
        return QueryCost(
            shape,
            chosen.records,
            chosen.introspection,
            sum(self.arguments.variable_inputs.values()) // 10,
            chosen.inputs // 10,
            self.operation.operation is OperationType.QUERY,
            frozenset(self.arguments.sizing_variables),
            self.has_sound_fragments,
        )

    def _innermost_first(self) -> Iterator[str]:
        """The fragments' names, each after those it spreads; without recursion, since a chain may be long."""
        spread = {name: iter(_spreads(fragment.selection_set)) for name, fragment in self.fragments.items()}
        finished: set[str] = set()
        for root in spread:
            path = {root: None} if root not in finished else {}
            while path:
                name = next(reversed(path))
                inner = next((s for s in spread[name] if s in spread and s not in finished), None)
                if inner is None:
                    path.popitem()
                    finished.add(name)
                    yield name
                elif inner in path:
                    self.has_sound_fragments = False
                else:
                    path[inner] = None

    def _definition(
        self,
        definition: OperationDefinitionNode | FragmentDefinitionNode,
        on: GraphQLNamedType | None,
        every_type: bool,
    ) -> SelectionCost:
        """The cost of an operation or fragment on a type; `every_type` as in `SchemaSizes.count_facts`."""
        cost = self._selections(definition.selection_set, on, every_type)
        self._directives(cost, definition.directives)
        for variable in definition.variable_definitions or ():
            self._directives(cost, variable.directives)
            if variable.default_value is not None:
                cost.input_depth = max(cost.input_depth, _nesting([variable.default_value]))
        return cost

    def _selections(
        self, selection_set: SelectionSetNode, on: GraphQLNamedType | None, every_type: bool
    ) -> SelectionCost:
        """The cost of a selection set on a type; it recurses no deeper than the parser lets one definition nest."""
        total = SelectionCost()
        for selection in selection_set.selections:
            self._directives(total, selection.directives)
            if isinstance(selection, FieldNode):
                total.add(self._field(selection, on, every_type))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self.schema.type_map.get(condition.name.value) if condition else on
                total.add(self._selections(selection.selection_set, inner, every_type))
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                # It was visited under both only where it is about the schema.
                known = self.fragment_costs.get((name, every_type)) or self.fragment_costs.get((name, False))
                total.add(known or SelectionCost())
        return total

    def _field(self, node: FieldNode, on: GraphQLNamedType | None, every_type: bool) -> SelectionCost:
        """The cost of a field of a type, with all that is selected below it."""
        name = node.name.value
        field = self.schema.get_field(on, name) if isinstance(on, (GraphQLObjectType, GraphQLInterfaceType)) else None
        returns = get_named_type(field.type) if field is not None else None
        is_about_schema = name in ("__schema", "__type") or (on is not None and on.name.startswith("__"))
        cost = SelectionCost()
        if node.selection_set is not None:
            goes_on = is_about_schema and (name == "types" or (every_type and name not in PICKS))
            cost = self._selections(node.selection_set, returns, goes_on)
        # A chain of `ofType` unwraps one type; it is long in the standard query, and leads nowhere.
        cost.depth += 0 if is_about_schema and name == "ofType" else 1
        cost.selections += 1
        cost.aliases += node.alias is not None
        cost.root_fields = 1
        if is_about_schema:
            cost.introspection = self.schema_sizes.count_facts(name, every_type, 1 + cost.introspection)
        elif field is not None:
            size = self.arguments.records_given(node, field)
            behind = self.arguments.records_behind(node, field)
            cost.records = (int(_is_record(returns)) + cost.records) * size + behind
            cost.inputs *= max(1, size)
        if node.arguments:
            self._values(cost, [a.value for a in node.arguments])
        return cost

    def _values(self, cost: SelectionCost, values: Sequence[ValueNode]) -> None:
        """Add what the values of arguments cost."""
        cost.input_depth = max(cost.input_depth, _nesting(values))
        cost.inputs += self.arguments.input_size(values)

    def _directives(self, cost: SelectionCost, directives: Sequence[DirectiveNode | ConstDirectiveNode] | None) -> None:
        """Add what directives and their arguments cost."""
        for directive in directives or ():
            cost.directives += 1
            self._values(cost, [a.value for a in directive.arguments or ()])


def _is_record(named: GraphQLNamedType | None) -> bool:
    """Whether a field gives records, and not a leaf or one of Relay's wrappers around them."""
    return is_composite_type(named) and not named.name.endswith(("Connection", "Edge", "PageInfo"))


def operations_of(document: DocumentNode) -> list[OperationDefinitionNode]:
    """The operations of a document, in its order."""
    return [definition for definition in document.definitions if isinstance(definition, OperationDefinitionNode)]


def _spreads(selection_set: SelectionSetNode) -> Iterator[str]:
    """The fragments that a selection set names, at any depth."""
    waiting = [selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            elif isinstance(selection, (FieldNode, InlineFragmentNode)) and selection.selection_set is not None:
                waiting.append(selection.selection_set)


def _nesting(values: Iterable[ValueNode]) -> int:
    """How deep lists and objects nest in input values."""
    level: list[ValueNode] = list(values)
    depth = 0
    while level := [value for value in level if isinstance(value, (ListValueNode, ObjectValueNode))]:
        depth += 1
        level = [
            inner
            for value in level
            for inner in (value.values if isinstance(value, ListValueNode) else [f.value for f in value.fields])
        ]
    return depth
