"""What a request asked of MongoDB, and how MongoDB answered: the commands, their indexes, what they examined.

A client that is made with a `Tracer` hears of its commands; the one that serves requests is not, since even an idle
listener costs time with every command. Commands are explained by running them again, which only reads.
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
MAX_SHOWN = 3


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
class Explained:
    """How MongoDB answers a command."""

    indexes: tuple[str, ...]
    documents_examined: int
    keys_examined: int


async def explain(store: Store, command: Doc) -> Explained:
    """Run a command again, for its indexes and what it examines."""
    asked = {**command, "cursor": {}} if "aggregate" in command else command
    plan = await store.command({"explain": asked, "verbosity": "executionStats"}, codec_options=CODEC)
    facts = list(walk(plan))
    named = [name for key, value in facts if key == "indexName" for name in [value]]
    named += [name for key, value in facts if key == "indexesUsed" for name in value]
    return Explained(
        tuple(dict.fromkeys(named)),
        sum(int(value) for key, value in facts if key == "totalDocsExamined"),
        sum(int(value) for key, value in facts if key == "totalKeysExamined"),
    )


def walk(node: Any) -> Iterator[tuple[str, Any]]:
    """Every field of an explanation, but for plans that were tried and not taken."""
    if isinstance(node, list):
        for each in node:
            yield from walk(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            if key not in ("rejectedPlans", "allPlansExecution"):
                yield from walk(value)


def shape(value: Any) -> Any:
    """A filter without its values: operators and fields stay, a list says how long it is."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        if any(isinstance(each, dict) for each in value):
            return [shape(each) for each in value[:MAX_SHOWN]]
        return f"{len(value)} values"
    return None if value is None else "?"
