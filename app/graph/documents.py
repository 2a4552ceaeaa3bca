"""Between models and documents: stored names, and a model as the database keeps it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


@cache
def stored_fields(cls: type[BaseModel]) -> Mapping[str, str]:
    """Stored name → attribute name."""
    return {str(info.validation_alias or info.alias or name): name for name, info in cls.model_fields.items()}


def stored_values(model: BaseModel, names: Iterable[str]) -> dict[str, Any]:
    """Fields of a model by their stored names."""
    attribute = stored_fields(type(model))
    return {name: getattr(model, attribute[name]) for name in names}


def from_document(cls: type[M], doc: Mapping[str, Any]) -> M:
    """A stored document as the model it is, trusted as it was validated when it was written.

    What an older document lacks has its default. A null where the model has none stays one, for the reader to meet at
    that field and at no other.
    """
    values: dict[str, Any] = {}
    for stored, name, inner, is_list in layout(cls):
        if stored in doc:
            value = doc[stored]
            if inner is not None and value is not None:
                value = [from_document(inner, each) for each in value] if is_list else from_document(inner, value)
            values[name] = value
        elif cls.model_fields[name].is_required():
            values[name] = None
    return cls.model_construct(**values)


@cache
def layout(cls: type[BaseModel]) -> list[tuple[str, str, type[BaseModel] | None, bool]]:
    """(stored name, attribute, the model inside it if any, whether it is a list of them) of each field."""
    return [
        (stored, name, *model_inside(cls.model_fields[name].annotation)) for stored, name in stored_fields(cls).items()
    ]


def model_inside(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model in an annotation such as `Money`, `Billing | None` or `tuple[MetadataEntry, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    found = next((model for each in get_args(annotation) if (model := model_inside(each)[0])), None)
    return found, get_origin(annotation) is tuple


def is_array(cls: type[BaseModel], stored: str) -> bool:
    """Whether a stored field is an array."""

    def has_tuple(annotation: Any) -> bool:
        return get_origin(annotation) is tuple or any(map(has_tuple, get_args(annotation)))

    return has_tuple(cls.model_fields[stored_fields(cls)[stored]].annotation)


def stored_value(value: Any) -> Any:
    """A value as the database keeps it: enums by their values, models and tuples as documents and arrays."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, BaseModel):
        return to_document(value)
    if isinstance(value, (list, tuple)):
        return [stored_value(each) for each in value]
    if isinstance(value, dict):
        return {name: stored_value(each) for name, each in value.items()}
    return value


def to_document(model: BaseModel) -> dict[str, Any]:
    """The model as it is stored: GraphQL names, every field present."""
    return {stored: stored_value(getattr(model, name)) for stored, name in stored_fields(type(model)).items()}
