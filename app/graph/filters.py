"""Filter and order inputs, made from what a record says it may be filtered and ordered by.

Values never become operators, and text is never read as a pattern: a prefix is a range. Each input turns into a MongoDB
filter over stored names.
"""

from __future__ import annotations

import dataclasses
import enum
import types
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Generic, TypeVar, Union, cast, get_args, get_origin

import strawberry
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types import get_object_definition
from strawberry.types.enum import EnumValueDefinition

from app.errors import BadRequest
from app.graph.choices import Choice, choices
from app.graph.record import Filterable, Normalise, Record
from app.graph.scalars import MetadataValue
from app.mongo.client import Doc

T = TypeVar("T")
TYPE_TO_COME = str | None
"""Stands for the type of a field whose real type is the class that the field is part of, and is not made yet."""

MAX_CONDITIONS, MAX_CHOICES = 50, 100
OPERATORS = {"equals": "$eq", "gt": "$gt", "gte": "$gte", "lt": "$lt", "lte": "$lte"}


class FieldFilter:
    """Conditions on one field; all of them must hold."""

    def conditions(self, stored: str, normalise: Normalise | None) -> list[Doc]:
        """One filter for each condition that was given."""
        found: list[Doc] = []
        for name, value in given_fields(self):
            if name == "in_":
                check_list_length(value, stored)
                found.append({stored: {"$in": [stored_form(each, normalise) for each in value or ()]}})
            elif value is None and name != "equals":
                continue
            elif name == "starts_with":
                found.append({stored: prefix_range(stored_form(value, normalise))})
            elif name == "contains":
                found.append({stored: {"$eq": stored_form(value, normalise)}})
            else:
                found.append({stored: {OPERATORS[name]: stored_form(value, normalise)}})
        return found


def given_fields(filter_input: Any) -> list[tuple[str, Any]]:
    """The fields of an input that the caller gave, null included."""
    pairs = ((field.name, getattr(filter_input, field.name)) for field in dataclasses.fields(filter_input))
    return [(name, value) for name, value in pairs if value is not UNSET]


def stored_form(value: Any, normalise: Normalise | None) -> Any:
    """A value as it is stored."""
    if isinstance(value, enum.Enum):
        return value.value
    return normalise(value) if normalise and isinstance(value, str) else value


def check_list_length(values: list[Any] | None, stored: str) -> None:
    """A list of choices is bounded, as every list is."""
    if values and len(values) > MAX_CHOICES:
        raise BadRequest(f"`in` of {stored} has {len(values)} values; it may have {MAX_CHOICES}.", argument="filter")


def prefix_range(prefix: str) -> Doc:
    """Every text that begins with `prefix`, as a range of the index: up to its successor in code point order."""
    for end in range(len(prefix), 0, -1):
        last = ord(prefix[end - 1])
        if last < 0x10FFFF:
            following = 0xE000 if last + 1 == 0xD800 else last + 1  # no text holds a surrogate
            return {"$gte": prefix, "$lt": prefix[: end - 1] + chr(following)}
    return {"$gte": prefix}


def optional_field(text: str, name: str | None = None) -> Any:
    """A field of an input that may be left out."""
    return strawberry.field(name=name, default=UNSET, description=text)


@strawberry.input(description="Conditions on text; all of them must hold. Text is never read as a pattern.")
class StringFilter(FieldFilter):
    """Conditions on text."""

    equals: str | None = optional_field("Exactly this; null finds what has none.")
    in_: list[str] | None = optional_field(f"One of these, at most {MAX_CHOICES}.", "in")
    starts_with: str | None = optional_field("This at the front.")


@strawberry.input(description="Conditions on a list of texts; all of them must hold.")
class StringListFilter(FieldFilter):
    """Conditions on a list of texts."""

    contains: str | None = optional_field("This is one of them, exactly.")


@strawberry.input(description="Conditions on a value of a closed list; all of them must hold.")
class ChoiceFilter(FieldFilter, Generic[T]):
    """Conditions on an enum."""

    equals: T | None = optional_field("Exactly this.")
    in_: list[T] | None = optional_field("One of these.", "in")


@strawberry.input(description="Conditions on an instant; all of them must hold.")
class DateTimeFilter(FieldFilter):
    """Conditions on an instant."""

    gt: datetime | None = optional_field("After this.")
    gte: datetime | None = optional_field("At this or after.")
    lt: datetime | None = optional_field("Before this.")
    lte: datetime | None = optional_field("At this or before.")


@strawberry.input(description="Conditions on one entry of the custom metadata; all of them must hold for that entry.")
class MetadataFilter:
    """Conditions on an entry of `customMetadata`, on its index of name and value."""

    name: str = strawberry.field(description="The entry's name, exactly.")
    equals: MetadataValue | None = optional_field("Exactly this value, of this type.")
    in_: list[MetadataValue | None] | None = optional_field(f"One of these values, at most {MAX_CHOICES}.", "in")
    exists: bool | None = optional_field("Whether there is such an entry.")

    def conditions(self, stored: str, normalise: Normalise | None) -> list[Doc]:
        """One filter for each condition that was given; with none, that the entry exists."""
        asked = dict(given_fields(self))
        entry: Doc = {"name": {"$eq": asked.pop("name")}}
        wanted = asked.pop("exists", None)
        found: list[Doc] = []
        if "equals" in asked:
            found.append({stored: {"$elemMatch": {**entry, "value": {"$eq": asked["equals"]}}}})
        if "in_" in asked:
            check_list_length(asked["in_"], stored)
            found.append({stored: {"$elemMatch": {**entry, "value": {"$in": list(asked["in_"] or ())}}}})
        if wanted is False:
            found.append({stored: {"$not": {"$elemMatch": entry}}})
        elif wanted or not found:
            found.append({stored: {"$elemMatch": entry}})
        return found


class RecordFilter:
    """Conditions on a record, joined by and, or, not."""

    fields: dict[str, Filterable]

    def to_mongo(self) -> Doc:
        """The filter that the database takes; empty where nothing is asked."""
        if (size := condition_count(self)) > MAX_CONDITIONS:
            raise BadRequest(f"`filter` has {size} conditions; it may have {MAX_CONDITIONS}.", argument="filter")
        return all_of(self.parts())

    def parts(self) -> list[Doc]:
        """One filter for each condition."""
        found: list[Doc] = []
        for name, value in given_fields(self):
            if value is None:
                continue
            if name in ("and_", "or_"):
                each = [all_of(inner.parts()) for inner in value]
                found += [{f"${name[:-1]}": each}] if each else []
            elif name == "not_":
                found.append({"$nor": [all_of(value.parts())]})
            else:
                field = self.fields[name]
                for condition in value if isinstance(value, list) else [value]:
                    found += condition.conditions(field.stored, field.normalise)
        return found


def all_of(parts: list[Doc]) -> Doc:
    """All of them."""
    return parts[0] if len(parts) == 1 else {"$and": parts} if parts else {}


def condition_count(filter_input: Any) -> int:
    """How many conditions there are in a filter; what has none counts as one, for there is no end of those."""
    if isinstance(filter_input, list):
        return max(1, sum(map(condition_count, filter_input)))
    if isinstance(filter_input, RecordFilter):
        return max(1, sum(condition_count(value) for _, value in given_fields(filter_input)))
    if isinstance(filter_input, (FieldFilter, MetadataFilter)):
        return max(1, sum(name != "name" for name, _ in given_fields(filter_input)))
    return 1


def filter_type(annotation: Any) -> Any:
    """The filter input for a field of that annotation."""
    if get_origin(annotation) is tuple:
        item = get_args(annotation)[0]
        item = get_args(item)[0] if get_origin(item) is Annotated else item
        return StringListFilter if item is str else MetadataFilter
    if get_origin(annotation) in (Annotated, Union, types.UnionType):
        return filter_type(next(arg for arg in get_args(annotation) if arg is not type(None)))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return ChoiceFilter[annotation]
    return {datetime: DateTimeFilter}.get(annotation, StringFilter)


def class_with_fields(name: str, fields: list[tuple[str, Any, Any]], *bases: type) -> type:
    """A class for strawberry.input. Not make_dataclass: that throws the fields' names and descriptions away."""
    body = {"__annotations__": {n: a for n, a, _ in fields}, "__module__": __name__, **{n: f for n, _, f in fields}}
    return type(name, bases, body)


def field_filters(record: type[Record]) -> list[tuple[str, Any, Any]]:
    """One input field for each field that the record may be filtered by."""
    found: list[tuple[str, Any, Any]] = []
    for each in record.filters:
        info = record.model_fields[each.name]
        kind: Any = filter_type(info.annotation)
        found.append(
            (
                each.name,
                (list[MetadataFilter] if kind is MetadataFilter else kind) | None,
                optional_field(f"{info.description}"),
            )
        )
    return found


@cache
def filter_input(record: type[Record]) -> Any:
    """`OrganizationFilter` and its like: one for each record, whatever list it is used on."""
    joins = [
        ("and_", TYPE_TO_COME, optional_field("All of these hold.", "and")),
        ("or_", TYPE_TO_COME, optional_field("At least one of these holds.", "or")),
        ("not_", TYPE_TO_COME, optional_field("This does not hold.", "not")),
    ]
    cls = class_with_fields(f"{record.__name__}Filter", [*field_filters(record), *joins], RecordFilter)
    cast(Any, cls).fields = {each.name: each for each in record.filters}
    made: Any = strawberry.input(cls, description=f"Which {plural_name(record)} are wanted; all conditions must hold.")
    join_types = {"and_": list[made] | None, "or_": list[made] | None, "not_": made | None}
    for field in get_object_definition(made, strict=True).fields:
        if field.python_name in join_types:
            field.type_annotation = StrawberryAnnotation(join_types[field.python_name])
    return made


@choices(description="Which way to sort.")
class OrderDirection(Choice):
    """Which way to sort."""

    ASC = "ASC", "From the smallest, the earliest, or A."
    DESC = "DESC", "From the greatest, the latest, or Z."


@cache
def order_input(record: type[Record]) -> Any:
    """`OrganizationOrder` and its like."""
    members: dict[str, EnumValueDefinition] = {
        each.name.upper(): strawberry.enum_value(each.name, description=each.doc) for each in record.orders
    }
    make: Callable[..., Any] = enum.Enum
    choices = strawberry.enum(
        make(f"{record.__name__}OrderField", members), description=f"What {plural_name(record)} can be sorted by."
    )
    fields = [
        ("field", choices, strawberry.field(description="What to sort by. Ties are broken by id.")),
        ("direction", OrderDirection, strawberry.field(default=OrderDirection.ASC, description="Which way to sort.")),
    ]
    return strawberry.input(
        class_with_fields(f"{record.__name__}Order", fields), description=f"How to sort {plural_name(record)}."
    )


def plural_name(record: type[Record]) -> str:
    """What a list of them is called in a sentence."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in record.collection)
    return spaced.strip()
