"""What may be written of plans and features, and the rules that judge them."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from app.entities.catalog import MOST_FEATURES, MOST_PRICES, Charging, Feature, Plan
from app.entities.measures import number
from app.entities.organization import Organization
from app.entities.subscription import PlanSubscription, not_ended
from app.entities.texts import Invalid, kind_of
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
        raise Invalid("INVALID_AMOUNT", "A price cannot be below zero: give zero or more.")
    return amount


def unit_prices(rows: object) -> list[Doc]:
    """The rows of a plan's prices: a list with one for each quantity; raises Invalid."""
    if not isinstance(rows, list):
        raise Invalid("INVALID_TYPE", f"Give a list of prices, not {kind_of(rows)}.")
    names = [row["quantity"] for row in rows if "quantity" in row]
    if len(set(names)) < len(names):
        raise Invalid("DUPLICATE", "A quantity can have only one price: remove the others.")
    if len(rows) > MOST_PRICES:
        raise Invalid("TOO_MANY", f"There are {len(rows):,} prices; at most {MOST_PRICES} are allowed.")
    return rows


PRICE = Field(
    "price", required=True, rule=price, annotation=Decimal, doc="The price of one unit, in the plan's currency."
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
        Reference("features", Feature, "featureIds", "The features it includes.", many=True),
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
            problems.add("TOO_MANY", "features", f"A plan can have at most {MOST_FEATURES:,} features.")
        if before is None:
            return
        if after.currency != before.currency:
            if await work.find(PlanSubscription.collection, {"planId": before.id}, {"_id": 1}, limit=1):
                message = f"It has subscriptions billed in {before.currency}: create another plan instead."
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
        problems.add("MISMATCH", "unitPrices", "A plan that charges UNIT_PRICES needs at least one unit price.")
    if plan.unit_prices and not by_units:
        message = f"A plan that charges {plan.charging} cannot have unit prices: set them to null."
        problems.add("MISMATCH", "unitPrices", message)


def is_free(plan: Plan) -> bool:
    """Whether it costs nothing, and so may be in any currency."""
    return plan.charging == Charging.FREE


async def validate_end_of_free_use(work: Work, plan: Plan, problems: Problems) -> None:
    """A free plan that somebody is on in another currency cannot begin to charge them."""
    running: Doc = {"planId": plan.id, **not_ended(work.now), "deletedAt": None}
    subscriptions = await work.find(PlanSubscription.collection, running, {"organizationId": 1})
    ids = sorted({doc["organizationId"] for doc in subscriptions})
    query: Doc = {"_id": {"$in": ids}, "currency": {"$ne": plan.currency}}
    for doc in await work.find(Organization.collection, query, {"name": 1, "currency": 1}, limit=1):
        message = f"{doc['name']!r} subscribes to it and is billed in {doc['currency']}: create another plan instead."
        problems.add("CURRENCY_MISMATCH", "charging", message)


class FeatureRules(Rules[Feature]):
    """Features."""

    record = Feature
    inputs: ClassVar[Inputs] = (Field("key"), Field("name"), Field("description"))
