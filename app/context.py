"""What one request carries: its viewer, the database, the time, and what was read for it already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from strawberry.dataloader import DataLoader

from app.access.secrets import Cipher
from app.access.viewer import Viewer
from app.mongo.client import Store
from app.mongo.request_coalescer import RequestCoalescer
from app.mongo.write_locks import WriteLocks

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Context:
    """Made for each request and gone with it; every read gets it.

    `viewer` is who asks: whatever a read shares with other requests, it shares with those of an equal viewer alone.
    `now` is the one instant that the whole request sees.

    `coalescer` and `write_locks` are those of the process: concurrent requests share look-ups through the one, and
    writers queue in the other. None where a request shares nothing and does not queue.
    """

    store: Store
    viewer: Viewer
    coalescer: RequestCoalescer | None = None
    write_locks: WriteLocks | None = None
    cipher: Cipher | None = None
    """Encrypts secrets; None where no key is configured, and secrets are refused."""
    count_error: PyMongoError | None = None
    """The error by which a plan could not count lists, kept so that the database is not asked again."""
    session: AsyncClientSession | None = None
    """The transaction that the reads of a preview belong to; None where each read is by itself."""
    left_because: str | None = None
    """Why graphql-core answered and no plan; None where a plan did."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    loaders: dict[Any, DataLoader[Any, Any]] = field(default_factory=dict)
    tasks: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)

    async def once(self, key: Hashable, work: Callable[[], Coroutine[None, None, T]]) -> T:
        """The result of `work`, which is done once for all callers in the request that give the same `key`."""
        if key not in self.tasks:
            self.tasks[key] = asyncio.get_running_loop().create_task(work())
        result: T = await self.tasks[key]
        return result

    def forget_reads(self) -> None:
        """Forget what was read for this request, because a mutation has changed it."""
        self.loaders.clear()
        self.tasks.clear()
