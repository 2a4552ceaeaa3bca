"""Payloads: what an operation returns, what is stored of it for a retry, and GraphQL's types of both.

`payload` makes a GraphQL type of a class that mypy and an editor see as it is written. A result is stored as documents,
not as ids: a retry shows what was, not what has become of it.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Sequence
from types import UnionType
from typing import Any, TypeVar, Union, cast, dataclass_transform, get_args, get_origin

import strawberry
from pydantic import BaseModel

from app.access.secrets import SECRET
from app.errors import Problem
from app.graph.documents import from_document, stored_value
from app.graph.filters import class_with_fields
from app.graph.nodes import record_name_of
from app.graph.record import RECORDS, Node, Record
from app.mongo.client import Doc
from app.writing.input_types import InputField, operation_name, shared_last
from app.writing.problems import UserError

T = TypeVar("T")
ERRORS_TEXT = "Everything that is wrong with the input, at once; empty where it was done."


def shown(description: str) -> Any:
    """A field of a payload that is null where nothing was done."""
    return strawberry.field(default=None, description=description)


def shown_list(description: str) -> Any:
    """A field of a payload that is an empty list where nothing was done."""
    return strawberry.field(default_factory=list, description=description)


@dataclass_transform(kw_only_default=True, field_specifiers=(shown, shown_list))
def payload(cls: type[T]) -> type[T]:
    """Make a GraphQL payload of a class: `MoveOrganizationPayload` is what comes of `moveOrganization`."""
    return shared_last(strawberry.type(cls, description=f"What came of `{operation_name(cls, 'Payload')}`."))


@strawberry.type
class Payload:
    """What every operation returns."""

    user_errors: list[UserError] = shown_list(ERRORS_TEXT)

    @classmethod
    def of_problems(cls, problems: Sequence[Problem]) -> typing.Self:
        """The payload of an operation that did nothing, and why."""
        return cls(user_errors=[UserError.of(each) for each in problems])


@strawberry.type
class WarningPayload(Payload):
    """What an operation returns that may have done something that should be known."""

    warnings: list[UserError] = shown_list("What was done, and should be known.")


def record_payload(
    mutation: str, record: type[Record], field: str, text: str, *, warns: bool, more: Sequence[InputField] = ()
) -> type[Payload]:
    """`CreateCredentialPayload` and its like: the payload with the one record, in `field`, and `more` fields."""
    fields: list[InputField] = [(field, record | None, shown(text)), *more]
    cls = class_with_fields(f"{mutation}Payload", fields, WarningPayload if warns else Payload)
    return cast(type[Payload], payload(cls))


def to_result(payload: Payload) -> Doc:
    """A payload as it is stored, without what is encrypted in it."""
    found = {field.name: stored_part(getattr(payload, field.name)) for field in dataclasses.fields(payload)}
    return cast(Doc, without_secrets(found))


def stored_part(value: object) -> object:
    """A part of a payload as it is stored."""
    if isinstance(value, list):
        return [stored_part(each) for each in value]
    if isinstance(value, BaseModel) or not dataclasses.is_dataclass(value) or isinstance(value, type):
        return stored_value(value)
    return {field.name: stored_part(getattr(value, field.name)) for field in dataclasses.fields(value)}


def from_result(cls: type[T], stored: Doc) -> T:
    """The payload, or a part of one, of what `to_result` made of it."""
    hints = typing.get_type_hints(cls)
    return cls(**{name: shown_part(hints[name], value) for name, value in stored.items()})


def shown_part(hint: Any, stored: Any) -> Any:
    """A part of a payload as its type has it."""
    if get_origin(hint) in (Union, UnionType):
        [hint] = [each for each in get_args(hint) if each is not type(None)]
    if stored is None:
        return None
    if get_origin(hint) is list:
        return [shown_part(get_args(hint)[0], each) for each in stored]
    if hint is Node:
        hint = RECORDS[str(record_name_of(stored["_id"]))]
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return from_document(hint, stored)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return from_result(hint, stored)
    return hint(stored) if isinstance(hint, type) and issubclass(hint, enum.Enum) else stored


def without_secrets(value: object) -> object:
    """A result without what is encrypted in it; another app's document may have a text of that name."""
    if isinstance(value, dict):
        return {
            name: without_secrets(each)
            for name, each in value.items()
            if name != SECRET or not (isinstance(each, dict) and "sealed" in each)
        }
    return [without_secrets(each) for each in value] if isinstance(value, list) else value
