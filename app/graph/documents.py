"""Models to documents and back: a model's attributes have Python names, a document's fields the GraphQL names."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

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
    values: dict[str, Any] = {}
    for stored, name, inner, is_list in layout(cls):
        if stored in doc:
            value = doc[stored]
            if inner is not None and value is not None:
                value = [from_document(inner, item) for item in value] if is_list else from_document(inner, value)
            values[name] = value
        elif cls.model_fields[name].is_required():
            values[name] = None
    return cls.model_construct(**values)


@cache
def layout(cls: type[BaseModel]) -> list[tuple[str, str, type[BaseModel] | None, bool]]:
    """Each field as (stored name, attribute name, the model of its value if it has one, whether it is a list)."""
    return [
        (stored, name, *model_inside(cls.model_fields[name].annotation)) for stored, name in stored_fields(cls).items()
    ]


def model_inside(annotation: object) -> tuple[type[BaseModel] | None, bool]:
    """The model in an annotation such as `Money`, `Billing | None` or `tuple[MetadataEntry, ...]`, and whether it is
    a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    inner = next((model for part in get_args(annotation) if (model := model_inside(part)[0])), None)
    return inner, get_origin(annotation) is tuple


def is_array(cls: type[BaseModel], stored: str) -> bool:
    """Whether a field, by its stored name, is an array."""

    def has_tuple(annotation: object) -> bool:
        return get_origin(annotation) is tuple or any(map(has_tuple, get_args(annotation)))

    return has_tuple(cls.model_fields[stored_fields(cls)[stored]].annotation)


def stored_value(value: object) -> Any:
    """A value as it is stored: an enum as its value, a model as a document, a tuple as an array."""
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
    """A model as the document that is stored: GraphQL names, every field present."""
    return {stored: stored_value(getattr(model, name)) for stored, name in stored_fields(type(model)).items()}
