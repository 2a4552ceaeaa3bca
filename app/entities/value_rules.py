"""How a value that a caller gives for a field is read: by the field's own type and limits, or the rule that it names.

A record says once what a field may hold. `value_rule` makes of that the function that reads a value from a mutation's
input or an import's cell: it returns what is stored, or raises `Invalid`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.entities.codes import country_code, currency_code
from app.entities.contacts import email_address, web_address
from app.entities.measures import instant, number, whole_number
from app.entities.texts import Parse, boolean, one_of, text, texts
from app.errors import SetupError
from app.graph.scalars import URL, CountryCode, Currency, EmailAddress

LARGEST_INT = 2**31 - 1
"""The largest number that GraphQL's Int holds."""


class ReadBy(NamedTuple):
    """In the annotation of a field: the rule that reads its values, `Annotated[str, ReadBy(external_id)]`."""

    rule: Parse


BY_TYPE: dict[object, Parse] = {
    Currency: currency_code,
    CountryCode: country_code,
    EmailAddress: email_address,
    URL: web_address,
    datetime: instant,
    bool: boolean,
    Decimal: number,
}


@cache
def value_rule(record: type[BaseModel], name: str) -> Parse:
    """The rule that reads a value for the field `name` of `record`; SetupError where the field does not say enough."""
    info = record.model_fields[name]
    rule = rule_of(info.annotation, info.metadata)
    if rule is None:
        raise SetupError(f"{record.__name__}.{name} can be set by callers but has no limit: give it one.")
    return rule


def rule_of(annotation: object, limits: Iterable[object]) -> Parse | None:
    """The rule for one annotation and the limits that stand beside it."""
    limits = list(limits)
    for limit in limits:
        if isinstance(limit, ReadBy):
            return limit.rule
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return rule_of(inner, [*limits, *unpacked(more)])
    if get_origin(annotation) in (Union, UnionType):
        return rule_of(without_null(annotation), limits)
    if get_origin(annotation) is tuple:
        item = rule_of(get_args(annotation)[0], ())
        return item and texts(item, *limit_named("max_length", limits))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return one_of(annotation)
    if annotation is str:
        return next((text(most) for most in limit_named("max_length", limits)), None)
    if annotation is int:
        return whole_number(next(limit_named("ge", limits), 0), next(limit_named("le", limits), LARGEST_INT))
    return BY_TYPE.get(annotation)


def unpacked(limits: Iterable[object]) -> Iterable[object]:
    """The limits in an annotation, those inside pydantic's `Field(...)` one by one."""
    for limit in limits:
        if isinstance(limit, FieldInfo):
            yield from limit.metadata
        else:
            yield limit


def limit_named(name: str, limits: Iterable[object]) -> Iterator[int]:
    """The limits of that name, such as `max_length`, in the order in which they stand."""
    return (getattr(limit, name) for limit in limits if hasattr(limit, name))


def without_null(annotation: object) -> object:
    """`T` of `T | None`; any other annotation as it is."""
    if get_origin(annotation) in (Union, UnionType):
        [inner] = [each for each in get_args(annotation) if each is not type(None)]
        return inner
    return annotation
