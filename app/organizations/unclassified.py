"""What always exists: UNCLASSIFIED, for whoever's organization is not known, and the default billing profile."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.entities.billing_profile import DEFAULT_ID, BillingProfile
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.organization import Organization
from app.graph.documents import to_document
from app.mongo.client import Store
from app.mongo.keys import Claim, insert_claims
from app.mongo.transactions import in_transaction


async def ensure_defaults(store: Store) -> None:
    """Create UNCLASSIFIED and the default billing profile if they are missing. Safe in concurrent processes."""
    found = await store["organizations"].find_one({"_id": UNCLASSIFIED_ID}, {"_id": 1})
    if found is not None:
        return
    now = datetime.now(UTC)

    async def insert(session: AsyncClientSession) -> None:
        await store["organizations"].insert_one(to_document(unclassified(now)), session=session)
        await store["billingProfiles"].insert_one(to_document(default_profile(now)), session=session)
        await insert_claims(store, [Claim("customer", UNCLASSIFIED_ID, UNCLASSIFIED_ID, "id")], session)

    try:
        await in_transaction(store, insert)
    except DuplicateKeyError:
        return  # another process was first


def unclassified(now: datetime) -> Organization:
    """The organization UNCLASSIFIED."""
    return Organization.model_validate(
        {
            "_id": UNCLASSIFIED_ID,
            "name": "UNCLASSIFIED",
            "description": "Subscribers and usage whose organization is not known.",
            "payerId": UNCLASSIFIED_ID,
            "createdAt": now,
            "updatedAt": now,
        }
    )


def default_profile(now: datetime) -> BillingProfile:
    """The billing profile that applies where none is pinned."""
    return BillingProfile.model_validate(
        {
            "_id": DEFAULT_ID,
            "name": "Default",
            "isDefault": True,
            "appliesTo": [DEFAULT_ID, None],
            "createdAt": now,
            "updatedAt": now,
        }
    )
