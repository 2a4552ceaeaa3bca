"""What a document comes to, in time linear in its length.

Each fragment is weighed once, after the fragments it spreads, so that neither a chain of them nor 2^30 spreads of one
cost more than their text does. The weights are plain sums and products over what a document *may* ask for: upper
bounds, blind to @skip and @include. What is allowed stands in `limits`; what a document means is for validation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

from app.http.argument_cost import Sizes
from app.http.introspection import PICKS, SchemaSizes


@dataclass(slots=True)
class SelectionCost:
    """What a piece of a document comes to, its fragments expanded."""

    depth: int = 0
    input_depth: int = 0
    aliases: int = 0
    root_fields: int = 0
    directives: int = 0
    selections: int = 0
    cost: int = 0
    introspection: int = 0
    inputs: int = 0

    def add(self, other: SelectionCost) -> None:
        """Take in a piece that stands beside the others."""
        self.depth = max(self.depth, other.depth)
        self.input_depth = max(self.input_depth, other.input_depth)
        self.aliases += other.aliases
        self.root_fields += other.root_fields
        self.directives += other.directives
        self.selections += other.selections
        self.cost += other.cost
        self.introspection += other.introspection
        self.inputs += other.inputs


@dataclass(frozen=True, slots=True)
class QueryCost:
    """A document's weight: of its heaviest definition for its shape, of the chosen operation for its cost.

    `sizing_variables` are the variables that set a page's size: with other values of theirs the cost is another one,
    with none of them it holds for the document. `variables` is how much input the variables hold; `inputs` how much
    all arguments do, each as often as its field may be answered, since graphql-core coerces it anew each time.
    `has_sound_fragments` is false where fragments spread themselves or share a name; the cost then means little, and
    validation has to say so before it does anything else.
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
    """One walk over one document."""

    def __init__(
        self,
        schema: GraphQLSchema,
        schema_sizes: SchemaSizes,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self.schema, self.schema_sizes = schema, schema_sizes
        self.operation = operation
        self.sizes = Sizes(operation, variables)
        self.operations = operations_of(document)
        written = [d for d in document.definitions if isinstance(d, FragmentDefinitionNode)]
        self.fragments = {fragment.name.value: fragment for fragment in written}
        self.has_sound_fragments = len(self.fragments) == len(written)
        # By name, and by whether each type is walked once or the document picks them: see `introspection`.
        self.weights: dict[tuple[str, bool], SelectionCost] = {}

    def measure(self) -> QueryCost:
        for name in self._innermost_first():
            fragment = self.fragments[name]
            on = self.schema.type_map.get(fragment.type_condition.name.value)
            for every_type in (False, True) if on is not None and on.name.startswith("__") else (False,):
                self.weights[name, every_type] = self._definition(fragment, on, every_type)
        shape, chosen = SelectionCost(), SelectionCost()
        for operation in self.operations:
            weight = self._definition(operation, self.schema.get_root_type(operation.operation), False)
            _raise_to(shape, weight)
            chosen = weight if operation is self.operation else chosen
        for weight in self.weights.values():
            # A fragment that nothing spreads is validated all the same.
            _raise_to(shape, weight)
        return QueryCost(
            shape,
            chosen.cost,
            chosen.introspection,
            sum(self.sizes.weights.values()) // 10,
            chosen.inputs // 10,
            self.operation.operation is OperationType.QUERY,
            frozenset(self.sizes.variables),
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
        weight = self._selections(definition.selection_set, on, every_type)
        self._directives(weight, definition.directives)
        for variable in definition.variable_definitions or ():
            self._directives(weight, variable.directives)
            if variable.default_value is not None:
                weight.input_depth = max(weight.input_depth, _nesting([variable.default_value]))
        return weight

    def _selections(
        self, selection_set: SelectionSetNode, on: GraphQLNamedType | None, every_type: bool
    ) -> SelectionCost:
        """The weight of a selection set on a type; it recurses no deeper than the parser lets one definition nest."""
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
                # Walked once or picked makes a difference for introspection alone.
                known = self.weights.get((name, every_type)) or self.weights.get((name, False))
                total.add(known or SelectionCost())
        return total

    def _field(self, node: FieldNode, on: GraphQLNamedType | None, every_type: bool) -> SelectionCost:
        name = node.name.value
        field = self.schema.get_field(on, name) if isinstance(on, (GraphQLObjectType, GraphQLInterfaceType)) else None
        returns = get_named_type(field.type) if field is not None else None
        is_about_schema = name in ("__schema", "__type") or (on is not None and on.name.startswith("__"))
        weight = SelectionCost()
        if node.selection_set is not None:
            goes_on = is_about_schema and (name == "types" or (every_type and name not in PICKS))
            weight = self._selections(node.selection_set, returns, goes_on)
        # A chain of `ofType` unwraps one type; it is long in the standard query, and leads nowhere.
        weight.depth += 0 if is_about_schema and name == "ofType" else 1
        weight.selections += 1
        weight.aliases += node.alias is not None
        weight.root_fields = 1
        if is_about_schema:
            weight.introspection = self.schema_sizes.facts(name, every_type, 1 + weight.introspection)
        elif field is not None:
            size = self.sizes.of(node, field)
            weight.cost = (int(_is_record(returns)) + weight.cost) * size + self.sizes.behind(node, field)
            weight.inputs *= max(1, size)
        if node.arguments:
            self._values(weight, [a.value for a in node.arguments])
        return weight

    def _values(self, weight: SelectionCost, values: Sequence[ValueNode]) -> None:
        """Take in the values of arguments."""
        weight.input_depth = max(weight.input_depth, _nesting(values))
        weight.inputs += self.sizes.input(values)

    def _directives(
        self, weight: SelectionCost, directives: Sequence[DirectiveNode | ConstDirectiveNode] | None
    ) -> None:
        for directive in directives or ():
            weight.directives += 1
            self._values(weight, [a.value for a in directive.arguments or ()])


def _is_record(named: GraphQLNamedType | None) -> bool:
    """Whether a field gives records, and not a leaf or one of Relay's wrappers around them."""
    return is_composite_type(named) and not named.name.endswith(("Connection", "Edge", "PageInfo"))


def _raise_to(widest: SelectionCost, weight: SelectionCost) -> None:
    """Take the greater of each."""
    for limit in SelectionCost.__slots__:
        setattr(widest, limit, max(getattr(widest, limit), getattr(weight, limit)))


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
