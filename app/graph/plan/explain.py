"""What a request read, for people: each read with its edge, collection, filter, index and what it examined."""

from __future__ import annotations

from typing import Any

from app.mongo.client import Doc, Store
from app.mongo.trace import Command, ExecutionStats, Trace, explain, without_values

Read = dict[str, Any]


async def explained_reads(store: Store, trace: Trace) -> list[Read]:
    """The reads of a request, in the order they were sent. Each is run once more to explain it."""
    return [described_read(command, await explain(store, command.command)) for command in trace.commands]


def unexplained_reads(trace: Trace) -> list[Read]:
    """The same without what only the database can say."""
    return [described_read(command, None) for command in trace.commands]


def described_read(command: Command, stats: ExecutionStats | None) -> Read:
    """One read as `extensions.plan` shows it."""
    return {
        "path": command.label,
        "collection": command.collection,
        "command": "find" if "find" in command.command else "aggregate",
        "filter": without_values(command_filter(command.command)),
        "indexes": list(stats.indexes) if stats else None,
        "keysExamined": stats.keys_examined if stats else None,
        "documentsExamined": stats.documents_examined if stats else None,
        "returned": command.returned,
        "milliseconds": round(command.milliseconds, 2),
    }


def command_filter(command: Doc) -> Any:
    """What a command asks for: its filter, or the stages that match."""
    if "find" in command:
        return command["filter"]
    matches = [stage["$match"] for stage in command["pipeline"] if "$match" in stage]
    looked_up = [
        inner["$match"]
        for stage in command["pipeline"]
        if "$lookup" in stage
        for inner in stage["$lookup"]["pipeline"]
        if "$match" in inner
    ]
    return matches or looked_up
