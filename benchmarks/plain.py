"""Plain Strawberry: the same schema and loaders behind Strawberry's own ASGI view, as one would serve them.

It parses, validates and executes by graphql-core for each request; no limits, no cache of documents, no plans.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from app.access.viewer import LOCAL_ADMIN
from app.context import Context
from app.http.serving import freeze_gc
from app.mongo.client import connect, database
from app.schema import build_schema


class View(GraphQL[Context, None]):
    """Strawberry's view, with the context that the resolvers expect."""

    async def get_context(self, request: Request | WebSocket, response: Any) -> Context:
        return Context(store=request.app.state.store, viewer=LOCAL_ADMIN)


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[None]:
    """The one client of the process."""
    async with connect(os.environ["MONGODB_URI"]) as client:
        application.state.store = database(client, os.environ["CUSTOMER_GRAPH_DATABASE"])
        freeze_gc()
        yield


def main() -> None:
    """Serve as the server itself is served."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    application = Starlette(routes=[Route("/graphql", View(build_schema()))], lifespan=lifespan)
    uvicorn.run(application, port=given.port, http="httptools", log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main()
