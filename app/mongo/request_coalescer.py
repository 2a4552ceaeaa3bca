"""Look-ups by id of concurrent requests, coalesced into one command.

While a look-up is being answered, others of its kind gather and are sent together as the next one; where none is being
answered, a look-up is sent at once. So an idle server loses no time, and a busy one sends the fewer commands the more
it is asked. Requests share the documents that they get: nobody may change them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from contextvars import Context as Variables
from dataclasses import dataclass, field

from app.mongo.client import Doc

MAX_IDS = 1_000

ReadByIds = Callable[[Sequence[str]], Awaitable[dict[str, Doc]]]


@dataclass(slots=True)
class Batch:
    """Ids that are looked up together, and the documents (id → document) that all who asked for them await."""

    ids: dict[str, None] = field(default_factory=dict)
    documents: asyncio.Future[dict[str, Doc]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(slots=True)
class LookupQueue:
    """The look-ups of one kind: whether one is being answered, and the batch that is sent after it."""

    is_busy: bool = False
    next_batch: Batch | None = None


class RequestCoalescer:
    """The look-up queues of one process. A queue with nothing to answer is removed."""

    def __init__(self) -> None:
        self.queues: dict[Hashable, LookupQueue] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def find_by_ids(self, kind: Hashable, ids: Iterable[str], read: ReadByIds) -> dict[str, Doc]:
        """The documents with these ids, by id, and perhaps others that were read with them.

        Look-ups of the same `kind` go together, so it names everything that the documents depend on besides the ids:
        collection, fields, viewer.
        """
        wanted = list(ids)
        queue = self.queues.setdefault(kind, LookupQueue())
        if not queue.is_busy:
            queue.is_busy = True
            try:
                return await read(wanted)
            finally:
                self.send_next_batch(kind, queue, read)
        batch = queue.next_batch or Batch()
        if len(batch.ids) + len(wanted) > MAX_IDS:
            return await read(wanted)
        queue.next_batch = batch
        batch.ids.update(dict.fromkeys(wanted))
        documents = await asyncio.shield(batch.documents)
        return {record_id: documents[record_id] for record_id in wanted if record_id in documents}

    def send_next_batch(self, kind: Hashable, queue: LookupQueue, read: ReadByIds) -> None:
        """Send the batch that has gathered, in a task of its own, so that no request's deadline ends it."""
        batch, queue.next_batch = queue.next_batch, None
        if batch is None:
            queue.is_busy = False
            del self.queues[kind]
            return
        task = asyncio.get_running_loop().create_task(self.send_batch(kind, queue, batch, read), context=Variables())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def send_batch(self, kind: Hashable, queue: LookupQueue, batch: Batch, read: ReadByIds) -> None:
        """Read a batch and give all who await it the documents, or the error."""
        try:
            documents = await read(list(batch.ids))
        except asyncio.CancelledError:
            batch.documents.cancel()
            raise
        except Exception as error:  # raised by everybody who awaits the batch
            batch.documents.set_exception(error)
            batch.documents.exception()  # marked as retrieved: perhaps nobody awaits it any more
        else:
            batch.documents.set_result(documents)
        finally:
            self.send_next_batch(kind, queue, read)
