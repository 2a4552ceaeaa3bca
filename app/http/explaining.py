"""The plan of a request, reported in `extensions.plan` to a viewer with the scope, who asks by `X-Explain: plan`.

A request that is explained runs over a client of its own, whose commands are traced, so that all others cost nothing
more. `mongo/trace.py` records the commands and asks MongoDB how it answers one; here they become a report.
`customer-graph explain` prints the same report (`cli/explaining.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NotRequired, TypedDict

import pymongo
from graphql import ExecutionResult
from pymongo.errors import PyMongoError

from app.access.viewer import Scope
from app.context import Context
from app.graph.edges import forbidden
from app.http.execution import Execution
from app.http.prepare import PreparedDocument
from app.mongo.client import Client, Doc, Store, database
from app.mongo.trace import TRACE, Command, ExecutionStats, Trace, explain, without_values

HEADER = "x-explain"
EXPLAIN_SECONDS = 3.0


class ReadReport(TypedDict):
    """One command that read something. What only the database can say is None where it did not say so in time."""

    path: str
    collection: str
    command: str
    filter: object
    indexes: list[str] | None
    keysExamined: int | None
    documentsExamined: int | None
    returned: int
    milliseconds: float


class PlanReport(TypedDict):
    """How a request was answered: by a plan, or by graphql-core and why; and its reads in the order they were sent."""

    answeredBy: str
    because: NotRequired[str]
    reads: list[ReadReport]


class Explainer:
    """Runs operations as `execution` does, and reports how they were answered."""

    def __init__(self, execution: Execution, connect: Callable[[], Client]) -> None:
        self.execution = execution
        self.connect = connect
        self.client: Client | None = None

    async def run(
        self, prepared: PreparedDocument, variables: Mapping[str, object], context: Context
    ) -> ExecutionResult:
        """The result, with a `PlanReport` as its extension `plan`; raises Forbidden for a viewer without the scope."""
        if not context.viewer.may(Scope.EXPLAIN):
            raise forbidden(Scope.EXPLAIN)
        context.store, context.coalescer = self.traced_store(context.store), None
        trace = Trace()
        token = TRACE.set(trace)
        try:
            result = await self.execution.run(prepared, variables, context)
        finally:
            TRACE.reset(token)
        because = context.left_because if self.execution.planning else "planning is off"
        reads = await report_reads(context.store, trace)
        report: PlanReport = {"answeredBy": "plan", "reads": reads}
        if because:
            report = {"answeredBy": "graphql-core", "because": because, "reads": reads}
        return ExecutionResult(result.data, result.errors, {"plan": report})

    def traced_store(self, store: Store) -> Store:
        """The same database, over the client whose commands are traced; made at the first request."""
        self.client = self.client or self.connect()
        return database(self.client, store.name)

    async def close(self) -> None:
        """Close that client, if there is one."""
        if self.client is not None:
            await self.client.close()


async def report_reads(store: Store, trace: Trace) -> list[ReadReport]:
    """A report of each command, which is run once more to have MongoDB explain it; without that where time is up."""
    try:
        with pymongo.timeout(EXPLAIN_SECONDS):
            return [report_read(each, await explain(store, each.command)) for each in trace.commands]
    except PyMongoError:
        return [report_read(each, None) for each in trace.commands]


def report_read(command: Command, stats: ExecutionStats | None) -> ReadReport:
    """The report of one command."""
    return {
        "path": command.label,
        "collection": command.collection,
        "command": "find" if "find" in command.command else "aggregate",
        "filter": without_values(filter_of(command.command)),
        "indexes": list(stats.indexes) if stats else None,
        "keysExamined": stats.keys_examined if stats else None,
        "documentsExamined": stats.documents_examined if stats else None,
        "returned": command.returned,
        "milliseconds": round(command.milliseconds, 2),
    }


def filter_of(command: Doc) -> object:
    """What a command looks for: the filter of a find, or the `$match` stages of a pipeline or of its look-ups."""
    if "find" in command:
        return command["filter"]
    matches = [stage["$match"] for stage in command["pipeline"] if "$match" in stage]
    looked_up = [
        inner["$match"]
        for stage in command["pipeline"]
        if "$lookup" in stage
        for inner in stage["$lookup"]["pipeline"]
        if "$match" in inner
    ]
    return matches or looked_up
