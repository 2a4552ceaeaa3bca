"""The input `filter` of a list, made of the filters that its record declares.

Each filter turns into a MongoDB filter over stored names. Values never become operators, and text is never read as a
pattern: a prefix is a range, and a part is looked up in the index of parts and then compared character by character.
"""

from __future__ import annotations

import dataclasses
import enum
import types
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, Union, cast, get_args, get_origin

import strawberry
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types import get_object_definition

from app.errors import BadArgument
from app.graph.record import Filterable, Normalise, Record, declarations_of
from app.graph.scalars import MetadataValue
from app.graph.search_texts import fold, has_part, literal, prefix_range
from app.mongo.client import Doc

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
TYPE_TO_COME = str | None
"""In place of a field's type while that type, the class that the field is part of, is not made yet."""

NO_RECORD: Doc = {"_id": {"$in": []}}
"""The MongoDB filter that matches nothing."""

MAX_CONDITIONS, MAX_CHOICES, MAX_PART = 50, 100, 256
OPERATORS = {"equals": "$eq", "contains": "$eq", "gt": "$gt", "gte": "$gte", "lt": "$lt", "lte": "$lte"}


class FieldFilter:
    """Conditions on one field; all of them must hold."""

    def conditions(self, field: Filterable, now: datetime) -> list[Doc]:
        """One MongoDB filter on the stored field for each condition that was given."""
        return [
            anywhere(field, condition_on(name, value, field.stored, field.normalise), is_none=value is None)
            for name, value in given_fields(self)
            if value is not None or name in ("equals", "in_")
        ]


def condition_on(name: str, value: object, stored: str, normalise: Normalise | None) -> Doc:
    """The MongoDB operator and operand of one condition of a `FieldFilter`."""
    if name == "in_":
        return {"$in": [stored_form(choice, normalise) for choice in checked_list(value, stored)]}
    operand = stored_form(value, normalise)
    return prefix_range(str(operand)) if name == "starts_with" else {OPERATORS[name]: operand}


def anywhere(field: Filterable, condition: Doc, *, is_none: bool) -> Doc:
    """A condition on a stored field, or on it and the arrays in which its text may stand as well."""
    if not field.also or is_none:
        return {field.stored: condition}
    return {"$or": [{field.stored: condition}, *({stored: {"$elemMatch": condition}} for stored in field.also)]}


def given_fields(filter_input: object) -> list[tuple[str, Any]]:
    """The names and values of an input's fields that the caller gave, null included."""
    fields = dataclasses.fields(cast("DataclassInstance", filter_input))
    pairs = ((field.name, getattr(filter_input, field.name)) for field in fields)
    return [(name, value) for name, value in pairs if value is not UNSET]


def stored_form(value: object, normalise: Normalise | None) -> object:
    """A value as it is stored: an enum as its value, text normalised."""
    if isinstance(value, enum.Enum):
        return value.value
    return normalise(value) if normalise and isinstance(value, str) else value


def checked_list(values: object, stored: str) -> list[object]:
    """The values of an `in`, none for null; a BadArgument for too many."""
    choices = values if isinstance(values, list) else []
    if len(choices) > MAX_CHOICES:
        raise BadArgument(f"`in` of {stored} has {len(choices)} values; it may have {MAX_CHOICES}.", argument="filter")
    return choices


def optional_field(text: str, name: str | None = None) -> Any:
    """A Strawberry field of an input that may be left out, with the description `text`."""
    return strawberry.field(name=name, default=UNSET, description=text)


@strawberry.input(description="Conditions on text; all of them must hold. Text is never read as a pattern.")
class StringFilter(FieldFilter):
    """Conditions on text."""

    equals: str | None = optional_field("Exactly this; null finds what has none.")
    in_: list[str] | None = optional_field(f"One of these, at most {MAX_CHOICES}.", "in")
    starts_with: str | None = optional_field("This at the front.")


@strawberry.input(description="Conditions on a name or an identifier; all must hold. Text is never read as a pattern.")
class SearchedStringFilter(StringFilter):
    """Conditions on text of which the record's parts are stored (`search_texts.py`)."""

    contains: str | None = optional_field(f"This as a part of it, in any case; at most {MAX_PART} characters.")

    def conditions(self, field: Filterable, now: datetime) -> list[Doc]:
        """As those of other text; of a part, that the index of parts has it, and that it is a part of this field."""
        others = dataclasses.replace(self, contains=UNSET)
        filters = super(SearchedStringFilter, others).conditions(field, now)
        return filters if self.contains in (UNSET, None) else [*filters, *contains(field, str(self.contains))]


def contains(field: Filterable, part: str) -> list[Doc]:
    """The MongoDB filters for the records of which the field has that part, in any case."""
    if len(part) > MAX_PART:
        raise BadArgument(f"`contains` has {len(part)} characters; it may have {MAX_PART}.", argument="filter")
    pattern: Doc = {"$regex": literal(part), "$options": "i"}
    folded = fold(part).strip()
    narrowed = has_part(folded)[:1] if folded else []
    return [*narrowed, {"$or": [{stored: pattern} for stored in (field.shown, *field.also)]}]


@strawberry.input(description="Conditions on a list of texts; all of them must hold.")
class StringListFilter(FieldFilter):
    """Conditions on a list of texts."""

    contains: str | None = optional_field("This is one of them, exactly.")


@strawberry.input(description="Conditions on a value of a closed list; all of them must hold.")
class ChoiceFilter(FieldFilter, Generic[T]):
    """Conditions on an enum."""

    equals: T | None = optional_field("Exactly this.")
    in_: list[T] | None = optional_field("One of these.", "in")

    def conditions(self, field: Filterable, now: datetime) -> list[Doc]:
        """As those of stored fields; of a derived one, by its rule at that instant."""
        if field.matches is None:
            return super().conditions(field, now)
        filters: list[Doc] = []
        for name, value in given_fields(self):
            choices = checked_list(value, field.name) if name == "in_" else [value]
            wanted = [field.matches(choice, now) for choice in choices if choice is not None]
            filters.append({"$or": wanted} if wanted else NO_RECORD)
        return filters


@strawberry.input(description="Conditions on an instant; all of them must hold.")
class DateTimeFilter(FieldFilter):
    """Conditions on an instant."""

    gt: datetime | None = optional_field("After this.")
    gte: datetime | None = optional_field("At this or after.")
    lt: datetime | None = optional_field("Before this.")
    lte: datetime | None = optional_field("At this or before.")
    exists: bool | None = optional_field("Whether there is one.")

    def conditions(self, field: Filterable, now: datetime) -> list[Doc]:
        """As those of other fields; and that there is an instant, or none."""
        filters = super(DateTimeFilter, dataclasses.replace(self, exists=UNSET)).conditions(field, now)
        if self.exists in (UNSET, None):
            return filters
        return [*filters, {field.stored: {"$ne": None} if self.exists else None}]


@strawberry.input(description="Conditions on one entry of the custom metadata; all of them must hold for that entry.")
class MetadataFilter:
    """Conditions on an entry of `customMetadata`, served by an index of name and value."""

    name: str = strawberry.field(description="The entry's name, exactly.")
    equals: MetadataValue | None = optional_field("Exactly this value, of this type.")
    in_: list[MetadataValue | None] | None = optional_field(f"One of these values, at most {MAX_CHOICES}.", "in")
    exists: bool | None = optional_field("Whether there is such an entry.")

    def conditions(self, field: Filterable, now: datetime) -> list[Doc]:
        """One MongoDB filter for each condition that was given; with none, that there is such an entry."""
        stored = field.stored
        given = dict(given_fields(self))
        entry: Doc = {"name": {"$eq": given.pop("name")}}
        exists = given.pop("exists", None)
        filters: list[Doc] = []
        if "equals" in given:
            filters.append({stored: {"$elemMatch": {**entry, "value": {"$eq": given["equals"]}}}})
        if "in_" in given:
            filters.append({stored: {"$elemMatch": {**entry, "value": {"$in": checked_list(given["in_"], stored)}}}})
        if exists is False:
            filters.append({stored: {"$not": {"$elemMatch": entry}}})
        elif exists or not filters:
            filters.append({stored: {"$elemMatch": entry}})
        return filters


@strawberry.input(description="Conditions on the ids in other systems; both must hold of one of them.")
class AppIdFilter(FieldFilter):
    """Conditions on an id in another system, served by an index of name and id."""

    name: str = strawberry.field(description='The app, such as "stripe".')
    id: str | None = optional_field("Exactly this id; if left out, any.")

    def conditions(self, field: Filterable, now: datetime) -> list[Doc]:
        """One MongoDB filter for both."""
        of_app: Doc = {"name": {"$eq": self.name}}
        return [{field.stored: {"$elemMatch": {**of_app, "value": {"$eq": self.id}} if self.id else of_app}}]


class RecordFilter:
    """Conditions on a record's fields, joined by and, or, not: the base of `OrganizationFilter` and its like."""

    fields: dict[str, Filterable]

    def to_mongo(self, now: datetime) -> Doc:
        """The MongoDB filter for what matches at that instant; empty where no condition was given."""
        if (size := condition_count(self)) > MAX_CONDITIONS:
            raise BadArgument(f"`filter` has {size} conditions; it may have {MAX_CONDITIONS}.", argument="filter")
        return all_of(self.parts(now))

    def parts(self, now: datetime) -> list[Doc]:
        """One MongoDB filter for each condition; all of them must hold."""
        filters: list[Doc] = []
        for name, value in given_fields(self):
            if value is None:
                continue
            if name in ("and_", "or_"):
                joined = [all_of(inner.parts(now)) for inner in value]
                filters += [{f"${name[:-1]}": joined}] if joined else []
            elif name == "not_":
                filters.append({"$nor": [all_of(value.parts(now))]})
            else:
                field = self.fields[name]
                for condition in value if isinstance(value, list) else [value]:
                    filters += condition.conditions(field, now)
        return filters


def all_of(parts: list[Doc]) -> Doc:
    """A MongoDB filter for what all of them match."""
    return parts[0] if len(parts) == 1 else {"$and": parts} if parts else {}


def condition_count(filter_input: object) -> int:
    """How many conditions there are in a filter. An empty part counts as one, for it can be repeated without end."""
    if isinstance(filter_input, list):
        return max(1, sum(map(condition_count, filter_input)))
    if isinstance(filter_input, RecordFilter):
        return max(1, sum(condition_count(value) for _, value in given_fields(filter_input)))
    if isinstance(filter_input, (FieldFilter, MetadataFilter)):
        return max(1, sum(name != "name" for name, _ in given_fields(filter_input)))
    return 1


def filter_type(annotation: object) -> type:
    """The filter input for a record's field of that annotation."""
    if get_origin(annotation) is tuple:
        item = get_args(annotation)[0]
        item = get_args(item)[0] if get_origin(item) is Annotated else item
        if item is str:
            return StringListFilter
        return AppIdFilter if item.model_fields["value"].annotation is str else MetadataFilter
    if get_origin(annotation) in (Annotated, Union, types.UnionType):
        return filter_type(next(arg for arg in get_args(annotation) if arg is not type(None)))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return ChoiceFilter[annotation]  # type: ignore[valid-type]  # dynamic
    return DateTimeFilter if annotation is datetime else StringFilter


def class_with_fields(name: str, fields: Sequence[tuple[str, object, object]], *bases: type) -> type:
    """A class for strawberry.input, of (attribute, annotation, Strawberry field).

    `dataclasses.make_dataclass` would lose the GraphQL names and descriptions of the fields.
    """
    annotations = {attribute: annotation for attribute, annotation, _ in fields}
    values = {attribute: field for attribute, _, field in fields}
    return type(name, bases, {"__annotations__": annotations, "__module__": __name__, **values})


def field_filters(record: type[Record]) -> list[tuple[str, object, object]]:
    """One input field for each filter that the record declares, as `class_with_fields` takes them."""
    fields: list[tuple[str, object, object]] = []
    for declared in record.filters:
        field_type, description = typed_and_described(record, declared)
        kind: Any = filter_type(field_type)
        if kind is StringFilter and declared.shown in record.searched:
            kind = SearchedStringFilter
        annotation = (list[MetadataFilter] if kind is MetadataFilter else kind) | None  # one for each entry
        fields.append((declared.name, annotation, optional_field(description)))
    return fields


def typed_and_described(record: type[Record], declared: Filterable) -> tuple[object, str]:
    """The type and the description of the field, stored or derived, that a filter is on."""
    if declared.doc is not None:
        return declared.annotation, declared.doc
    if declared.matches is not None:
        [derived] = [each for each in declarations_of(record) if each.name == declared.name]
        return derived.graphql_type(), derived.doc
    info = record.model_fields[declared.name]
    return info.annotation, str(info.description)


@cache
def filter_input(record: type[Record]) -> type:
    """The filter input of a record, such as `OrganizationFilter`; every list of the record has the same."""
    joins = [
        ("and_", TYPE_TO_COME, optional_field("All of these hold.", "and")),
        ("or_", TYPE_TO_COME, optional_field("At least one of these holds.", "or")),
        ("not_", TYPE_TO_COME, optional_field("This does not hold.", "not")),
    ]
    cls = class_with_fields(f"{record.__name__}Filter", [*field_filters(record), *joins], RecordFilter)
    cast(type[RecordFilter], cls).fields = {declared.name: declared for declared in record.filters}
    made: Any = strawberry.input(cls, description=f"Which {record.plural_name()} are wanted; all conditions must hold.")
    join_types = {"and_": list[made] | None, "or_": list[made] | None, "not_": made | None}
    for field in get_object_definition(made, strict=True).fields:
        if field.python_name in join_types:
            field.type_annotation = StrawberryAnnotation(join_types[field.python_name])
    return cast(type, made)
