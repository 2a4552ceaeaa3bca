"""A relay in front of a server, that loses what a test wants lost: a request, its reply, or everything from there on.

In front of MongoDB it knows what each message asks for; in front of an HTTP server a request is a request. What is lost
is lost with its connection, as on a real network.
"""

from __future__ import annotations

import asyncio
import enum
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.mongo.mongod import socket_path

UNWATCHED = {"hello", "ismaster", "isMaster", "ping", "endSessions", "abortTransaction"}
"""Commands of the driver's own, and the one that undoes: they pass, unless the relay is closed."""


class Fate(enum.Enum):
    """What becomes of a request."""

    ARRIVE = "it arrives, and so does its reply"
    LOSE_REQUEST = "it does not arrive, and the connection is gone"
    LOSE_REPLY = "it arrives and is done; the reply is lost, and the connection is gone"


@dataclass(slots=True)
class Relay:
    """The relay: `judge` is asked about each request. While it is `closed`, connections are cut at once.

    `seen` are the requests since it was healed or told what to lose, `lost` whether one, or its reply, is lost by now.
    """

    judge: Callable[[str], Fate] = lambda name: Fate.ARRIVE
    closed: bool = False
    seen: list[str] = field(default_factory=list)
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def fate(self, name: str) -> Fate:
        """What becomes of a request of that name."""
        if self.closed:
            return Fate.LOSE_REQUEST
        if name in UNWATCHED:
            return Fate.ARRIVE
        self.seen.append(name)
        return self.judge(name)

    def lose(self, number: int, fate: Fate, *, then_closed: bool = False) -> None:
        """From now on: pass all but the request with that number, counted from 1; perhaps all after it is lost too."""
        self.heal()

        def judge(name: str) -> Fate:
            if len(self.seen) != number:
                return Fate.ARRIVE
            self.closed = then_closed
            return fate

        self.judge = judge

    def lose_each(self, name: str, fate: Fate, *, times: int = 1, then_closed: bool = False) -> None:
        """From now on: pass all but the first requests of that name."""
        left = times

        def judge(asked: str) -> Fate:
            nonlocal left
            if asked != name or not left:
                return Fate.ARRIVE
            left -= 1
            self.closed = then_closed
            return fate

        self.judge = judge

    def heal(self) -> None:
        """Pass everything again."""
        self.closed, self.judge = False, lambda name: Fate.ARRIVE
        self.seen.clear()
        self.lost.clear()

    @property
    def mongodb_uri(self) -> str:
        """The address of the MongoDB behind it."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    @property
    def url(self) -> str:
        """The address of the HTTP server behind it."""
        return f"http://127.0.0.1:{self.port}"


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Request = tuple[str, bytes]


async def mongo_request(reader: asyncio.StreamReader) -> Request:
    """The next message to MongoDB, and the name of its command."""
    header = await reader.readexactly(4)
    body = await reader.readexactly(struct.unpack("<i", header)[0] - 4)
    message = header + body
    (kind,) = struct.unpack_from("<i", message, 12)
    name = message[26 : message.index(b"\0", 26)].decode() if kind == 2013 else "hello"  # OP_MSG, or a handshake of old
    return name, message


async def mongo_reply(reader: asyncio.StreamReader) -> bytes:
    """One message from MongoDB."""
    header = await reader.readexactly(4)
    return header + await reader.readexactly(struct.unpack("<i", header)[0] - 4)


async def http_request(reader: asyncio.StreamReader) -> Request:
    """A whole HTTP request with a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    return "request", head + await reader.readexactly(length_in(head))


async def http_reply(reader: asyncio.StreamReader) -> bytes:
    """A whole HTTP response with a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(length_in(head))


def length_in(head: bytes) -> int:
    """What a header says of the body's length."""
    found = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return int(found[0]) if found else 0


@asynccontextmanager
async def relaying(
    upstream: str,
    read_request: Callable[[asyncio.StreamReader], Awaitable[Request]],
    read_reply: Callable[[asyncio.StreamReader], Awaitable[bytes]],
) -> AsyncIterator[Relay]:
    """A relay to `upstream`: "host:port", or the path of a socket."""
    relay = Relay()

    async def connect() -> Streams:
        if Path(upstream).is_absolute():
            return await asyncio.open_unix_connection(upstream)
        host, _, port = upstream.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def converse(client: Streams, server: Streams) -> None:
        while True:
            name, request = await read_request(client[0])
            fate = relay.fate(name)
            if fate is Fate.LOSE_REQUEST:
                relay.lost.set()
                return
            server[1].write(request)
            await server[1].drain()
            reply = await read_reply(server[0])
            if fate is Fate.LOSE_REPLY or relay.closed:
                relay.lost.set()
                return
            client[1].write(reply)
            await client[1].drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        relay.tasks.add(task)
        opened = [writer]
        try:
            if not relay.closed:
                server = await connect()
                opened.append(server[1])
                await converse((reader, writer), server)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # either side has gone
        finally:
            for each in opened:
                each.transport.abort()
            relay.tasks.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 24)
    relay.port = listener.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        listener.close()
        for task in list(relay.tasks):
            task.cancel()
        await asyncio.gather(*relay.tasks, return_exceptions=True)


def to_mongodb(uri: str) -> AbstractAsyncContextManager[Relay]:
    """A relay to the MongoDB at that address: an embedded one's."""
    return relaying(str(socket_path(uri)), mongo_request, mongo_reply)


def to_http(url: str) -> AbstractAsyncContextManager[Relay]:
    """A relay to the HTTP server at that address."""
    return relaying(url.removeprefix("http://").partition("/")[0], http_request, http_reply)
