"""The commands that a request sent to MongoDB, and how MongoDB answers one: its indexes and what it examines.

A client that is made with a `Tracer` records its commands; the client that serves requests is made without, since even
an idle listener costs time with every command. What is reported of the commands is said in `http/explaining.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from app.mongo.client import CODEC, Doc, Store

READS = {"find", "aggregate"}
OWN = {"find", "filter", "sort", "limit", "projection", "batchSize", "aggregate", "pipeline", "cursor"}


@dataclass
class Command:
    """One command: for which part of the request, what it was, how long it took and how much came back."""

    label: str
    command: Doc
    milliseconds: float = 0.0
    returned: int = 0

    @property
    def collection(self) -> str:
        """The collection it reads; for a look-up from documents of its own, the one it looks into."""
        name = self.command.get("find") or self.command.get("aggregate")
        if isinstance(name, str):
            return name
        lookups = [stage["$lookup"]["from"] for stage in self.command["pipeline"] if "$lookup" in stage]
        return str(lookups[0])


@dataclass
class Trace:
    """The commands of one request, in the order they were sent."""

    commands: list[Command] = field(default_factory=list)
    by_request: dict[int, Command] = field(default_factory=dict)


TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)
LABEL: ContextVar[str] = ContextVar("label", default="")
"""What the commands sent now are for."""


class Tracer(CommandListener):
    """Writes what is sent into the trace of the request that sent it."""

    def started(self, event: CommandStartedEvent) -> None:
        trace = TRACE.get()
        if trace is not None and event.command_name in READS:
            own = {name: value for name, value in event.command.items() if name in OWN}
            trace.by_request[event.request_id] = made = Command(LABEL.get(), own)
            trace.commands.append(made)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        trace = TRACE.get()
        if trace is not None and (made := trace.by_request.get(event.request_id)):
            made.milliseconds = event.duration_micros / 1000
            made.returned = len(event.reply["cursor"]["firstBatch"])

    def failed(self, event: CommandFailedEvent) -> None:
        """What failed is told in the response."""


@dataclass(frozen=True)
class CommandPlan:
    """How MongoDB answers a command: the indexes it uses, how many documents and index keys it looks at."""

    indexes: tuple[str, ...]
    documents_examined: int
    keys_examined: int


async def explain_command(store: Store, command: Doc) -> CommandPlan:
    """Have MongoDB explain a command that reads, which runs it again."""
    asked = {**command, "cursor": {}} if "aggregate" in command else command
    plan = await store.command({"explain": asked, "verbosity": "executionStats"}, codec_options=CODEC)
    facts = list(walk_fields(plan))
    named = [name for key, value in facts if key == "indexName" for name in [value]]
    named += [name for key, value in facts if key == "indexesUsed" for name in value]
    return CommandPlan(
        tuple(dict.fromkeys(named)),
        sum(int(value) for key, value in facts if key == "totalDocsExamined"),
        sum(int(value) for key, value in facts if key == "totalKeysExamined"),
    )


def walk_fields(node: object) -> Iterator[tuple[str, Any]]:
    """Every field of an explanation with its value, at any depth, but for plans that were tried and not taken."""
    if isinstance(node, list):
        for item in node:
            yield from walk_fields(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            if key not in ("rejectedPlans", "allPlansExecution"):
                yield from walk_fields(value)
