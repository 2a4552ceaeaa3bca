"""What may be written of plans and features, and the rules that judge them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from app.entities.catalog import MOST_FEATURES, MOST_PRICES, Charging, Feature, Plan
from app.entities.measures import number
from app.entities.organization import Organization
from app.entities.subscription import Subscription
from app.entities.texts import Invalid
from app.errors import Problems
from app.graph.documents import from_document
from app.mongo.client import Doc
from app.writing.inputs import CUSTOM_METADATA, Field, Inputs, RecordInput, Reference
from app.writing.rules import Rules
from app.writing.work import Work


def price(value: object) -> Decimal:
    """What a unit costs: nothing, or more."""
    amount = number(value)
    if amount < 0:
        raise Invalid("INVALID_AMOUNT", "A price is not below zero.")
    return amount


def unit_prices(rows: Sequence[Doc]) -> list[Doc]:
    """Prices, one for each quantity."""
    names = [row["quantity"] for row in rows if "quantity" in row]
    if len(set(names)) < len(names):
        raise Invalid("DUPLICATE", "A quantity has two prices.")
    if len(rows) > MOST_PRICES:
        raise Invalid("TOO_MANY", f"There are {len(rows):,} prices; there may be {MOST_PRICES}.")
    return list(rows)


PRICE = Field(
    "price", required=True, rule=price, annotation=Decimal, doc="What one unit costs, in the plan's currency."
)


class PlanRules(Rules[Plan]):
    """Plans."""

    record = Plan
    inputs: ClassVar[Inputs] = (
        Field("key"),
        Field("name"),
        Field("currency"),
        Field("charging"),
        Field("unit_prices", rule=unit_prices, of=(Field("quantity"), PRICE)),
        Field("covers_descendants"),
        CUSTOM_METADATA,
        Reference("features", Feature, "featureIds", "What it lets a customer use.", many=True),
    )

    def construct(self, work: Work, base: Doc, before: Plan | None, given: RecordInput, problems: Problems) -> Plan:
        """Its prices are in its own currency, whatever currency it had before."""
        values = base | given.values
        prices = [
            row | {"price": in_currency(row["price"], values["currency"])}
            for row in values["unitPrices"]
            if "price" in row
        ]
        return from_document(Plan, values | {"unitPrices": prices})

    async def validate(self, work: Work, before: Plan | None, after: Plan, problems: Problems) -> None:
        if after.charging and not problems.mention("unitPrices"):
            validate_prices(after, problems)
        if len(after.feature_ids) > MOST_FEATURES:
            problems.add("TOO_MANY", "features", f"There may be {MOST_FEATURES:,} features.")
        if before is None:
            return
        if after.currency != before.currency:
            if await work.find(Subscription.collection, {"planId": before.id}, {"_id": 1}, limit=1):
                message = f"There are subscriptions to it, billed in {before.currency}. Make another plan."
                problems.add("CURRENCY_FIXED", "currency", message)
        elif is_free(before) and not is_free(after):
            await validate_end_of_free_use(work, before, problems)


def in_currency(amount: object, currency: str) -> Doc:
    """An amount of a plan as it is stored: `amount` is that number, or a stored amount in any currency."""
    return {"amount": amount["amount"] if isinstance(amount, dict) else amount, "currency": currency}


def validate_prices(plan: Plan, problems: Problems) -> None:
    """A plan has unit prices if and only if it charges by them."""
    by_units = plan.charging == Charging.UNIT_PRICES
    if by_units and not plan.unit_prices:
        problems.add("MISMATCH", "unitPrices", "A plan that charges by unit prices has at least one.")
    if plan.unit_prices and not by_units:
        message = f"A plan that charges {plan.charging} has no unit prices: clear them by null."
        problems.add("MISMATCH", "unitPrices", message)


def is_free(plan: Plan) -> bool:
    """Whether it costs nothing, and so may be in any currency."""
    return plan.charging == Charging.FREE


async def validate_end_of_free_use(work: Work, plan: Plan, problems: Problems) -> None:
    """A free plan that somebody is on in another currency cannot begin to charge them."""
    running: Doc = {"planId": plan.id, "status": {"$ne": "ENDED"}, "deletedAt": None}
    subscriptions = await work.find(Subscription.collection, running, {"organizationId": 1})
    ids = sorted({doc["organizationId"] for doc in subscriptions})
    query: Doc = {"_id": {"$in": ids}, "currency": {"$ne": plan.currency}}
    for doc in await work.find(Organization.collection, query, {"name": 1, "currency": 1}, limit=1):
        message = f"{doc['name']!r} is on it, billed in {doc['currency']}. Make another plan."
        problems.add("CURRENCY_MISMATCH", "charging", message)


class FeatureRules(Rules[Feature]):
    """Features."""

    record = Feature
    inputs: ClassVar[Inputs] = (Field("key"), Field("name"), Field("description"))
