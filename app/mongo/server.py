"""The MongoDB that a process uses: the one that MONGODB_URI names, else an embedded one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import structlog
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError

from app.errors import SetupError
from app.mongo.client import connect
from app.mongo.embedded import EmbeddedMongo
from app.settings import Settings

CHECK_SECONDS = 1.0
WATCHER = "embedded MongoDB watcher"  # the name of the thread that starts it again
log = structlog.get_logger(__name__)


@contextmanager
def mongodb(settings: Settings) -> Iterator[str]:
    """The connection string to use: MONGODB_URI, once that server answers, else that of an embedded mongod.

    The embedded mongod is stopped at the end of the `with` block. Raises SetupError where there is no usable server.
    """
    if settings.mongodb_uri is None:
        with embedded_mongodb(None if settings.ephemeral else settings.data_directory) as uri:
            yield uri
    else:
        asyncio.run(require_replica_set(settings.mongodb_uri))
        yield settings.mongodb_uri


@contextmanager
def embedded_mongodb(directory: Path | None) -> Iterator[str]:
    """The connection string of an embedded mongod, which is started again whenever it has ended.

    It may end by itself, or with the process that started it. It is found again at the same address, except where the
    path of its socket is so long that it is reached through a link. Without a directory it is not started again: its
    data are gone.
    """
    server, is_over = EmbeddedMongo.start(directory), Event()

    def restart_when_ended() -> None:
        nonlocal server
        while not is_over.wait(CHECK_SECONDS):
            if server.running:
                continue
            log.error("the embedded MongoDB is gone", directory=str(directory))
            if directory is None:
                return
            try:
                server = EmbeddedMongo.start(directory)
                log.warning("the embedded MongoDB runs again", directory=str(directory))
            except SetupError as error:
                log.error("the embedded MongoDB could not be started again", reason=str(error))

    watcher = Thread(target=restart_when_ended, name=WATCHER, daemon=True)
    watcher.start()
    try:
        yield server.uri
    finally:
        is_over.set()
        watcher.join()
        server.stop()


async def require_replica_set(uri: str) -> None:
    """Raise SetupError where no replica set answers at that address, or it refuses the connection.

    No message shows a user or password, not even of an address that cannot be read.
    """
    address = re.sub(r"^(\w+(?:\+srv)?://)?.*@", r"\1…@", uri)
    try:
        async with connect(uri) as client:
            hello = await client.admin.command("hello")
            await client.admin.command("ping")
    except (ConfigurationError, InvalidURI, ValueError) as error:
        reason = f": {error}" if "@" not in uri else ", or its user and password are not percent-encoded."
        raise SetupError(f"MONGODB_URI ({address}) is not a MongoDB connection string{reason}") from None
    except PyMongoError as error:
        raise SetupError(
            f"The MongoDB at {address} cannot be used ({type(error).__name__}). Start it, or correct MONGODB_URI, "
            "or unset that to use the embedded MongoDB."
        ) from None
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise SetupError(
            f"The MongoDB at {address} is not a member of a replica set, and so has no transactions. Start mongod with "
            "--replSet and run rs.initiate() once."
        )
