"""The server as one ASGI application: its routes, its middleware, and the database for as long as it runs.

`main` says how the database is opened; `serving` binds the port and obeys signals.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import strawberry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.access.secrets import Cipher
from app.graph.sdl import print_sdl
from app.http.authentication import Authenticate
from app.http.graphiql import graphiql_routes
from app.http.graphql import GraphQLEndpoint
from app.http.health import healthz, readyz
from app.http.middleware import RequestMiddleware, allowed_hosts, respond_to_http_exception
from app.http.schema_file import SchemaFile
from app.mongo.client import Client, Store
from app.settings import Settings


def create_application(
    schema: strawberry.Schema,
    settings: Settings,
    open_store: Callable[[], AbstractAsyncContextManager[Store]],
    connect_traced: Callable[[], Client],
    authenticate: Authenticate,
    cipher: Cipher | None = None,
    known_migration: int = 0,
) -> Starlette:
    """The application for `schema`. `open_store` is entered when it starts and left when it stops.

    `connect_traced` makes the client that requests are explained over; `authenticate` gives the viewer of a request;
    `cipher` encrypts secrets, and without one they are refused. `known_migration` is the newest that the program knows.
    """
    schema_file = SchemaFile(print_sdl(schema), is_shown=not settings.trusted_only)
    endpoint = GraphQLEndpoint(schema, settings, connect_traced, authenticate)

    @asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncIterator[None]:
        async with open_store() as store:
            application.state.store, application.state.cipher = store, cipher
            application.state.known_migration = known_migration
            try:
                yield
            finally:
                await endpoint.explainer.close()

    return Starlette(
        routes=[
            Route("/graphql", endpoint, name="graphql"),
            Route("/schema.graphql", schema_file.serve, methods=["GET"]),
            *graphiql_routes(),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/readyz", readyz, methods=["GET"]),
            Route("/", redirect_to_graphql, methods=["GET"]),
        ],
        middleware=[Middleware(RequestMiddleware, hosts=allowed_hosts(settings.host, settings.is_loopback))],
        exception_handlers={HTTPException: respond_to_http_exception},
        lifespan=lifespan,
    )


async def redirect_to_graphql(_request: Request) -> Response:
    """Lead whoever opens the bare address in a browser to GraphiQL."""
    return RedirectResponse("/graphql", status_code=307)
