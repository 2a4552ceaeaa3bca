"""Runs a prepared operation within the deadline of a request: by its plan, else by graphql-core.

graphql-core is called with the document that was parsed and validated already; Strawberry's own `Schema.execute` takes
text only and would do both again. Strawberry's extensions are not run; limits and masking stand in this room instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from inspect import isawaitable

import pymongo
import strawberry
from graphql import ExecutionResult, execute
from strawberry.execution import optimized_is_awaitable

from app.context import Context
from app.errors import SetupError
from app.graph.plan.planner import Planner
from app.http.prepare import PreparedDocument

DATABASE_SHARE = 0.95
"""The database's share of the deadline, so that what it misses is an error of one field, not of the whole request."""


class Execution:
    """Runs the operations of one schema."""

    def __init__(self, schema: strawberry.Schema, request_seconds: float, *, planning: bool = True) -> None:
        if schema.extensions or schema.directives:
            raise SetupError("The schema has extensions or directives of Strawberry's, which the server does not run.")
        self.schema = schema
        self.request_seconds = request_seconds
        self.planner = Planner(schema)
        self.planning = planning

    async def run(
        self, prepared: PreparedDocument, variables: Mapping[str, object], context: Context
    ) -> ExecutionResult:
        """The result, errors included; raises TimeoutError at the deadline, where commands end in the database, too."""
        seconds = max(self.request_seconds, prepared.seconds / DATABASE_SHARE)
        with pymongo.timeout(seconds * DATABASE_SHARE):
            async with asyncio.timeout(seconds):
                planned = await self.planner.run(prepared.planned, variables, context) if self.planning else None
                return planned or await self.execute_by_graphql_core(prepared, variables, context)

    async def execute_by_graphql_core(
        self, prepared: PreparedDocument, variables: Mapping[str, object], context: Context
    ) -> ExecutionResult:
        """The result of graphql-core, field by field: for what no plan covers, or a plan finds wrong with a request."""
        operation_name = prepared.operation.name
        result = execute(
            self.schema._schema,  # graphql-core's schema has no public name
            prepared.document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation_name.value if operation_name else None,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # a TypeGuard in all but its annotation
            executor_class=self.schema.execution_context_class,
        )
        return await result if isawaitable(result) else result
