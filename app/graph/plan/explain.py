"""`extensions.plan`: each read of a request with its place in the response, collection, filter, indexes and cost."""

from __future__ import annotations

from app.mongo.client import Doc, Store
from app.mongo.trace import Command, Explained, Trace, explain, shape

Read = dict[str, object]


async def explained_reads(store: Store, trace: Trace) -> list[Read]:
    """The reads of a request in the order they were sent. Each is run once more, for MongoDB to explain it."""
    return [described_read(command, await explain(store, command.command)) for command in trace.commands]


def unexplained_reads(trace: Trace) -> list[Read]:
    """The reads of a request, without what MongoDB would say of them."""
    return [described_read(command, None) for command in trace.commands]


def described_read(command: Command, explained: Explained | None) -> Read:
    """One read as `extensions.plan` shows it."""
    return {
        "path": command.label,
        "collection": command.collection,
        "command": "find" if "find" in command.command else "aggregate",
        "filter": shape(command_filter(command.command)),
        "indexes": list(explained.indexes) if explained else None,
        "keysExamined": explained.keys_examined if explained else None,
        "documentsExamined": explained.documents_examined if explained else None,
        "returned": command.returned,
        "milliseconds": round(command.milliseconds, 2),
    }


def command_filter(command: Doc) -> object:
    """The filter of a `find`, or the `$match` stages of an `aggregate`, those inside a `$lookup` if it has no other."""
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
