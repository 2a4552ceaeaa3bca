"""What may be written of plans and features."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from app.entities.catalog import MOST_FEATURES, MOST_PRICES, Charging, Feature, Plan, catalog_key
from app.entities.codes import currency_code
from app.entities.measures import number
from app.entities.texts import Invalid, one_of, text
from app.errors import Problem
from app.mongo.client import Doc
from app.organizations.lifecycle import CUSTOM_METADATA
from app.writing.inputs import Field, Inputs, Path, Reference
from app.writing.lifecycle import Key, Lifecycle
from app.writing.resting import resting
from app.writing.work import Work

short = text(256)


def price(value: Any) -> Decimal:
    """What a unit costs: nothing, or more."""
    found = number(value)
    if found < 0:
        raise Invalid("INVALID_AMOUNT", "A price is not below zero.")
    return found


def unit_prices(rows: Sequence[Doc]) -> list[Doc]:
    """Prices, one for each quantity."""
    names = [row["quantity"] for row in rows if "quantity" in row]
    if len(set(names)) < len(names):
        raise Invalid("DUPLICATE", "A quantity has two prices.")
    if len(rows) > MOST_PRICES:
        raise Invalid("TOO_MANY", f"There are {len(rows):,} prices; there may be {MOST_PRICES}.")
    return list(rows)


def truth(value: Any) -> bool:
    """Yes or no."""
    return bool(value)


PRICE = Field("price", price, required=True, annotation=Decimal, doc="What one unit costs, in the plan's currency.")


class PlanLifecycle(Lifecycle):
    """Plans."""

    record = Plan
    inputs: ClassVar[Inputs] = (
        Field("key", catalog_key, required=True),
        Field("name", short, required=True),
        Field("currency", currency_code, required=True),
        Field("charging", one_of(Charging), required=True),
        Field("unit_prices", unit_prices, of=(Field("quantity", short, required=True), PRICE)),
        Field("covers_descendants", truth),
        CUSTOM_METADATA,
        Reference("features", "Feature", "featureIds", "What it lets a customer use.", many=True),
    )

    def claims(self, doc: Doc) -> Iterable[Key]:
        yield "planKey", doc["key"] or "", "key"

    async def settle(self, work: Work, before: Doc | None, after: Doc, problems: list[Problem], path: Path) -> None:
        by_units = after["charging"] == Charging.UNIT_PRICES.value
        is_told = any("unitPrices" in problem.field for problem in problems)
        if bool(after["unitPrices"]) is not by_units and after["charging"] and not is_told:
            message = (
                "A plan that charges by unit prices has at least one."
                if by_units
                else f"A plan that charges {after['charging']} has no unit prices: clear them by null."
            )
            problems.append(Problem("MISMATCH", (*path, "unitPrices"), message))
        after["unitPrices"] = [
            row | {"price": in_currency(row["price"], after["currency"])}
            for row in after["unitPrices"]
            if "price" in row
        ]
        if len(after["featureIds"]) > MOST_FEATURES:
            problems.append(Problem("TOO_MANY", (*path, "features"), f"There may be {MOST_FEATURES:,} features."))
        if before is not None and after["currency"] != before["currency"]:
            query: Doc = {"planId": before["_id"]}
            if await work.find("subscriptions", query, {"_id": 1}, limit=1):
                message = f"There are subscriptions to it, billed in {before['currency']}. Make another plan."
                problems.append(Problem("CURRENCY_FIXED", (*path, "currency"), message))
        elif before is not None and not is_free(after) and is_free(before):
            problems += await free_in_another_currency(work, before, path)

    async def in_the_way(self, work: Work, doc: Doc) -> list[Problem]:
        running: Doc = {"planId": doc["_id"], "status": {"$ne": "ENDED"}}
        return await resting(work, "subscriptions", running, "subscriptions that run", "externalId", "End them first.")


def is_free(plan: Doc) -> bool:
    """Whether it may be in any currency."""
    return bool(plan["charging"] == Charging.FREE.value)


async def free_in_another_currency(work: Work, plan: Doc, path: Path) -> list[Problem]:
    """Who is on a free plan that is not in their currency: it cannot begin to charge them."""
    running: Doc = {"planId": plan["_id"], "status": {"$ne": "ENDED"}, "deletedAt": None}
    on_it = await work.find("subscriptions", running, {"organizationId": 1})
    ids = sorted({each["organizationId"] for each in on_it})
    query: Doc = {"_id": {"$in": ids}, "currency": {"$ne": plan["currency"]}}
    others = await work.find("organizations", query, {"name": 1, "currency": 1}, limit=1)
    message = "{name!r} is on it, billed in {currency}. Make another plan."
    return [Problem("CURRENCY_MISMATCH", (*path, "charging"), message.format(**each)) for each in others]


def in_currency(amount: Any, currency: str) -> Doc:
    """An amount of a plan, in the plan's currency."""
    return {"amount": amount["amount"] if isinstance(amount, dict) else amount, "currency": currency}


class FeatureLifecycle(Lifecycle):
    """Features."""

    record = Feature
    inputs: ClassVar[Inputs] = (
        Field("key", catalog_key, required=True),
        Field("name", short, required=True),
        Field("description", text(1_024)),
    )

    def claims(self, doc: Doc) -> Iterable[Key]:
        yield "featureKey", doc["key"] or "", "key"

    async def in_the_way(self, work: Work, doc: Doc) -> list[Problem]:
        holding: Doc = {"featureIds": doc["_id"]}
        return await resting(work, "plans", holding, "plans that include it", "key", "Take it out of them first.")
