"""A small graph for questions of protocol: it has everything that can be asked and everything that can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NewType, TypeVar

import strawberry
from graphql import GraphQLError
from pydantic import TypeAdapter
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
)
from starlette.applications import Starlette
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from app.context import Context
from app.errors import NotFound, Problem, Refused
from app.graph.declarations import REQUIRED, Argument, Declaration, Sizing
from app.graph.page import DEFAULT_FIRST
from app.http.application import create_application
from app.http.authentication import Authenticate, authenticate_local_admin
from app.mongo.client import Store, connect, database
from app.mongo.trace import Tracer
from app.settings import Settings

SECRET = "mongodb://user:hunter2@db7.internal:27017"  # noqa: S105  # what must never be told
"""Stands in the text of every fault."""


def lost_commit() -> Exception:
    """A commit whose answer never came."""
    error = AutoReconnect(SECRET)
    error._add_error_label("UnknownTransactionCommitResult")  # what the driver does
    return error


RAISED: dict[str, Callable[[], Exception]] = {
    "denial": lambda: NotFound("No organization has that name.", name="Acme"),
    "refusal": lambda: Refused([Problem("BLANK", ("name",), "A name is needed.")]),
    "graphql": lambda: GraphQLError(SECRET),
    "key": lambda: KeyError(SECRET),
    "duplicate": lambda: DuplicateKeyError(SECRET, 11000, {"keyValue": {"name": SECRET}}),
    "operation": lambda: OperationFailure(SECRET, 8000),
    "late": lambda: ExecutionTimeout(SECRET, 50),
    "network": lambda: NetworkTimeout(SECRET),
    "deadline": lambda: TimeoutError(SECRET),
    "away": lambda: ServerSelectionTimeoutError(SECRET),
    "reconnect": lambda: AutoReconnect(SECRET),
    "connection": lambda: ConnectionFailure(SECRET),
    "lost": lost_commit,
}

Strict = NewType("Strict", int)
Plain = NewType("Plain", int)


def plainly(value: Any) -> Any:
    """A scalar that says itself what is wrong."""
    if not isinstance(value, int):
        raise ValueError("A Plain is a whole number.")
    return value


@dataclass(eq=False, kw_only=True)
class Counted(Declaration):
    """How the arguments of a field say how many it gives; Strawberry answers the field itself."""

    arguments: dict[str, Argument]
    default: int

    @property
    def weight(self) -> int:
        return self.default

    def graphql_arguments(self) -> dict[str, Argument]:
        return self.arguments


Method = TypeVar("Method", bound=Callable[..., Any])


def counted(arguments: dict[str, Argument], default: int) -> Callable[[Method], Method]:
    """A field whose arguments say how many it gives."""
    declaration = Counted(doc="Many.", arguments=arguments, default=default)
    made: Callable[[Method], Method] = strawberry.field(metadata={Declaration: declaration})
    return made


PAGES = {name: Argument(int | None, None, "How many.", sizing=Sizing.PAGE) for name in ("first", "last")}
IDS = {"ids": Argument(list[strawberry.ID], REQUIRED, "Which.", sizing=Sizing.LENGTH)}


@strawberry.type
class PageInfo:
    has_next_page: bool = False


@strawberry.type
class Person:
    id: strawberry.ID
    name: str

    @counted(PAGES, DEFAULT_FIRST)
    def friends(self, first: int | None = None, last: int | None = None) -> PersonConnection:
        return PersonConnection()

    @strawberry.field
    def best(self) -> Person | None:
        return None

    @strawberry.field
    def siblings(self) -> list[Person]:
        return []


@strawberry.type
class PersonEdge:
    cursor: str
    node: Person


@strawberry.type
class PersonConnection:
    page_info: PageInfo = strawberry.field(default_factory=PageInfo)
    total_count: int = 0

    @strawberry.field
    def edges(self) -> list[PersonEdge]:
        return []


@strawberry.input
class Filter:
    name: str | None = None
    names: list[str] | None = None
    all_of: list[Filter] | None = None


@strawberry.type
class Query:
    @strawberry.field
    def ping(self) -> str:
        return "pong"

    @strawberry.field
    def viewer(self, info: Info[Context, None]) -> str:
        return info.context.viewer.id

    @strawberry.field
    def echo(self, text: str = "", number: int = 0, among: Filter | None = None) -> str:
        return text or str(number)

    @strawberry.field
    def strict(self, value: Strict) -> int:
        return int(value)

    @strawberry.field
    def plain(self, value: Plain) -> int:
        return int(value)

    @strawberry.field
    def me(self) -> Person:
        return Person(id=strawberry.ID("1"), name="Ada")

    @counted(PAGES, DEFAULT_FIRST)
    def people(self, first: int | None = None, last: int | None = None, after: str | None = None) -> PersonConnection:
        return PersonConnection()

    @counted(IDS, 1)
    def nodes(self, ids: list[strawberry.ID]) -> list[Person]:
        return [Person(id=one, name="x") for one in ids]

    @strawberry.field
    def fails(self, how: str) -> str | None:
        raise RAISED[how]()

    @strawberry.field
    def never_null(self) -> str:
        return None  # type: ignore[return-value]  # a fault, on purpose

    @strawberry.field
    def too_big_for_int(self) -> int:
        return 2**40

    @strawberry.field
    def too_big_for_json(self) -> Plain:
        return Plain(2**80)

    @strawberry.field
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self) -> str:
        return "touched"

    @strawberry.mutation
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        yield 1


def toy_schema() -> strawberry.Schema:
    """The graph."""
    scalars: dict[object, Any] = {
        Strict: strawberry.scalar(name="Strict", parse_value=TypeAdapter(int).validate_python),
        Plain: strawberry.scalar(name="Plain", parse_value=plainly),
    }
    return strawberry.Schema(Query, Mutation, Subscription, config=StrawberryConfig(scalar_map=scalars))


def store_at(uri: str) -> Callable[[], AbstractAsyncContextManager[Store]]:
    """What opens a store there: the driver connects when it is first used."""

    @asynccontextmanager
    async def open_store() -> AsyncIterator[Store]:
        async with connect(uri) as client:
            yield database(client, "toy")

    return open_store


def toy_application(
    uri: str = "mongodb://127.0.0.1:1", authenticate: Authenticate = authenticate_local_admin, **settings: Any
) -> Starlette:
    """The server for the toy graph; nothing listens at its database's address unless a test says so."""
    return create_application(
        toy_schema(), Settings(**settings), store_at(uri), lambda: connect(uri, Tracer()), authenticate
    )
