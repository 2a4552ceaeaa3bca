"""Counting what reaches MongoDB: a query's commands, `getMore` included, and what they examined."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from app.mongo.client import Store

READS = {"find", "aggregate", "getMore", "count", "distinct"}


@dataclass
class Commands(CommandListener):
    """A listener that keeps the commands of the block under `counting`."""

    seen: list[tuple[str, Any]] = field(default_factory=list)
    on: bool = False

    def started(self, event: CommandStartedEvent) -> None:
        if self.on:
            self.seen.append((event.command_name, event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Only what was sent counts."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Only what was sent counts."""

    @contextmanager
    def counting(self) -> Iterator[Commands]:
        """Keep what is sent in the block."""
        self.seen, self.on = [], True
        try:
            yield self
        finally:
            self.on = False

    @property
    def reads(self) -> int:
        """How many commands read something."""
        return sum(name in READS for name, _ in self.seen)


@dataclass
class Examined:
    """What the database's own profiler says of the block: documents and index keys looked at, documents returned."""

    documents: int = 0
    keys: int = 0
    returned: int = 0


@asynccontextmanager
async def examined(store: Store) -> AsyncIterator[Examined]:
    """What the reads in the block examine; filled in when it ends."""
    found = Examined()
    await store.command("profile", 0)
    await store.drop_collection("system.profile")
    await store.command("profile", 2)
    try:
        yield found
    finally:
        await store.command("profile", 0)
        query = {"op": {"$in": ["query", "command", "getmore"]}, "ns": {"$not": {"$regex": r"system\.profile"}}}
        async for row in store["system.profile"].find(query):
            found.documents += row.get("docsExamined", 0)
            found.keys += row.get("keysExamined", 0)
            found.returned += row.get("nreturned", 0)
