"""GraphQL's input types: those made of the tables of records, and those that are written as classes.

`operation_input` makes an input of a class whose annotations name records by `By[Organization]`, and what is said of
new ones by `Part[OrganizationRules]`; mypy and an editor see the class as it is written.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import operator
import typing
from collections.abc import Iterator, Sequence
from functools import cache
from types import UnionType
from typing import Any, Generic, TypeVar, Union, dataclass_transform, get_args, get_origin

import strawberry
from pydantic import BaseModel
from strawberry import UNSET
from strawberry.types import get_object_definition

from app.entities.value_rules import without_null
from app.entities.values import MetadataEntry
from app.graph.by import By
from app.graph.filters import class_with_fields
from app.graph.record import with_article
from app.graph.roots import by_input
from app.writing.inputs import Field, Inputs, MetadataEntryInput, Reference
from app.writing.rules import Rules

T = TypeVar("T")
K = TypeVar("K", bound=Rules[Any])
InputField = tuple[str, object, Any]
"""Name, annotation and Strawberry field of an input."""


class Part(Generic[K]):
    """What is said of a new record inside a larger input, by the table of its rules."""


def optional(description: str) -> Any:
    """A field of an input that may be left out."""
    return strawberry.field(default=UNSET, description=description)


def with_default(default: object, description: str) -> Any:
    """A field of an input that has a value where it is left out."""
    return strawberry.field(default=default, description=description)


def needed(description: str) -> Any:
    """A field of an input that has to be given."""
    return strawberry.field(description=description)


@dataclass_transform(kw_only_default=True, field_specifiers=(optional, with_default, needed))
def operation_input(cls: type[T]) -> type[T]:
    """Make a GraphQL input of a class: `MoveOrganizationInput` says what `moveOrganization` is to do."""
    own = inspect.get_annotations(cls)
    hints = typing.get_type_hints(cls, include_extras=True)
    cls.__annotations__ = {name: with_made_inputs(hints[name]) for name in own}
    return shared_last(strawberry.input(cls, description=f"What `{operation_name(cls, 'Input')}` is to do."))


SHARED = ("expected_version", "idempotency_key", "warnings", "user_errors")
"""The fields that inputs and payloads have in common: the schema shows them last, in this order."""


def shared_last(made: T) -> T:
    """A GraphQL type with its own fields before those that it shares with others."""
    get_object_definition(made, strict=True).fields.sort(
        key=lambda field: SHARED.index(field.python_name) if field.python_name in SHARED else -1
    )
    return made


def operation_name(cls: type, suffix: str) -> str:
    """The root field that an input or payload belongs to, by its own name."""
    name = cls.__name__.removesuffix(suffix)
    return name[0].lower() + name[1:]


def with_made_inputs(hint: Any) -> Any:
    """An annotation with the GraphQL inputs in place of `By[Organization]` and `Part[OrganizationRules]`."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is By:
        return by_input(args[0])
    if origin is Part:
        return part_input(args[0])
    if origin in (Union, UnionType):
        return functools.reduce(operator.or_, map(with_made_inputs, args))
    return list[with_made_inputs(args[0])] if origin is list else hint  # type: ignore[misc]  # dynamic


KEY_TEXT = (
    "1 to 255 characters of your own. The same mutation with the same key and input, within seven days, returns the "
    "first result and changes nothing."
)
VERSION_TEXT = "Refuse with STALE_VERSION if the record has another version than this by now."


@operation_input
class MutationInput:
    """What every mutation takes."""

    idempotency_key: str | None = optional(KEY_TEXT)


@operation_input
class VersionedInput:
    """What everything that is about a record as it was read takes."""

    expected_version: int | None = optional(VERSION_TEXT)


IDEMPOTENCY_KEY: InputField = ("idempotency_key", str | None, optional(KEY_TEXT))
EXPECTED_VERSION: InputField = ("expected_version", int | None, optional(VERSION_TEXT))


def fields_of(model: type[BaseModel], inputs: Inputs, *, creating: bool) -> Iterator[InputField]:
    """The fields of the input that a table makes; on update all of them may be left out."""
    for each in inputs:
        if not creating and not each.on_update:
            continue
        if isinstance(each, Reference):
            inner = by_input(each.target)
            annotation: Any = list[inner] if each.many else inner  # type: ignore[valid-type]  # dynamic
            text, must = each.doc, each.required
        else:
            annotation = each.annotation or type_of(model, each)
            text = each.doc or str(model.model_fields[each.name].description)
            must = each.is_required(model)
        if creating and must:
            yield each.name, annotation, needed(text)
        else:
            yield each.name, annotation | None, optional(text)


def type_of(model: type[BaseModel], each: Field) -> Any:
    """What a caller gives for a field of the record."""
    shown: Any = without_null(model.model_fields[each.name].annotation)
    is_list = get_origin(shown) is tuple
    shown = plain_type(get_args(shown)[0] if is_list else shown)
    if isinstance(shown, type) and issubclass(shown, BaseModel):
        shown = MetadataEntryInput if shown is MetadataEntry else object_input(shown, each.of)
    return list[shown] if is_list else shown


def plain_type(annotation: Any) -> Any:
    """An annotation without the rule that stands beside the type in it."""
    return get_args(annotation)[0] if get_origin(annotation) is typing.Annotated else annotation


@cache
def part_input(rules: type[Rules[Any]]) -> Any:
    """`OnboardSubscriberInput` and its like: what `createSubscriber` takes, but for the organization that owns it.

    What several mutations take is called by the record alone: `UsageAttributeInput`.
    """
    noun = rules.record.singular_name()
    name = noun.title().replace(" ", "")
    inputs = [each for each in rules.inputs if not (isinstance(each, Reference) and each.name == "organization")]
    text = f"{with_article(noun).capitalize()} of the customer, as `create{name}` takes it."
    prefix = "" if rules.is_made_along else "Onboard"
    return input_class(f"{prefix}{name}Input", text, list(fields_of(rules.record, inputs, creating=True)), Part)


@cache
def object_input(model: type[BaseModel], fields: tuple[Field, ...]) -> Any:
    """`BillingInput` and its like: what may be said of a value inside a record."""
    cls = class_with_fields(f"{model.__name__}Input", list(fields_of(model, fields, creating=True)))
    text = model.__strawberry_definition__.description  # type: ignore[attr-defined]  # it is a GraphQL type
    return strawberry.input(cls, description=text)


def input_class(name: str, text: str, fields: Sequence[InputField], *bases: type) -> Any:
    """A GraphQL input of these fields; two of one name are an error of ours."""
    names = [name for name, _, _ in fields]
    if len(set(names)) < len(names):
        raise TypeError(f"{name} has a field twice: {', '.join(names)}")
    ordered = sorted(fields, key=lambda each: each[2].default is not dataclasses.MISSING)
    return shared_last(strawberry.input(class_with_fields(name, ordered, *bases), description=text))
