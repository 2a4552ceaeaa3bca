"""What a mutation may say of a record: GraphQL inputs made of tables, and what was said, read by each field's rule.

A table names fields of the record; type, description and default are the record's own. What is absent is left alone;
null clears a field, to its default. `Reference` is a field that names another record by any of its keys.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

import strawberry
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.entities.texts import Invalid, InvalidItems, Parse
from app.errors import Problem
from app.graph.documents import stored_value
from app.graph.filters import class_with_fields
from app.graph.record import RECORDS, Record
from app.graph.roots import by_input
from app.graph.scalars import JSON
from app.mongo.client import Doc

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the record that a caller may set. `of` makes it an object with fields of its own.

    `annotation` and `doc` are given where the input is another than what is shown. `on_update` is False for what is
    set once.
    """

    name: str
    parse: Parse
    required: bool = False
    annotation: Any = None
    doc: str | None = None
    of: tuple[Field, ...] = ()
    on_update: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that names a record by any of its keys; its id goes into the stored field `stored`."""

    name: str
    target: str
    stored: str
    doc: str
    required: bool = False
    on_update: bool = True
    many: bool = False


@strawberry.input(description="One entry of custom metadata.")
class MetadataEntryInput:
    """One entry of custom metadata."""

    name: str = strawberry.field(description="Any text of 1 to 256 characters, such as `a.b`, `$x` or `名`.")
    value: JSON | None = strawberry.field(description="Text, a number, a boolean or null.")


@strawberry.input(description="The document of one app.")
class AppDocumentInput:
    """The document of one app."""

    app: str = strawberry.field(description='The app, such as "stripe".')
    data: JSON = strawberry.field(description='Its document, an object: {customerId: "cus_…"} for stripe.')


Inputs = Sequence[Field | Reference]
Described = tuple[str, Any, Any]

IDEMPOTENCY_KEY: Described = (
    "idempotency_key",
    str | None,
    strawberry.field(
        default=UNSET,
        description="1 to 255 characters of your own. The same mutation with the same key and input, within seven "
        "days, returns the first result and changes nothing.",
    ),
)
EXPECTED_VERSION: Described = (
    "expected_version",
    int | None,
    strawberry.field(
        default=UNSET, description="Refuse with STALE_VERSION if the record has another version than this by now."
    ),
)


def attribute(record: type[BaseModel], name: str) -> FieldInfo:
    """A record's own field of that name."""
    return record.model_fields[name]


def described(record: type[BaseModel], inputs: Inputs, *, creating: bool) -> Iterator[Described]:
    """(name, annotation, field) of each input, as `class_with_fields` takes them."""
    for each in inputs:
        if not creating and not each.on_update:
            continue
        needed = each.required and creating
        if isinstance(each, Reference):
            inner = by_input(cast(type[Record], RECORDS[each.target]))
            annotation, text = list[inner] if each.many else inner, each.doc  # type: ignore[valid-type]  # dynamic
        else:
            info = None if each.annotation and each.doc else attribute(record, each.name)
            annotation = each.annotation or input_type(record, info, each)
            text = each.doc or str(info and info.description)
        yield (
            each.name,
            annotation if needed else annotation | None,
            strawberry.field(description=text) if needed else strawberry.field(default=UNSET, description=text),
        )


def input_type(record: type[BaseModel], info: FieldInfo | None, each: Field) -> Any:
    """What a caller gives for a field of the record."""
    assert info is not None  # noqa: S101  # only a field of the record comes here
    shown, is_list = without_null(info.annotation), False
    if get_origin(shown) is tuple:
        shown, is_list = get_args(shown)[0], True
    if isinstance(shown, type) and issubclass(shown, BaseModel):
        shown = MetadataEntryInput if shown.__name__ == "MetadataEntry" else object_input(shown, each.of)
    return list[shown] if is_list else shown  # type: ignore[valid-type]  # dynamic


def without_null(annotation: Any) -> Any:
    """`T` of `T | None`."""
    if get_origin(annotation) in (Union, UnionType):
        [inner] = [each for each in get_args(annotation) if each is not type(None)]
        return inner
    return annotation


@cache
def object_input(model: type[BaseModel], fields: tuple[Field, ...]) -> Any:
    """`BillingInput` and its like: what may be said of a value inside a record."""
    cls = class_with_fields(f"{model.__name__}Input", list(described(model, fields, creating=True)))
    text = model.__strawberry_definition__.description  # type: ignore[attr-defined]  # it is a GraphQL type
    return strawberry.input(cls, description=text)


def input_class(name: str, text: str, fields: Sequence[Described]) -> Any:
    """A GraphQL input of these fields."""
    ordered = sorted(fields, key=lambda each: each[2].default is not dataclasses.MISSING)
    return strawberry.input(class_with_fields(name, ordered), description=text)


def read_fields(
    record: type[BaseModel],
    inputs: Inputs,
    given: Any,
    problems: list[Problem],
    path: Path = (),
    before: Doc | None = None,
) -> Doc:
    """Stored name → value, for every field that was given and holds. What does not is added to `problems`."""
    said: Doc = {}
    for each in inputs:
        value = getattr(given, each.name, UNSET)
        if value is UNSET or isinstance(each, Reference):
            continue
        here = (*path, to_camel_case(each.name))
        try:
            found = read_field(record, each, value, problems, here, before)
        except Invalid as error:
            problems += problems_of(error, here)
            continue
        said[to_camel_case(each.name)] = list(found) if isinstance(found, tuple) else found
    return said


def problems_of(error: Invalid, path: Path) -> list[Problem]:
    """What is wrong with a value; of a list, with each of its items."""
    if isinstance(error, InvalidItems):
        return [Problem(each.code, (*path, str(position)), each.message) for position, each in error.wrong]
    return [Problem(error.code, path, error.message)]


def read_field(
    record: type[BaseModel], each: Field, value: Any, problems: list[Problem], path: Path, before: Doc | None
) -> Any:
    """What is stored of one value; raises Invalid."""
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        if each.required:
            raise Invalid("REQUIRED", "It always has a value, and that is not empty.")
        if value is not None:
            raise Invalid("REQUIRED", "It is empty. Give null to clear it.")
        return default_of(record, each.name)
    if each.of and not isinstance(value, list):
        inside = cast(type[BaseModel], without_null(attribute(record, each.name).annotation))
        there = (before or {}).get(to_camel_case(each.name)) or {}
        return {**there, **read_fields(inside, each.of, value, problems, path, there)}
    if each.of:
        inside = get_args(without_null(attribute(record, each.name).annotation))[0]
        return each.parse(
            [read_fields(inside, each.of, row, problems, (*path, str(number))) for number, row in enumerate(value)]
        )
    return stored_value(each.parse(plain_value(value)))


def default_of(record: type[BaseModel], name: str) -> Any:
    """What a cleared field holds."""
    info = record.model_fields.get(name)
    default = None if info is None or info.is_required() else info.default
    return list(default) if isinstance(default, tuple) else plain_value(default)


def plain_value(value: Any) -> Any:
    """A value of an input without its classes: enums by their values, objects as dictionaries of what was given."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [plain_value(each) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((to_camel_case(f.name), getattr(value, f.name)) for f in dataclasses.fields(value))
        return {name: plain_value(each) for name, each in pairs if each is not UNSET}
    return value


def as_mapping(parse: Callable[[Mapping[str, Any]], Any], name: str, value: str, code: str) -> Parse:
    """A rule for an object of names and values, for input that comes as a list of pairs."""

    def pairs(rows: Sequence[Mapping[str, Any]]) -> Any:
        found = {row[name]: row.get(value) for row in rows}
        if len(found) < len(rows):
            raise Invalid(code, f"Two of them have the same {name}.")
        return [dict(each) for each in parse(found)]

    return pairs
