"""Enums whose values have descriptions: a Python enum of strings that becomes a GraphQL enum."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Self, TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

C = TypeVar("C", bound="type[Choice]")


class Choice(enum.StrEnum):
    """A value that equals its name, with its description in the schema: `ACTIVE = "ACTIVE", "It works."`"""

    doc: str

    def __new__(cls, value: str, doc: str = "") -> Self:
        made = str.__new__(cls, value)
        made._value_ = value
        made.doc = doc
        return made


def choices(*, description: str) -> Callable[[C], C]:
    """A class decorator that makes a GraphQL enum, with this description, of a `Choice`."""

    def wrap(cls: C) -> C:
        strawberry.enum(cls, description=description)
        definition: StrawberryEnumDefinition = cls.__strawberry_definition__  # type: ignore[attr-defined]  # just made
        for value, member in zip(definition.values, cls, strict=True):
            value.description = member.doc
        return cls

    return wrap
