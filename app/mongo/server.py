"""Which MongoDB a process uses: the one that is set, or an embedded one that lives as long as the process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError

from app.errors import SetupError
from app.mongo.client import connect
from app.mongo.embedded import EmbeddedMongo
from app.settings import Settings


@contextmanager
def mongodb(settings: Settings) -> Iterator[str]:
    """The database's URI: the one that is set, once it answers, or that of an embedded mongod, stopped at the end."""
    if settings.mongodb_uri is None:
        with EmbeddedMongo.start(None if settings.ephemeral else settings.data_directory) as embedded:
            yield embedded.uri
    else:
        asyncio.run(check(settings.mongodb_uri))
        yield settings.mongodb_uri


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
