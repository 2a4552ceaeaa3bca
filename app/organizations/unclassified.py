"""What always exists: UNCLASSIFIED, for whoever's organization is not known, and the default billing profile."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.entities.billing_profile import DEFAULT_ID, BillingProfile
from app.entities.identifiers import UNCLASSIFIED_ID, UNCLASSIFIED_NAME
from app.entities.organization import Organization
from app.errors import Problems
from app.graph.documents import to_document
from app.graph.record import Record
from app.graph.search_upkeep import with_search_fields
from app.mongo.client import Store
from app.mongo.keys import Claim, insert_claims
from app.mongo.transactions import in_transaction

NO_CUSTOMER = "UNCLASSIFIED is no customer: name the customer's organization."


async def ensure_defaults(store: Store) -> None:
    """Create UNCLASSIFIED and the default billing profile if they are missing. Safe in concurrent processes."""
    found = await store["organizations"].find_one({"_id": UNCLASSIFIED_ID}, {"_id": 1})
    if found is not None:
        return
    now = datetime.now(UTC)

    async def insert(session: AsyncClientSession) -> None:
        always: tuple[Record, ...] = (unclassified(now), default_profile(now))
        for record in always:
            document = with_search_fields(record.collection, to_document(record))
            await store[record.collection].insert_one(document, session=session)
        await insert_claims(store, [Claim("customer", UNCLASSIFIED_ID, UNCLASSIFIED_ID, "id")], now, session)

    try:
        await in_transaction(store, insert)
    except DuplicateKeyError:
        return  # another process was first


def validate_customer(organization_id: str, problems: Problems, field: str = "organization") -> None:
    """UNCLASSIFIED has no subscription, usage attribute or invoice: add a problem for the field that names it."""
    if organization_id == UNCLASSIFIED_ID:
        problems.add("UNCLASSIFIED_FIXED", field, NO_CUSTOMER)


def unclassified(now: datetime) -> Organization:
    """The organization UNCLASSIFIED."""
    return Organization.model_validate(
        {
            "_id": UNCLASSIFIED_ID,
            "name": UNCLASSIFIED_NAME,
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
