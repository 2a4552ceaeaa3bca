"""Transactions whose client is gone: for a minute MongoDB lets nobody else write the documents that they wrote.

A process that is killed, or a commit that never reached the server, leaves its transaction open. A writer that has met
write conflicts for some time calls `end_abandoned_transactions`, since the conflict may be with one of these.
"""

from __future__ import annotations

import contextlib

from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from app.mongo.client import DRIVER_OPTIONS, Store

CURRENT_OPERATIONS = {"$currentOp": {"idleSessions": True, "idleConnections": True}}


async def end_abandoned_transactions(store: Store) -> None:
    """Abort this program's idle transactions whose last connection is closed.

    Nothing happens where the user may not list operations or kill sessions. Should the client of one be alive after
    all, and merely between two connections, its transaction is aborted and retried.
    """
    with contextlib.suppress(PyMongoError):
        admin = store.client.admin.with_options(read_concern=ReadConcern("local"))  # $currentOp takes no other
        async with await admin.aggregate([CURRENT_OPERATIONS]) as cursor:
            operations = await cursor.to_list()
        open_connections = {row.get("connectionId") for row in operations if row.get("type") == "op"}
        abandoned_sessions = [
            {"id": row["lsid"]["id"]}
            for row in operations
            if row.get("type") == "idleSession"
            and "transaction" in row
            and row.get("appName") == DRIVER_OPTIONS["appname"]
            and row.get("connectionId") not in open_connections
        ]
        if abandoned_sessions:
            await admin.command("killSessions", abandoned_sessions)
