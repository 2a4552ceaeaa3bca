"""A cancellation that reaches a task on its way through the driver ends it, however busy the event loop is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pymongo
import pymongo.lock
import pytest

from app.mongo.client import Client, Store
from tests.waiting import DEADLINE_SECONDS


async def cancel_then(operation: Callable[[], Coroutine[Any, Any, object]]) -> object:
    """Run an operation in a task that was cancelled while it ran, as Ctrl-C cancels one."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    return await operation()


async def is_done() -> None:
    """Nothing that would have to be waited for."""


async def test_a_task_cancelled_between_two_commands_sends_no_other(store: Store) -> None:
    with pymongo.timeout(DEADLINE_SECONDS):
        await store["organizations"].find_one({})  # a connection is open: nothing is waited for before the next is sent
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(cancel_then(lambda: store["organizations"].find_one({})))


async def test_a_deadline_that_passes_while_a_command_is_sent_is_kept(store: Store) -> None:
    with pymongo.timeout(DEADLINE_SECONDS):
        await store["organizations"].find_one({})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await store["organizations"].find_one({})


async def test_a_deadline_that_passes_while_a_connection_is_waited_for_is_kept(client: Client) -> None:
    """The driver waits for that by a name of its own."""

    async def wait_for_what_is_done(wait_for: Callable[..., Coroutine[Any, Any, object]]) -> None:
        await wait_for(is_done(), DEADLINE_SECONDS)
        await asyncio.sleep(0)

    for wait_for in (asyncio.wait_for, vars(pymongo.lock)["wait_for"]):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await wait_for_what_is_done(wait_for)


async def test_what_is_waited_for_still_has_its_time(client: Client) -> None:
    never = asyncio.get_running_loop().create_future()
    for wait_for in (asyncio.wait_for, vars(pymongo.lock)["wait_for"]):
        with pytest.raises(TimeoutError):
            await wait_for(asyncio.shield(never), 0.001)
        assert await wait_for(asyncio.sleep(0, "done"), DEADLINE_SECONDS) == "done"
        assert await wait_for(asyncio.sleep(0, "done"), None) == "done"
