"""What documents of an earlier version lack, and are given when the program starts."""

from __future__ import annotations

from pymongo import UpdateOne

from app.graph.edges import LIVE
from app.mongo.client import Store
from app.mongo.reads import find
from app.organizations.duplicates import NEEDED, match_keys

BATCH = 1_000
SHOWN = dict.fromkeys(NEEDED, 1)


async def ensure_match_keys(store: Store) -> None:
    """Store match keys of organizations that have none. If all have them, that is one read."""
    missing = {"matchKeys": None, **LIVE}
    while docs := await find(store, "organizations", missing, SHOWN, limit=BATCH):
        made = [UpdateOne({"_id": doc["_id"]}, {"$set": {"matchKeys": match_keys(doc)}}) for doc in docs]
        await store["organizations"].bulk_write(made, ordered=False)
