"""What subscribers of an earlier version lack, and are given when the program starts."""

from __future__ import annotations

from pymongo import UpdateOne

from app.graph.edges import LIVE
from app.mongo.client import Store
from app.mongo.reads import find
from app.organizations.domains import domain_of

BATCH = 1_000


async def ensure_email_domains(store: Store) -> None:
    """Store the e-mail domain of live subscribers that have none. If all have one, that is one read."""
    missing = {"emailDomain": None, **LIVE}
    while docs := await find(store, "subscribers", missing, {"emailKey": 1}, limit=BATCH):
        made = [UpdateOne({"_id": doc["_id"]}, {"$set": {"emailDomain": domain_of(doc["emailKey"])}}) for doc in docs]
        await store["subscribers"].bulk_write(made, ordered=False)
