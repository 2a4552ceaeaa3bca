"""Look-ups by id of concurrent requests, merged into one command.

While a look-up is on its way, others like it wait and go together as the next one; where nothing is on its way, one
goes at once. So a server with little to do loses no time, and one under load sends the fewer commands the more it is
asked. Whoever waits gets documents that others get too: nobody may change them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from contextvars import Context as Variables
from dataclasses import dataclass, field

from app.mongo.client import Doc

MAX_IDS = 1_000

Read = Callable[[Sequence[str]], Awaitable[dict[str, Doc]]]


@dataclass(slots=True)
class Batch:
    """Ids that go together, and the answer that all who asked wait for."""

    ids: dict[str, None] = field(default_factory=dict)
    answer: asyncio.Future[dict[str, Doc]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True)
class Lane:
    """Look-ups of one kind: whether one is on its way, and what goes next."""

    is_busy: bool = False
    following: Batch | None = None


class Merging:
    """The lanes of one process. A lane that nothing uses is gone."""

    def __init__(self) -> None:
        self.lanes: dict[Hashable, Lane] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def by_ids(self, kind: Hashable, ids: Iterable[str], read: Read) -> dict[str, Doc]:
        """What `read` finds for these ids, and perhaps for more: look-ups of the same `kind` go together.

        `kind` has everything that the answer depends on besides the ids: collection, fields, viewer.
        """
        asked = list(ids)
        lane = self.lanes.setdefault(kind, Lane())
        if not lane.is_busy:
            lane.is_busy = True
            try:
                return await read(asked)
            finally:
                self.go_on(kind, lane, read)
        batch = lane.following = lane.following or Batch()
        if len(batch.ids) + len(asked) > MAX_IDS:
            return await read(asked)
        batch.ids.update(dict.fromkeys(asked))
        found = await asyncio.shield(batch.answer)
        return {each: found[each] for each in asked if each in found}

    def go_on(self, kind: Hashable, lane: Lane, read: Read) -> None:
        """Send what has gathered, in a task of its own: under no request's deadline but the driver's own."""
        batch, lane.following = lane.following, None
        if batch is None:
            lane.is_busy = False
            del self.lanes[kind]
            return
        task = asyncio.get_running_loop().create_task(self.send(kind, lane, batch, read), context=Variables())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def send(self, kind: Hashable, lane: Lane, batch: Batch, read: Read) -> None:
        """Read for all who wait, and tell them what was found or what went wrong."""
        try:
            found = await read(list(batch.ids))
        except asyncio.CancelledError:
            batch.answer.cancel()
            raise
        except Exception as error:  # whoever waits raises it
            batch.answer.set_exception(error)
            batch.answer.exception()  # nobody may be waiting any more
        else:
            batch.answer.set_result(found)
        finally:
            self.go_on(kind, lane, read)
