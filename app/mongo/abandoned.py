"""Transactions whose client is gone: the database would keep what they wrote locked for a minute, from everybody.

A process that is killed, or a commit that never arrived, leaves its transaction open. Who is refused time and again
looks whether the transaction in the way is such a one, and ends it.
"""

from __future__ import annotations

import contextlib

from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from app.mongo.client import DRIVER_OPTIONS, Store

CURRENT = {"$currentOp": {"idleSessions": True, "idleConnections": True}}


async def end_abandoned(store: Store) -> None:
    """End this program's idle transactions whose last connection is closed. Where that is not allowed, nothing happens.

    Should one of them be alive after all, between two connections, it is undone and tries again.
    """
    with contextlib.suppress(PyMongoError):
        admin = store.client.admin.with_options(read_concern=ReadConcern("local"))  # no other is possible here
        async with await admin.aggregate([CURRENT]) as found:
            rows = await found.to_list()
        there = {row.get("connectionId") for row in rows if row.get("type") == "op"}
        left = [
            {"id": row["lsid"]["id"]}
            for row in rows
            if row.get("type") == "idleSession"
            and "transaction" in row
            and row.get("appName") == DRIVER_OPTIONS["appname"]
            and row.get("connectionId") not in there
        ]
        if left:
            await admin.command("killSessions", left)
