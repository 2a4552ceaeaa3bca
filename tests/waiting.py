"""Waiting until a condition holds, with a deadline that only a failure reaches: no test depends on how fast it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.02


def wait_until(holds: Callable[[], bool]) -> None:
    """Return once the condition holds; fail where it does not within a minute."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"this did not come to hold: {holds}"
        time.sleep(POLL_SECONDS)


async def wait_until_true(holds: Callable[[], Awaitable[bool]]) -> None:
    """The same for a condition that is awaited, such as what a database has stored."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not await holds():
        assert time.monotonic() < deadline, f"this did not come to hold: {holds}"
        await asyncio.sleep(POLL_SECONDS)
