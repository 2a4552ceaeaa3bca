"""Asking the schema a question as the server does: prepared, run and masked, without the HTTP around it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol

import orjson

from app.access.secrets import Cipher
from app.access.viewer import LOCAL_ADMIN, Viewer
from app.context import Context
from app.errors import Code
from app.graph.scalars import encode_json
from app.http.execution import Execution
from app.http.masking import mask_errors
from app.http.prepare import Preparation, RequestErrors
from app.mongo.client import Store
from app.mongo.write_locks import WriteLocks
from app.schema import build_schema
from app.settings import Settings
from tests.records import NOW

CIPHER = Cipher.from_key(b"a key" + bytes(27))


@dataclass
class Answer:
    """Data, the code of each error by its path, and the messages."""

    data: Any
    codes: dict[str, str]
    messages: list[str]


@cache
def server(*, planning: bool) -> tuple[Preparation, Execution]:
    """What stands between HTTP and the graph, with plans or without."""
    settings = Settings(max_aliases=200, max_root_fields=50)
    execution = Execution(build_schema(), settings.request_seconds, planning=planning)
    return Preparation(build_schema()._schema, settings), execution


@dataclass(frozen=True)
class Way:
    """How a request is answered: by plans or by graphql-core alone; with the write locks of one process or without."""

    planning: bool = True
    write_locks: WriteLocks | None = None


BY_PLAN = Way()


async def ask(
    store: Store,
    query: str,
    *,
    way: Way = BY_PLAN,
    viewer: Viewer = LOCAL_ADMIN,
    now: datetime = NOW,
    **variables: Any,
) -> Answer:
    """The answer, errors included."""
    preparation, execution = server(planning=way.planning)
    code = Code.BAD_VARIABLES
    try:
        prepared = preparation.prepare(query, None, variables)
        context = Context(store=store, viewer=viewer, write_locks=way.write_locks, cipher=CIPHER, now=now)
        result = await execution.run(prepared, variables, context)
        found, wrong = orjson.loads(encode_json(result.data)), result.errors or []
    except RequestErrors as refused:
        found, wrong, code = None, refused.errors, refused.code
    errors = mask_errors(wrong, "test", code)
    return Answer(
        found,
        {".".join(map(str, error.get("path", []))): error["extensions"]["code"] for error in errors},
        [error["message"] for error in errors],
    )


async def data(store: Store, query: str, *, way: Way = BY_PLAN, **variables: Any) -> Any:
    """The data of an answer without errors."""
    answer = await ask(store, query, way=way, **variables)
    assert not answer.messages, answer.messages
    return answer.data


class Ask(Protocol):
    """`ask` in one way, as a fixture gives it to tests that ask in both."""

    async def __call__(self, store: Store, query: str, *, viewer: Viewer = LOCAL_ADMIN, **variables: Any) -> Answer: ...


class Data(Protocol):
    """`data` in one way."""

    async def __call__(self, store: Store, query: str, **variables: Any) -> Any: ...
