"""`customer-graph explain`: runs a query and prints the report of its reads as a tree, each below the one it waits for.

The report is that of `http/explaining.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

from rich.console import Console
from rich.tree import Tree

from app.access.viewer import LOCAL_ADMIN
from app.context import Context
from app.errors import SetupError
from app.http.execution import Execution
from app.http.explaining import Explainer, PlanReport, ReadReport
from app.http.masking import mask_errors
from app.http.prepare import Preparation, RequestErrors
from app.main import open_store
from app.mongo.client import connect
from app.mongo.trace import Tracer
from app.schema import build_schema
from app.settings import Settings


class ExplainedQuery(NamedTuple):
    """The report of a query that was run, and whether its answer has errors."""

    report: PlanReport
    has_errors: bool


async def explain(query: str, variables: Mapping[str, object], settings: Settings, uri: str) -> ExplainedQuery:
    """Run a query against the database at `uri`. The errors in its answer go to stderr.

    Raises SetupError where the query cannot be run.
    """
    execution = Execution(build_schema(), settings.request_seconds, planning=settings.planning)
    explainer = Explainer(execution, lambda: connect(uri, Tracer()))
    try:
        prepared = Preparation(build_schema()._schema, settings).prepare(query, None, variables)
    except RequestErrors as refused:
        raise SetupError("; ".join(error["message"] for error in mask_errors(refused.errors, "explain"))) from None
    async with open_store(uri, settings.database) as store:
        try:
            result = await explainer.run(prepared, variables, Context(store=store, viewer=LOCAL_ADMIN))
        finally:
            await explainer.close()
    for error in mask_errors(result.errors or [], "explain"):
        Console(stderr=True).print(f"{error.get('path')}: {error['message']}", markup=False)
    report = cast(PlanReport, (result.extensions or {})["plan"])
    return ExplainedQuery(report, bool(result.errors))


def build_tree(report: PlanReport) -> Tree:
    """The reads of a report, by their places in the response."""
    because = f" ({report['because']})" if "because" in report else ""
    root = Tree(f"answered by {'a plan' if report['answeredBy'] == 'plan' else 'graphql-core'}{because}")
    branches: dict[str, Tree] = {"": root}
    for read in report["reads"]:
        parent = read["path"].rpartition(".")[0]
        while parent not in branches:
            parent = parent.rpartition(".")[0]
        branches[read["path"]] = branches[parent].add(format_read(read))
    return root


def format_read(read: ReadReport) -> str:
    """One read in two lines."""
    head = f"{read['path'] or '(no plan)'}: {read['command']} {read['collection']}, {read['milliseconds']} ms"
    examined = f"{read['documentsExamined']} documents and {read['keysExamined']} keys examined"
    indexes = ", ".join(read["indexes"] or ()) or "none"
    return f"{head}\n{examined}, {read['returned']} returned; index: {indexes}"
