"""The argument `orderBy` of lists: GraphQL inputs made of the orders that records declare."""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import cache
from typing import Any

import strawberry
from strawberry.types.enum import EnumValueDefinition

from app.graph.choices import Choice, choices
from app.graph.filters import class_with_fields
from app.graph.record import Record


@choices(description="Which way to sort.")
class OrderDirection(Choice):
    """Which way to sort."""

    ASC = "ASC", "From the smallest, the earliest, or A."
    DESC = "DESC", "From the greatest, the latest, or Z."


@cache
def order_input(record: type[Record]) -> type:
    """The order input of a record, such as `OrganizationOrder`."""
    members: dict[str, EnumValueDefinition] = {
        order.name.upper(): strawberry.enum_value(order.name, description=order.doc) for order in record.orders
    }
    make_enum: Callable[..., Any] = enum.Enum
    choices = strawberry.enum(
        make_enum(f"{record.__name__}OrderField", members), description=f"What {record.plural_name()} can be sorted by."
    )
    fields = [
        ("field", choices, strawberry.field(description="What to sort by. Ties are broken by id.")),
        ("direction", OrderDirection, strawberry.field(default=OrderDirection.ASC, description="Which way to sort.")),
    ]
    cls = class_with_fields(f"{record.__name__}Order", fields)
    return strawberry.input(cls, description=f"How to sort {record.plural_name()}.")
