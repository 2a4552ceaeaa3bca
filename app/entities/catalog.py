"""What can be subscribed to: plans and the features in them."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.entities.texts import Invalid, text
from app.entities.value_rules import ReadBy
from app.entities.values import METADATA, MetadataEntry, Money, history
from app.graph.choices import Choice, choices
from app.graph.edges import refs
from app.graph.many import many
from app.graph.ownership import Blocker, Ownership
from app.graph.record import BY_CHANGE, Embedded, Record, claimed, embedded, filterable, order, record
from app.graph.scalars import Currency

KEY_PATTERN = r"^[a-z0-9]+(_[a-z0-9]+)*$"
MOST_PRICES, MOST_FEATURES = 100, 1_000


def catalog_key(value: object) -> str:
    """The key of a plan or feature."""
    found = text(64)(value)
    if not re.fullmatch(KEY_PATTERN, found):
        raise Invalid("INVALID_KEY", f"{found!r} is not lower-case words and digits joined by _, such as gold_2026.")
    return found


CatalogKey = Annotated[str, ReadBy(catalog_key)]


@choices(description="How a plan charges for usage.")
class Charging(Choice):
    """How a plan charges."""

    FREE = "FREE", "Free of charge. Customers billed in any currency can subscribe to it."
    PASS_THROUGH = "PASS_THROUGH", "The cost that usage events carry is passed on."
    UNIT_PRICES = "UNIT_PRICES", "A price per unit of each metered quantity."


@embedded(description="The price of one unit of a quantity.")
class UnitPrice(Embedded):
    """What one unit of a quantity costs."""

    quantity: str = Field(max_length=256, description='The quantity as usage events name it, such as "prompt_tokens".')
    price: Money = Field(description="The price of one unit.")


@record(description="A plan that customers can subscribe to: its features and its prices.")
class Plan(Record):
    """What a customer can subscribe to."""

    collection: ClassVar = "plans"
    prefix: ClassVar = "pln"
    read_scope: ClassVar = Scope.CATALOG
    orders: ClassVar = (order("key", "By key."), order("created_at", "By creation time."), BY_CHANGE)
    filters: ClassVar = (
        filterable("key"),
        filterable("updated_at"),
        filterable("name"),
        filterable("charging"),
        filterable("currency"),
    )
    finders: ClassVar = (claimed("key", "planKey", "Its key."),)
    searched: ClassVar = ("key", "name")

    key: CatalogKey = Field(
        pattern=KEY_PATTERN,
        max_length=64,
        description="A unique key of lower-case words joined by underscores, such as gold_2026.",
    )
    name: str = Field(min_length=1, max_length=256, description="Its name.")
    currency: Currency = Field(description="The currency of its prices, ISO 4217.")
    charging: Charging = Field(description="How it charges for usage.")
    unit_prices: tuple[UnitPrice, ...] = Field(
        default=(), description="The unit prices, for a plan that charges UNIT_PRICES."
    )
    covers_descendants: bool = Field(
        default=False, description="Whether organizations below the one that subscribes may also use its features."
    )
    custom_metadata: tuple[MetadataEntry, ...] = Field(default=(), description=METADATA)

    feature_ids: strawberry.Private[tuple[str, ...]] = ()

    history = history()
    features = refs(
        "Feature",
        via="featureIds",
        doc="The features it includes.",
        owned=Ownership(blocks_delete=Blocker("plans that include it", "key", "Remove it from them first.")),
    )
    subscriptions = many("PlanSubscription", by="planId", doc="The subscriptions to it.")


@record(description="A feature that plans can include.")
class Feature(Record):
    """Something that a plan lets a customer use."""

    collection: ClassVar = "features"
    prefix: ClassVar = "fea"
    read_scope: ClassVar = Scope.CATALOG
    orders: ClassVar = (order("key", "By key."), order("created_at", "By creation time."), BY_CHANGE)
    filters: ClassVar = (filterable("key"), filterable("updated_at"), filterable("name"))
    finders: ClassVar = (claimed("key", "featureKey", "Its key."),)
    searched: ClassVar = ("key", "name")

    key: CatalogKey = Field(
        pattern=KEY_PATTERN,
        max_length=64,
        description="A unique key of lower-case words joined by underscores, such as gold_2026.",
    )
    name: str = Field(min_length=1, max_length=256, description="Its name.")
    description: str | None = Field(
        default=None, max_length=1024, description="Its description, at most 1,024 characters."
    )

    history = history()
    plans = many("Plan", by="featureIds", in_array=True, doc="The plans that include it.")
