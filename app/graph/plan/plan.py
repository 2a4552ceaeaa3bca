"""A compiled operation, and how it is run: its root fields at the same time, then one response of what they return.

A root field that is refused, or whose database failed, is null with the error at its place; so is an item of `nodes`
that is refused. Whatever is refused further down is left to graphql-core.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graphql import ExecutionResult, FieldNode, GraphQLError, located_error
from graphql.execution.values import VariableValues
from pymongo.errors import PyMongoError

from app.access.viewer import Scope
from app.context import Context
from app.errors import Denial
from app.graph.declarations import Args
from app.graph.plan.giving_way import StepDenied
from app.graph.plan.source import Source
from app.graph.plan.steps import NodesStep, PlanRun, ResponseValue, Step
from app.mongo.trace import TRACE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RootField:
    """A root field under its response key: the step that reads it, or its value where that is known beforehand.

    `nodes` are its places in the document, for the locations of its errors. Where it is not `is_nullable`, an error of
    it nulls the whole of `data`.
    """

    key: str
    step: Step | str
    nodes: Sequence[FieldNode]
    is_nullable: bool

    async def read(self, run: PlanRun) -> ResponseValue:
        """Its value; StepDenied where the field itself was refused."""
        return self.step if isinstance(self.step, str) else (await self.step.run(run, [None])).get(None)

    def completed(self, value: ResponseValue) -> tuple[ResponseValue, list[GraphQLError]]:
        """Its value as the response has it, and the errors to report, of what `read` returned or raised.

        What was raised and cannot be told at this field is raised again.
        """
        if isinstance(value, StepDenied) and value.step is self.step and self.is_nullable:
            return None, [located_error(value.denial, self.nodes, [self.key])]
        if isinstance(value, PyMongoError):
            return None, [located_error(value, self.nodes, [self.key])]
        if isinstance(value, BaseException):
            raise value
        if not isinstance(self.step, NodesStep) or not isinstance(value, list):
            return value, []
        errors = [
            located_error(item, self.nodes, [self.key, at]) for at, item in enumerate(value) if isinstance(item, Denial)
        ]
        return [None if isinstance(item, Denial) else item for item in value] if errors else value, errors


@dataclass
class Plan:
    """An operation, ready to run: its root fields, and how the arguments of every field come from the variables.

    `scopes` are those that its edges are read under; `source` is that of the functions generated for it.
    """

    roots: Sequence[RootField]
    arguments: Sequence[Callable[[VariableValues], Args]]
    scopes: frozenset[Scope]
    source: Source

    async def run(self, context: Context, variables: VariableValues) -> ExecutionResult:
        """The response. Raises NeedsGraphQLCore, a Denial or a GraphQLError where graphql-core has to answer."""
        run = PlanRun(context, [arguments(variables) for arguments in self.arguments], TRACE.get() is not None)
        values = await gather_roots([root.read(run) for root in self.roots])
        data: dict[str, ResponseValue] = {}
        errors: list[GraphQLError] = []
        for root, value in zip(self.roots, values, strict=True):
            data[root.key], raised = root.completed(value)
            errors += raised
        is_null = any(data[root.key] is None and not root.is_nullable for root in self.roots)
        return ExecutionResult(None if is_null else data, errors or None)


async def gather_roots(roots: Sequence[Coroutine[object, object, T]]) -> list[T | BaseException]:
    """What each returns or raises; one alone needs no task of its own."""
    if len(roots) != 1:
        return await asyncio.gather(*roots, return_exceptions=True)
    try:
        return [await roots[0]]
    except (PyMongoError, StepDenied) as error:
        return [error]
