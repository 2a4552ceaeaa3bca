"""The program as a process of its own, over a database of the test's: asked over HTTP, and killed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.faults.customer import QUERY

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Process:
    """A running server: where it answers, and its process."""

    url: str
    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        """End it at once, by its id, and wait until it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def serving(mongodb_uri: str, database: str) -> AsyncIterator[Process]:
    """`customer-graph serve` over that database at that address, killed in the end."""
    variables = {**os.environ, "MONGODB_URI": mongodb_uri, "CUSTOMER_GRAPH_DATABASE": database}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "serve", "--port", "0",
        cwd=ROOT, env=variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        found = re.search(r"http://[^/]+", line)
        assert found, line
        yield Process(found[0], process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of its own."""
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port)


def request(query: str, given: dict[str, Any]) -> bytes:
    """A whole HTTP request with a mutation."""
    body = json.dumps({"query": query, "variables": {"input": given}}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


async def post(url: str, given: dict[str, Any], query: str = QUERY) -> Any:
    """What a server answers, over a connection of its own. Raises EOFError where it does not answer."""
    reader, writer = await connect(url)
    try:
        writer.write(request(query, given))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        assert length, head
        return json.loads(await reader.readexactly(int(length[1])))
    finally:
        writer.transport.abort()


async def leave(url: str, given: dict[str, Any], seconds: float, query: str = QUERY) -> None:
    """Send a whole request, and close the connection so many seconds later, wherever the server is by then."""
    _, writer = await connect(url)
    writer.write(request(query, given))
    await writer.drain()
    await asyncio.sleep(seconds)
    writer.transport.abort()
