"""Locks within this process: writers of the same records and keys queue instead of undoing each other's transactions.

The database decides who may write: of two transactions that write one document it aborts one, and of sixty at once
nearly all, over and over. So a writer locks the names of what it is about to write. Where another writer of this
process holds one of them it gives up before it writes, waits until they are free, and begins anew. These locks make
writes fast, never right: other processes do not see them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Self


class LockContended(Exception):  # noqa: N818  # nothing went wrong: another writer is at work
    """Another writer holds one of the names: await `acquire_when_free`, then begin anew."""


class WriteLocks:
    """The names that are locked in a process, and who waits for each. A name that nobody holds has no queue."""

    def __init__(self) -> None:
        self.queues: dict[str, deque[asyncio.Future[None]]] = {}

    async def acquire_when_free(self, name: str) -> None:
        """Lock a name, waiting until all who came before have released it."""
        queue = self.queues.get(name)
        if queue is None:
            self.queues[name] = deque()
            return
        acquired = asyncio.get_running_loop().create_future()
        queue.append(acquired)
        try:
            await acquired
        except asyncio.CancelledError:
            if acquired.done() and not acquired.cancelled():
                self.release(name)  # the lock was handed over as the waiter was cancelled
            raise

    def release(self, name: str) -> None:
        """Unlock a name, or hand it to the writer that has waited longest."""
        queue = self.queues[name]
        while queue:
            acquired = queue.popleft()
            if not acquired.done():
                acquired.set_result(None)
                return
        del self.queues[name]


class WriteLock:
    """The names that one writer holds. All are released at the end of its `with` block.

    Without `locks` nobody shares them, and nothing is ever contended.
    """

    def __init__(self, locks: WriteLocks | None) -> None:
        self.locks = locks or WriteLocks()
        self.held: set[str] = set()
        self.contended: set[str] = set()

    def acquire(self, names: Iterable[str]) -> None:
        """Lock all of these names at once, without waiting; raises LockContended where another writer holds one."""
        wanted = set(names) - self.held
        if not self.locks.queues.keys().isdisjoint(wanted):
            self.contended = self.held | wanted
            raise LockContended
        for name in wanted:
            self.locks.queues[name] = deque()
        self.held |= wanted

    async def acquire_when_free(self) -> None:
        """Release everything, then wait for the names that `acquire` was refused and those held until then.

        They are locked in sorted order, so that no two writers wait for each other.
        """
        self.release()
        for name in sorted(self.contended):
            await self.locks.acquire_when_free(name)
            self.held.add(name)

    def release(self) -> None:
        """Unlock every name that is held."""
        for name in self.held:
            self.locks.release(name)
        self.held.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()
