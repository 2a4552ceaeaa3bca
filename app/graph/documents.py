"""Between models and documents: stored names, and a model as the database keeps it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel


@cache
def stored_fields(cls: type[BaseModel]) -> Mapping[str, str]:
    """Stored name → attribute name."""
    return {str(info.validation_alias or info.alias or name): name for name, info in cls.model_fields.items()}


def stored_values(model: BaseModel, names: Iterable[str]) -> dict[str, Any]:
    """Fields of a model by their stored names."""
    attribute = stored_fields(type(model))
    return {name: getattr(model, attribute[name]) for name in names}


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
