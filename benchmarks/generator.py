"""A load generator of our own, for where `wrk` is not installed and where requests must be counted exactly.

A process of its own: `python -m benchmarks.generator URL BODIES CONNECTIONS (--seconds S | --count N)`, where the file
BODIES has a request's body a line. Each connection sends its next request when it has the answer to the last. It prints
JSON, as `wrk.lua` does.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httptools
import orjson
import uvloop


class Connection(asyncio.Protocol):
    """One connection. `latencies` is everybody's, in seconds."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], done: asyncio.Future[None]) -> None:
        self.requests, self.latencies, self.done = requests, latencies, done
        self.parser = httptools.HttpResponseParser(self)
        self.failures = 0
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.send()

    def send(self) -> None:
        """The next request; none where there are no more."""
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            return
        self.sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        """httptools' call: an answer is complete."""
        self.latencies.append(time.perf_counter() - self.sent)
        self.failures += self.parser.get_status_code() != 200
        self.parser = httptools.HttpResponseParser(self)
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def request_of(url: str, body: bytes) -> bytes:
    """A whole request."""
    parts = urlsplit(url)
    lines = (
        f"POST {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        "Accept: application/graphql-response+json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


def same(connection: Connection) -> Connection:
    """asyncio asks for a function that makes the connection."""
    return connection


def until(deadline: float, requests: list[bytes]) -> Iterator[bytes]:
    """The requests in turn, until the time is over."""
    for request in cycle(requests):
        if time.perf_counter() > deadline:
            return
        yield request


async def run(url: str, requests: Iterator[bytes], connections: int) -> dict[str, float]:
    """Send them all; what `wrk.lua` prints."""
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    latencies: list[float] = []
    begun = time.perf_counter()
    made = [Connection(requests, latencies, loop.create_future()) for _ in range(connections)]
    for each in made:
        await loop.create_connection(partial(same, each), str(parts.hostname), int(parts.port or 80))
    await asyncio.gather(*(each.done for each in made))
    seconds, ordered = time.perf_counter() - begun, sorted(latencies)
    return {
        "requests": len(ordered),
        "seconds": seconds,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1000,
        "failures": sum(each.failures for each in made),
    }


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("bodies", type=Path)
    parser.add_argument("connections", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--count", type=int)
    given = parser.parse_args()
    requests = [request_of(given.url, body) for body in given.bodies.read_bytes().splitlines()]
    turns = until(time.perf_counter() + given.seconds, requests) if given.seconds else iter(requests[: given.count])
    print(orjson.dumps(uvloop.run(run(given.url, turns, given.connections))).decode())


if __name__ == "__main__":
    main()
