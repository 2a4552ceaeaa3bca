"""How a request was answered, told in `extensions.plan` to a viewer who may know and asks with `X-Explain: plan`.

Such a request is run over a client of its own, which hears of its commands; the client that serves all others does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pymongo
from graphql import ExecutionResult
from pymongo.errors import PyMongoError

from app.access.viewer import Scope
from app.context import Context
from app.graph.edges import forbidden
from app.graph.plan.explain import outline, reads_of
from app.http.execution import Execution
from app.http.prepare import PreparedDocument
from app.mongo.client import Client, Store, database
from app.mongo.trace import TRACE, Trace

HEADER = "x-explain"
EXPLAIN_SECONDS = 3.0


class Explainer:
    """Runs operations as `execution` does, and tells how."""

    def __init__(self, execution: Execution, connect: Callable[[], Client]) -> None:
        self.execution = execution
        self.connect = connect
        self.client: Client | None = None

    async def run(self, prepared: PreparedDocument, variables: Mapping[str, Any], context: Context) -> ExecutionResult:
        """The result, with the plan among its extensions; FORBIDDEN for a viewer without the scope."""
        if not context.viewer.may(Scope.EXPLAIN):
            raise forbidden(Scope.EXPLAIN)
        context.store, context.coalescer = self.traced(context.store), None
        trace = Trace()
        token = TRACE.set(trace)
        try:
            result = await self.execution.run(prepared, variables, context)
        finally:
            TRACE.reset(token)
        because = context.left_because if self.execution.planning else "planning is off"
        plan: dict[str, Any] = {"answeredBy": "graphql-core", "because": because} if because else {"answeredBy": "plan"}
        plan["reads"] = await self.told(context.store, trace)
        return ExecutionResult(result.data, result.errors, {"plan": plan})

    async def told(self, store: Store, trace: Trace) -> list[dict[str, Any]]:
        """The reads, with what the database says of each as far as it says so in time."""
        try:
            with pymongo.timeout(EXPLAIN_SECONDS):
                return await reads_of(store, trace)
        except PyMongoError:
            return outline(trace)

    def traced(self, store: Store) -> Store:
        """The same database, over the client that hears of its commands."""
        self.client = self.client or self.connect()
        return database(self.client, store.name)

    async def close(self) -> None:
        """Close that client, if there was one."""
        if self.client is not None:
            await self.client.close()
