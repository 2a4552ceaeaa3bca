"""`customer-graph explain`: a query is run, and its reads are shown as a tree, each below the one it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.tree import Tree

from app.access.viewer import LOCAL_ADMIN
from app.context import Context
from app.errors import SetupError
from app.http.execution import Execution
from app.http.explaining import Explainer
from app.http.masking import mask_errors
from app.http.prepare import Preparation, RequestErrors
from app.main import open_store
from app.mongo.client import connect
from app.mongo.trace import Tracer
from app.schema import build_schema
from app.settings import Settings


async def explain(query: str, variables: Mapping[str, Any], settings: Settings, uri: str) -> dict[str, Any]:
    """What the server would tell in `extensions.plan`, and whether the answer had errors.

    Raises SetupError where the query cannot be run.
    """
    execution = Execution(build_schema(), settings.request_seconds, planning=settings.planning)
    explaining = Explainer(execution, lambda: connect(uri, Tracer()))
    try:
        prepared = Preparation(build_schema()._schema, settings).prepare(query, None, variables)
    except RequestErrors as refused:
        raise SetupError("; ".join(error["message"] for error in mask_errors(refused.errors, "explain"))) from None
    async with open_store(uri, settings.database) as store:
        try:
            result = await explaining.run(prepared, variables, Context(store=store, viewer=LOCAL_ADMIN))
        finally:
            await explaining.close()
    for error in mask_errors(result.errors or [], "explain"):
        Console(stderr=True).print(f"{error.get('path')}: {error['message']}", markup=False)
    plan: dict[str, Any] = (result.extensions or {})["plan"]
    return plan | {"failed": bool(result.errors)}


def tree(plan: Mapping[str, Any]) -> Tree:
    """The reads of a plan, by their places in the response."""
    because = f" ({plan['because']})" if "because" in plan else ""
    root = Tree(f"answered by {'a plan' if plan['answeredBy'] == 'plan' else 'graphql-core'}{because}")
    branches: dict[str, Tree] = {"": root}
    for read in plan["reads"]:
        parent = read["path"].rpartition(".")[0]
        while parent not in branches:
            parent = parent.rpartition(".")[0]
        branches[read["path"]] = branches[parent].add(told(read))
    return root


def told(read: Mapping[str, Any]) -> str:
    """One read in two lines."""
    head = f"{read['path'] or '(no plan)'}: {read['command']} {read['collection']}, {read['milliseconds']} ms"
    examined = f"{read['documentsExamined']} documents and {read['keysExamined']} keys examined"
    indexes = ", ".join(read["indexes"] or ()) or "none"
    return f"{head}\n{examined}, {read['returned']} returned; index: {indexes}"
