"""The argument `maxDepth` of an edge to descendants, and the conditions it makes."""

from __future__ import annotations

from collections.abc import Callable

from strawberry import UNSET

from app.errors import BadArgument
from app.graph.declarations import Argument
from app.mongo.client import Doc

MAX_DEPTH = 100
"""The deepest tree there may be: the array of ancestors, and what is read through it, stay bounded."""

MAX_DEPTH_ARGUMENT = Argument(int | None, UNSET, f"At most this many levels down, 1 to {MAX_DEPTH}; 1 is the children.")


def within_depth(ancestors: str) -> Callable[..., list[Doc]]:
    """The `narrow` of an edge to descendants: a function from the argument `max_depth` to MongoDB expressions.

    They keep those that are at most `max_depth` levels below the parent, whose id is `$$k0`. `ancestors` is the stored
    array of a descendant's ancestors, from the top down.
    """

    def narrow(max_depth: int | None = None) -> list[Doc]:
        if not isinstance(max_depth, int):
            return []
        if not 1 <= max_depth <= MAX_DEPTH:
            raise BadArgument(f"`maxDepth` is {max_depth}; it must be between 1 and {MAX_DEPTH}.", argument="maxDepth")
        levels = {"$subtract": [{"$size": f"${ancestors}"}, {"$indexOfArray": [f"${ancestors}", "$$k0"]}]}
        return [{"$lte": [levels, max_depth]}]

    return narrow
