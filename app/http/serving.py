"""A server process from its start to its end: it binds a port, serves an application and obeys signals."""

from __future__ import annotations

import errno
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

from app.errors import SetupError

BACKLOG = 2048
STARTUP_FAILURE = 3  # uvicorn's exit code where the application could not start


class Server(uvicorn.Server):
    """A uvicorn server that calls `ready` when it serves."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            freeze_gc()
            self.ready()


def freeze_gc() -> None:
    """Exempt what was made at start-up, schema and code, from every later garbage collection.

    To walk all of it again and again took a fifth of the time of a page under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def serve(application: ASGIApp, listener: socket.socket, ready: Callable[[], None], shutdown_seconds: int) -> None:
    """Serve until SIGTERM or SIGINT, then let open requests finish, for so long. `ready` is called when it serves."""
    config = uvicorn.Config(
        application,
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=shutdown_seconds,
    )
    try:
        Server(config, ready).run(sockets=[listener])
    except SystemExit as ended:
        if ended.code == STARTUP_FAILURE:
            raise SetupError("The server could not start. What kept it from that is logged above.") from None
        raise


@contextmanager
def leaving_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGINT end the process in order, with every context manager left, and exit code 0."""
    before = {number: signal.signal(number, exit_process) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_process(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End the process by an exception, so that every context manager is left."""
    raise SystemExit(0)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there; port 0 picks a free one. It is bound before anything else is started."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server((str(address[0]), port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SetupError(
                f"Port {port} of {host} is in use. End what uses it, or choose another: --port 0 picks a free one."
            ) from None
        raise SetupError(f"{host}, port {port}, cannot be bound: {error.strerror}. Choose another.") from None
    with listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    """The URL of a server on that socket."""
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
