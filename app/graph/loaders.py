"""Data loaders, made out of edges: siblings that graphql-core asks for one by one are read together.

Nobody writes a loader by hand. One stands for an edge with one set of arguments, for the length of a request. What is
loaded is shielded: graphql-core cancels the siblings of a field that failed, and parents share what they wait for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from strawberry.dataloader import DataLoader

from app.context import Context
from app.graph.declarations import Args
from app.graph.read import Key

if TYPE_CHECKING:
    from app.graph.edges import Edge
    from app.graph.many import Many


async def load(context: Context, edge: Edge, args: Args, key: Key) -> Any:
    """What `edge` finds for one key, read with the other keys of the same level."""

    async def batch(keys: list[Key]) -> list[Any]:
        found = await edge.read(context, keys, args, None)
        return [found.get(each) for each in keys]

    return await asyncio.shield(loader(context, (edge, fingerprint(args)), batch).load(key))


async def load_count(context: Context, edge: Many, args: Args, key: Key) -> Any:
    """How many `edge` finds for one key, counted with the other keys of the same level."""

    if context.count_error is not None:
        raise context.count_error

    async def batch(keys: list[Key]) -> list[int]:
        found = await edge.count(context, keys, args)
        return [found.get(each, 0) for each in keys]

    return await asyncio.shield(loader(context, (edge, "count", fingerprint(args)), batch).load(key))


def loader(context: Context, name: Any, batch: Any) -> DataLoader[Key, Any]:
    """The request's loader of that name."""
    if name not in context.loaders:
        context.loaders[name] = DataLoader(batch)
    return context.loaders[name]


def fingerprint(args: Args) -> str:
    """Equal for equal arguments: inputs are dataclasses, whose repr shows every field."""
    return repr(sorted(args.items()))
