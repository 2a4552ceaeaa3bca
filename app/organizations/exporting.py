"""Organizations as an export writes them: parents before their children."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pymongo

from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.organization import Organization
from app.graph.depth import MAX_DEPTH
from app.mongo.client import Doc, Store
from app.organizations.importing import COLUMNS
from app.transfer.exporting import LIVE, PAGE_SECONDS, Exporter


async def levels(store: Store) -> AsyncIterator[Doc]:
    """The levels of the trees, from the top down."""
    for above in range(MAX_DEPTH + 1):
        yield {"ancestorIds": {"$size": above}}
        with pymongo.timeout(PAGE_SECONDS):
            deeper: Doc = {f"ancestorIds.{above}": {"$exists": True}, **LIVE}
            found = await store[Organization.collection].find_one(deeper, {"_id": 1})
        if found is None:
            return


ORGANIZATIONS = Exporter(
    COLUMNS,
    Organization,
    order_key="externalId",
    selections=levels,
    left_out={"externalId": None, "_id": {"$ne": UNCLASSIFIED_ID}},
    left_out_reason="they have no external id, by which an import could recognize them",
)
