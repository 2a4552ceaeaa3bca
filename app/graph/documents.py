"""Models to documents and back: a model's attributes have Python names, a document's fields the GraphQL names."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


@cache
def stored_fields(cls: type[BaseModel]) -> Mapping[str, str]:
    """The fields of a model: stored name → attribute name."""
    return {str(info.validation_alias or info.alias or name): name for name, info in cls.model_fields.items()}


def stored_values(model: BaseModel, names: Iterable[str]) -> dict[str, object]:
    """The values of a model's fields, by the stored names that are asked for."""
    attribute = stored_fields(type(model))
    return {name: getattr(model, attribute[name]) for name in names}


def from_document(cls: type[M], doc: Mapping[str, Any]) -> M:
    """A stored document as a model, not validated again: it was when it was written.

    A field that an older document lacks has its default. A null where the model allows none stays null, so that only
    who reads that field meets it.
    """
    values: dict[str, object] = {}
    get = doc.get
    for stored, name, inner, is_tuple, default in layout(cls):
        value = get(stored, default)
        if value is not None:
            if inner is not None:
                value = make_inner(inner, value, is_tuple=is_tuple)
            elif is_tuple and type(value) is list:
                value = tuple(value)
        values[name] = value
    made = cls.__new__(cls)
    object.__setattr__(made, "__dict__", values)
    object.__setattr__(made, "__pydantic_fields_set__", set(values))
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made


def make_inner(inner: type[BaseModel], value: Any, *, is_tuple: bool) -> BaseModel | tuple[BaseModel, ...]:
    """The documents inside a document as the models that they are."""
    if is_tuple:
        return tuple([from_document(inner, each) for each in value])
    return value if isinstance(value, BaseModel) else from_document(inner, value)


class Slot(NamedTuple):
    """One field of a model: its stored name, its attribute, the model inside it, and its value where none is stored."""

    stored: str
    name: str
    inner: type[BaseModel] | None
    is_tuple: bool
    default: object


@cache
def layout(cls: type[BaseModel]) -> list[Slot]:
    """The fields of a model."""
    found = []
    for stored, name in stored_fields(cls).items():
        info = cls.model_fields[name]
        default = None if info.is_required() else info.default
        found.append(Slot(stored, name, model_inside(info.annotation), is_array(cls, stored), default))
    return found


def model_inside(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation such as `Money`, `Billing | None` or `tuple[MetadataEntry, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for each in get_args(annotation) if (model := model_inside(each))), None)


def evolve(model: M, **values: object) -> M:
    """A copy with other values in some of its fields, none of them validated; TypeError for what is no field of it."""
    if unknown := values.keys() - type(model).model_fields.keys():
        raise TypeError(f"{type(model).__name__} has no field {', '.join(sorted(unknown))}")
    return model.model_copy(update=values)


def is_array(cls: type[BaseModel], stored: str) -> bool:
    """Whether a field, by its stored name, is an array."""

    def has_tuple(annotation: object) -> bool:
        return get_origin(annotation) is tuple or any(map(has_tuple, get_args(annotation)))

    return has_tuple(cls.model_fields[stored_fields(cls)[stored]].annotation)


PLAIN = frozenset({str, int, bool, float, type(None), datetime, Decimal, bytes})
"""What is stored as it is."""


def stored_value(value: Any) -> Any:
    """A value as the database keeps it: enums by their values, models and tuples as documents and arrays."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, BaseModel):
        return to_document(value)
    if isinstance(value, (list, tuple)):
        return [stored_value(item) for item in value]
    if isinstance(value, dict):
        return {name: stored_value(item) for name, item in value.items()}
    return value


def to_document(model: BaseModel) -> dict[str, Any]:
    """The model as it is stored: GraphQL names, every field present."""
    values = model.__dict__
    return {
        stored: value if type(value := values[name]) in PLAIN else stored_value(value)
        for stored, name, _, _, _ in layout(type(model))
    }
