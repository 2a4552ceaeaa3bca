"""Which operations are answered by a plan, and the plans that were made.

An operation has one plan for each setting of the booleans that its @skip and @include read. What is not plannable, and
what a plan finds to be wrong with a request, goes to graphql-core, for the exact errors of the specification; never a
mutation, and never after the database failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import strawberry
from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    get_variable_values,
    visit,
)
from graphql.execution.values import VariableValues

from app.context import Context
from app.graph.plan.compiler import Compiler, NotPlannable
from app.graph.plan.steps import Plan

MAX_VARIANTS = 4


@dataclass
class Counters:
    """How many operations were answered by a plan, and how many were left to graphql-core and why (the latest)."""

    planned: int = 0
    left: int = 0
    reasons: list[str] = field(default_factory=list)

    def leave(self, reason: str) -> None:
        """Count one that is left."""
        self.left += 1
        self.reasons = [*self.reasons[-9:], reason]


@dataclass
class PlannedOperation:
    """An operation of a valid document, and its plans; a reason where one cannot be made."""

    document: DocumentNode
    node: OperationDefinitionNode
    conditions: tuple[str, ...]
    plans: dict[tuple[Any, ...], Plan | str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: DocumentNode, node: OperationDefinitionNode) -> Self:
        """With no plan yet; the document must be valid."""
        conditions = Conditions()
        for each in document.definitions:
            if each is node or isinstance(each, FragmentDefinitionNode):
                visit(each, conditions)
        defined = {each.variable.name.value for each in node.variable_definitions or ()}
        return cls(document, node, tuple(sorted(conditions.names & defined)))


class RunnablePlan(NamedTuple):
    """A plan, and the variables to run it with."""

    plan: Plan
    variables: VariableValues


class Planner:
    """Plans for the operations of one schema."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.schema = schema
        self.counters = Counters()

    async def run(
        self, operation: PlannedOperation, given: Mapping[str, Any], context: Context
    ) -> ExecutionResult | None:
        """The response, or None where graphql-core has to give it."""
        ready = self.find_plan(operation, given, context)
        if isinstance(ready, str):
            self.leave(ready, context)
            return None
        try:
            result = await ready.plan.run(context, ready.variables)
        except TimeoutError:
            raise
        except Exception as why:  # a Denial, a broken document: graphql-core says it at the field where it belongs
            self.leave(f"{type(why).__name__}: {why}", context)
            return None
        self.counters.planned += 1
        return result

    def leave(self, reason: str, context: Context) -> None:
        """Leave an operation to graphql-core, and say why."""
        self.counters.leave(reason)
        context.left_because = reason

    def find_plan(self, operation: PlannedOperation, given: Mapping[str, Any], context: Context) -> RunnablePlan | str:
        """The plan to run and its variables, or why graphql-core has to do it."""
        if operation.node.operation is not OperationType.QUERY:
            return "it is not a query"
        definitions = operation.node.variable_definitions or ()
        variables = get_variable_values(self.schema._schema, definitions, dict(given))
        if not isinstance(variables, VariableValues):
            return "the variables are wrong"
        plan = self.plan(operation, variables)
        if isinstance(plan, str):
            return plan
        return RunnablePlan(plan, variables) if plan.scopes <= context.viewer.scopes else "the viewer lacks a scope"

    def plan(self, operation: PlannedOperation, variables: VariableValues) -> Plan | str:
        """The plan for this setting of the conditions, made where there is none yet."""
        key = tuple(variables.coerced.get(name) for name in operation.conditions)
        if key not in operation.plans:
            if len(operation.plans) >= MAX_VARIANTS:
                return "too many settings of @skip and @include"
            operation.plans[key] = self.compile(operation, variables)
        return operation.plans[key]

    def compile(self, operation: PlannedOperation, variables: VariableValues) -> Plan | str:
        """A plan, or why there is none."""
        try:
            return Compiler(self.schema, operation.document, operation.node, variables).compile()
        except (NotPlannable, GraphQLError) as why:
            return str(why)


class Conditions(Visitor):
    """The variables that the @skip and @include of a document read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value not in ("skip", "include"):
            return
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.names.add(argument.value.name.value)
