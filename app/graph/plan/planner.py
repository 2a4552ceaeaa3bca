"""Which operations are answered by a plan, and the plans that were made.

An operation has one plan for each setting of the booleans that its @skip and @include read. What no plan covers, and
what a plan finds wrong with a request below its root fields, goes to graphql-core, for the exact errors of the
specification. So does an operation whose plan fails by a fault of the program: that is logged and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple, Self

import strawberry
import structlog
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
from app.errors import Denial
from app.graph.plan.compiler import Compiler
from app.graph.plan.giving_way import NeedsGraphQLCore, NotPlannable
from app.graph.plan.plan import Plan
from app.graph.plan.source import Source

MAX_VARIANTS = 4

log = structlog.get_logger(__name__)


@dataclass
class Counters:
    """How many operations a plan answered (`planned`), and how many were left to graphql-core (`left`).

    `failed` counts the plans that met a fault of the program. `reasons` are the latest reasons for leaving one.
    """

    planned: int = 0
    left: int = 0
    failed: int = 0
    reasons: list[str] = field(default_factory=list)

    def leave(self, reason: str) -> None:
        """Count one that is left."""
        self.left += 1
        self.reasons = [*self.reasons[-9:], reason]


@dataclass
class PlannedOperation:
    """An operation of a valid document, and its plans by the values of `conditions`; a reason where there is none."""

    document: DocumentNode
    node: OperationDefinitionNode
    conditions: tuple[str, ...]
    plans: dict[tuple[object, ...], Plan | str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: DocumentNode, node: OperationDefinitionNode) -> Self:
        """With no plan yet; the document must be valid."""
        conditions = Conditions()
        for definition in document.definitions:
            if definition is node or isinstance(definition, FragmentDefinitionNode):
                visit(definition, conditions)
        defined = {definition.variable.name.value for definition in node.variable_definitions or ()}
        return cls(document, node, tuple(sorted(conditions.names & defined)))

    @property
    def name(self) -> str | None:
        """The operation's name."""
        return self.node.name.value if self.node.name else None

    @property
    def document_hash(self) -> str | None:
        """The SHA-256 of the document's text, by which persisted queries and trusted documents are known as well."""
        location = self.document.loc
        return sha256(location.source.body.encode()).hexdigest() if location else None


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
        self, operation: PlannedOperation, given: Mapping[str, object], context: Context
    ) -> ExecutionResult | None:
        """The response, or None where graphql-core has to give it."""
        runnable = self.find_plan(operation, given, context)
        if isinstance(runnable, str):
            self.leave(runnable, context)
            return None
        try:
            result = await runnable.plan.run(context, runnable.variables)
        except NeedsGraphQLCore as why:
            self.leave(str(why), context)
            return None
        except (Denial, GraphQLError) as why:
            self.leave(f"{type(why).__name__}: {why}", context)
            return None
        except TimeoutError:
            raise
        except Exception as error:
            self.leave(self.report_fault(operation, error, runnable.plan.source), context)
            return None
        self.counters.planned += 1
        return result

    def leave(self, reason: str, context: Context) -> None:
        """Leave an operation to graphql-core, and say why."""
        self.counters.leave(reason)
        context.left_because = reason

    def report_fault(self, operation: PlannedOperation, error: Exception, source: Source) -> str:
        """Log and count a fault of the program, met while a plan was made or run. It returns the reason for leaving."""
        self.counters.failed += 1
        log.error(
            "plan failed",
            operation=operation.name,
            document=operation.document_hash,
            exception=source.traceback(error),
        )
        return f"its plan failed with {type(error).__name__}, which is logged"

    def find_plan(
        self, operation: PlannedOperation, given: Mapping[str, object], context: Context
    ) -> RunnablePlan | str:
        """The plan to run and its variables, or why graphql-core has to answer."""
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
        compiler = Compiler(self.schema, operation.document, operation.node, variables)
        try:
            return compiler.compile()
        except (NotPlannable, GraphQLError) as why:
            return str(why)
        except Exception as error:
            return self.report_fault(operation, error, compiler.source)


class Conditions(Visitor):
    """The variables that the @skip and @include of a document read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if node.name.value not in ("skip", "include"):
            return
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.names.add(argument.value.name.value)
