"""Data loaders: what graphql-core asks for one sibling at a time is read for all siblings together.

Nobody writes a loader by hand. There is one for each edge and each set of arguments, for the length of a request. What
is loaded is shielded from cancellation: graphql-core cancels the siblings of a field that failed, and several parents
may wait for the same load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Protocol, TypeVar

from strawberry.dataloader import DataLoader

from app.context import Context
from app.graph.declarations import Args
from app.graph.read import Fields, Key

K = TypeVar("K")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Readable(Hashable, Protocol[T_co]):
    """What `load` needs of an edge: one read for many keys, as `Edge.read`."""

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> Mapping[Key, T_co]:
        """The value of each key; a key that has none may be left out."""
        ...


class Countable(Hashable, Protocol):
    """What `load_count` needs of an edge: one count for many keys, as `Many.count`."""

    async def count(self, context: Context, keys: Sequence[Key], args: Args) -> Mapping[Key, int]:
        """The count of each key; a key that has none may be left out."""
        ...


async def load(context: Context, edge: Readable[T], args: Args, key: Key) -> T | None:
    """What `edge` reads for one key, together with the other keys of the same level; None where it reads nothing."""

    async def read_all(keys: list[Key]) -> list[T | None]:
        values = await edge.read(context, keys, args, None)
        return [values.get(key) for key in keys]

    return await asyncio.shield(loader_named(context, (edge, fingerprint(args)), read_all).load(key))


async def load_count(context: Context, edge: Countable, args: Args, key: Key) -> int:
    """How many `edge` counts for one key, together with the other keys of the same level."""

    if context.count_error is not None:
        raise context.count_error

    async def count_all(keys: list[Key]) -> list[int]:
        counts = await edge.count(context, keys, args)
        return [counts.get(key, 0) for key in keys]

    return await asyncio.shield(loader_named(context, (edge, "count", fingerprint(args)), count_all).load(key))


def loader_named(
    context: Context, name: Hashable, read_all: Callable[[list[K]], Awaitable[list[T]]]
) -> DataLoader[K, T]:
    """The request's loader of that name, made with `read_all` where there is none yet."""
    if name not in context.loaders:
        context.loaders[name] = DataLoader(read_all)
    return context.loaders[name]


def fingerprint(args: Args) -> str:
    """A text that is equal for equal arguments: inputs are dataclasses, whose repr shows every field."""
    return repr(sorted(args.items()))
