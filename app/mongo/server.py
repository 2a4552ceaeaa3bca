"""Which MongoDB a process uses: the one that is set, or an embedded one that lives as long as the process."""

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

LOOK_SECONDS = 1.0
log = structlog.get_logger(__name__)


@contextmanager
def mongodb(settings: Settings) -> Iterator[str]:
    """The database's URI: the one that is set, once it answers, or that of an embedded mongod, stopped at the end."""
    if settings.mongodb_uri is None:
        with kept_running(None if settings.ephemeral else settings.data_directory) as uri:
            yield uri
    else:
        asyncio.run(check(settings.mongodb_uri))
        yield settings.mongodb_uri


@contextmanager
def kept_running(directory: Path | None) -> Iterator[str]:
    """An embedded mongod; one that goes, with the process that had started it or by itself, is started again.

    It answers at the same address, so that whoever is connected finds it again. An ephemeral one is not started again:
    its data are gone.
    """
    server, ended = EmbeddedMongo.start(directory), Event()

    def keep() -> None:
        nonlocal server
        while not ended.wait(LOOK_SECONDS):
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

    keeper = Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield server.uri
    finally:
        ended.set()
        keeper.join()
        server.stop()


async def check(uri: str) -> None:
    """Raise SetupError where there is no replica set at that address, or it does not let us in."""
    shown = re.sub(r"//[^@/]*@", "//…@", uri)
    try:
        async with connect(uri) as client:
            hello = await client.admin.command("hello")
            await client.admin.command("ping")
    except (ConfigurationError, InvalidURI, ValueError) as error:
        raise SetupError(f"MONGODB_URI ({shown}) is no address of a MongoDB: {error}") from None
    except PyMongoError as error:
        raise SetupError(
            f"The MongoDB at {shown} cannot be used ({type(error).__name__}). Start it, or correct MONGODB_URI; unset, "
            "a MongoDB of our own is started."
        ) from None
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise SetupError(
            f"The MongoDB at {shown} is not a member of a replica set, and so has no transactions. Start mongod with "
            "--replSet and run rs.initiate() once."
        )
