"""Python 3.11's `asyncio.wait_for`, through which the driver sends every command, loses cancellations; this mends it.

If a task is cancelled and what it waits for gets done in the same turn of the event loop, `wait_for` of Python 3.11
returns the result, and the task goes on as if nobody had cancelled it: a Ctrl-C during an import or export has no
effect, and a request outlives its deadline. Python 3.12 cured that by a new `wait_for`, which works as this one does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

import pymongo.lock

T = TypeVar("T")


async def wait_for(awaitable: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109  # the name it has in asyncio
    """The result of what is awaited. After `timeout` seconds that is cancelled, and TimeoutError raised.

    A cancellation always gets through: nothing stands between the task and what it awaits.
    """
    async with asyncio.timeout(timeout):
        return await awaitable


def keep_cancellations() -> None:
    """Have this process wait with the `wait_for` above where Python's own loses cancellations."""
    if sys.version_info < (3, 12):
        for module in (asyncio, pymongo.lock):  # the driver looks it up in both
            vars(module)["wait_for"] = wait_for
