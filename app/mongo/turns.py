"""Whose turn it is to write what, among the writers of this process: they queue instead of undoing each other's work.

The database decides who may write: of two transactions that write one record it undoes the later. Of sixty at once it
undoes nearly all, over and over. So whoever is about to write what another here is writing gives up at once, waits, and
begins anew when nobody is in the way. What holds must hold without it: another process does not queue here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Self


class Busy(Exception):  # noqa: N818  # nothing went wrong: somebody else is writing that
    """Somebody else has the turn: wait for it, and begin anew."""


class Turns:
    """The queues of a process, by the name of what is written; a name is here as long as somebody has its turn."""

    def __init__(self) -> None:
        self.queues: dict[str, deque[asyncio.Future[None]]] = {}

    async def wait(self, name: str) -> None:
        """Wait until the turn is ours, first come, first served."""
        queue = self.queues.get(name)
        if queue is None:
            self.queues[name] = deque()
            return
        ours = asyncio.get_running_loop().create_future()
        queue.append(ours)
        try:
            await ours
        except asyncio.CancelledError:
            if ours.done() and not ours.cancelled():
                self.release(name)  # it was handed to us at the same moment
            raise

    def release(self, name: str) -> None:
        """Hand the turn to whoever came next."""
        queue = self.queues[name]
        while queue:
            following = queue.popleft()
            if not following.done():
                following.set_result(None)
                return
        del self.queues[name]


class Turn:
    """The turns that one writer has. They are released at the end of its `with`."""

    def __init__(self, turns: Turns | None) -> None:
        self.turns = turns or Turns()
        self.held: set[str] = set()
        self.missed: set[str] = set()

    def take(self, names: Iterable[str]) -> None:
        """Have the turn for all of these; raises Busy where somebody else has one of them. It never waits."""
        wanted = set(names) - self.held
        if not self.turns.queues.keys().isdisjoint(wanted):
            self.missed = self.held | wanted
            raise Busy
        for name in wanted:
            self.turns.queues[name] = deque()
        self.held |= wanted

    async def wait(self) -> None:
        """Wait for what `take` was refused. In order of the names, holding nothing before: nobody waits in a circle."""
        self.release()
        for name in sorted(self.missed):
            await self.turns.wait(name)
            self.held.add(name)

    def release(self) -> None:
        """Let others write."""
        for name in self.held:
            self.turns.release(name)
        self.held.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()
