"""What one request carries: its viewer, the database, the time, and what was read for it already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

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

    `coalescer` and `write_locks` are the process's: concurrent requests share look-ups through the one, and writers
    queue in the other. None where a request keeps to itself.
    """

    store: Store
    viewer: Viewer
    coalescer: RequestCoalescer | None = None
    write_locks: WriteLocks | None = None
    cipher: Cipher | None = None
    """What encrypts secrets; None where no key is configured."""
    count_error: PyMongoError | None = None
    """Why lists could not be counted: a plan found out, and nobody asks the database again."""
    left_because: str | None = None
    """Why no plan answered; None where one did, or none was asked."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    loaders: dict[Any, DataLoader[Any, Any]] = field(default_factory=dict)
    tasks: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)

    async def once(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `work` comes to; done once for all in the request who name the same `key`."""
        if key not in self.tasks:
            self.tasks[key] = asyncio.get_running_loop().create_task(work())
        found: T = await self.tasks[key]
        return found
