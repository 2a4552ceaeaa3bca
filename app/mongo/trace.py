"""Traces: the commands that a request sent to MongoDB, and how MongoDB executed them (indexes, what was examined).

A client that is made with a `Tracer` records its commands. The client that serves ordinary requests has none: even a
listener that does nothing costs time with every command. A command is explained by running it again; it only reads.
`http/explaining.py` makes a report of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from app.mongo.client import CODEC, Doc, Store

READ_COMMANDS = {"find", "aggregate"}
KEPT_FIELDS = {"find", "filter", "sort", "limit", "projection", "batchSize", "aggregate", "pipeline", "cursor"}
"""The fields of a command that we set; the driver adds others (session, read concern, cluster time)."""
REJECTED_PLANS = {"rejectedPlans", "allPlansExecution"}
MAX_ALTERNATIVES = 3
ID_INDEX = "_id_"
"""The index of the stage IDHACK, a read by id, for which MongoDB names none."""


@dataclass
class Command:
    """A command that a request sent: for which part of it, how long it took, and how many documents it returned.

    `label` is the path of a field in the response, or empty.
    """

    label: str
    command: Doc
    milliseconds: float = 0.0
    returned: int = 0

    @property
    def collection(self) -> str:
        """The collection that it reads; of a `$lookup` from documents in the command itself, the one looked up in."""
        name = self.command.get("find") or self.command.get("aggregate")
        if isinstance(name, str):
            return name
        lookups = [stage["$lookup"]["from"] for stage in self.command["pipeline"] if "$lookup" in stage]
        return str(lookups[0])


@dataclass
class Trace:
    """The commands of one request, in the order they were sent, and by the driver's request id."""

    commands: list[Command] = field(default_factory=list)
    by_request: dict[int, Command] = field(default_factory=dict)


TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""The trace of the current request; None where it is not traced."""
LABEL: ContextVar[str] = ContextVar("label", default="")
"""The label of the commands that are sent from here on."""


class Tracer(CommandListener):
    """Adds each read command to the trace of the request that sends it."""

    def started(self, event: CommandStartedEvent) -> None:
        trace = TRACE.get()
        if trace is not None and event.command_name in READ_COMMANDS:
            kept = {name: value for name, value in event.command.items() if name in KEPT_FIELDS}
            trace.by_request[event.request_id] = command = Command(LABEL.get(), kept)
            trace.commands.append(command)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        trace = TRACE.get()
        if trace is not None and (command := trace.by_request.get(event.request_id)):
            command.milliseconds = event.duration_micros / 1000
            command.returned = len(event.reply["cursor"]["firstBatch"])

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to record: the response says what failed."""


@dataclass(frozen=True)
class ExecutionStats:
    """How MongoDB executed a command: the indexes it used, and how much it examined."""

    indexes: tuple[str, ...]
    documents_examined: int
    keys_examined: int


async def explain(store: Store, command: Doc) -> ExecutionStats:
    """Run a command again with `explain`, and return its execution statistics."""
    explained = {**command, "cursor": {}} if "aggregate" in command else command
    output = await store.command({"explain": explained, "verbosity": "executionStats"}, codec_options=CODEC)
    indexes = [str(name) for name in values_of("indexName", output)]
    indexes += [ID_INDEX for stage in values_of("stage", output) if stage == "IDHACK"]
    for names in values_of("indexesUsed", output):
        indexes.extend(map(str, names if isinstance(names, list) else ()))
    return ExecutionStats(
        tuple(dict.fromkeys(indexes)),
        total("totalDocsExamined", output),
        total("totalKeysExamined", output),
    )


def total(name: str, output: object) -> int:
    """The sum of a numeric field over the output of `explain`."""
    return sum(int(value) for value in values_of(name, output) if isinstance(value, (int, float)))


def values_of(name: str, output: object) -> Iterator[object]:
    """Each value of the field `name` at any depth in the output of `explain`, leaving out plans that were rejected."""
    if isinstance(output, list):
        for item in output:
            yield from values_of(name, item)
    elif isinstance(output, Mapping):
        for key, value in output.items():
            if key == name:
                yield value
            if key not in REJECTED_PLANS:
                yield from values_of(name, value)


def without_values(query: object) -> object:
    """A filter as it may be shown: fields and operators stay, a value becomes "?", a list of values its length."""
    if isinstance(query, Mapping):
        return {name: without_values(value) for name, value in query.items()}
    if isinstance(query, (list, tuple)):
        if any(isinstance(item, Mapping) for item in query):
            return [without_values(item) for item in query[:MAX_ALTERNATIVES]]
        return f"{len(query)} values"
    return None if query is None else "?"
