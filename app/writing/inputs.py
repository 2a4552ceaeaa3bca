"""What may be said of a record, as a table, and what was said, each value read by the rule of its field.

A table names fields of the record; their types, limits, defaults and descriptions are the record's own. `Reference` is
an input that names another record. What is absent is left alone; null clears a field, to its default.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast, get_args

import strawberry
from pydantic import BaseModel
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.entities.metadata import app_changes, merge_documents, metadata_entries
from app.entities.texts import Invalid, InvalidItems, Parse
from app.entities.value_rules import value_rule, without_null
from app.errors import Problem, Problems
from app.graph.by import By
from app.graph.documents import stored_fields, stored_value
from app.graph.record import Record
from app.graph.scalars import JSON
from app.mongo.client import Doc
from app.writing.keys import RecordKey


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the record that a caller may give.

    `required` is that of the record's field unless it is given here. `rule`, `annotation` and `doc` are given where the
    input is other than the record's field, or is none of its fields. `of` makes it an object with fields of its own.
    `on_update` is False for what is given once, when the record is made. `merge` makes the value of the one that is
    stored and the one that is given, where an update does not replace it.
    """

    name: str
    required: bool | None = None
    rule: Parse | None = None
    annotation: object = None
    doc: str | None = None
    of: tuple[Field, ...] = ()
    on_update: bool = True
    merge: Callable[[Any, Any], object] | None = None

    @property
    def stored(self) -> str:
        """The stored name of the field."""
        return to_camel_case(self.name)

    def is_required(self, model: type[BaseModel]) -> bool:
        """Whether it always has a value."""
        if self.required is None:
            return self.name in model.model_fields and model.model_fields[self.name].is_required()
        return self.required

    def read(self, model: type[BaseModel], value: object) -> object:
        """The value as it is stored; raises Invalid."""
        rule = self.rule or value_rule(model, self.name)
        return stored_value(rule(value))


@dataclass(frozen=True, slots=True)
class Reference:
    """An input that names a record by any of its keys, or several; what it names goes into `stored` by its id."""

    name: str
    target: type[Record]
    stored: str
    doc: str
    required: bool = False
    on_update: bool = True
    many: bool = False


Inputs = Sequence[Field | Reference]
Named = RecordKey | Sequence[RecordKey] | None


@strawberry.input(description="One entry of custom metadata.")
class MetadataEntryInput:
    """One entry of custom metadata."""

    name: str = strawberry.field(description="Any text of 1 to 256 characters, such as `a.b`, `$x` or `名`.")
    value: JSON | None = strawberry.field(description="Text, a number, a boolean or null.")


@strawberry.input(description="The document of one app.")
class AppDocumentInput:
    """The document of one app."""

    app: str = strawberry.field(description='The app, such as "stripe".')
    data: JSON | None = strawberry.field(
        description='Its document, an object: {customerId: "cus_…"} for stripe. Null removes it.'
    )


def entries(parse: Callable[[Mapping[str, object]], Any], name: str, value: str) -> Parse:
    """The rule for an object of names and values that a mutation's input has as a list of pairs, and a row as it is."""

    def read(given: Any) -> Any:
        if not isinstance(given, list):
            return parse(given)
        found = {row[name]: row.get(value) for row in given if isinstance(row, dict)}
        if len(found) < len(given):
            raise Invalid("DUPLICATE", f"Two items have the same {name}: remove one.")
        return [dict(each) for each in parse(found)]

    return read


CUSTOM_METADATA = Field("custom_metadata", rule=entries(metadata_entries, "name", "value"))
APP_METADATA = Field(
    "app_metadata",
    rule=entries(app_changes, "app", "data"),
    annotation=list[AppDocumentInput],
    doc="What other systems keep beside it, one document an app. An update leaves the documents of other apps alone.",
    merge=merge_documents,
)


@dataclass(slots=True)
class RecordInput:
    """What was said of a record: stored field → value as it is stored, and reference → the records that it names.

    Values that do not hold are not in it: they are problems.
    """

    values: Doc = field(default_factory=dict)
    named: dict[str, Named] = field(default_factory=dict)

    def record_keys(self) -> Iterator[RecordKey]:
        """Every record that is named."""
        for named in self.named.values():
            if isinstance(named, RecordKey):
                yield named
            else:
                yield from named or ()


def read_input(model: type[BaseModel], inputs: Inputs, given: object, problems: Problems) -> RecordInput:
    """What an input object of GraphQL says of a record; what does not hold is added to `problems`."""
    return RecordInput(read_values(model, inputs, given, problems), read_named(inputs, given))


def read_named(inputs: Inputs, given: object) -> dict[str, Named]:
    """Reference → the records that an input object names; None where it is null."""
    values = ((each.name, getattr(given, each.name, UNSET)) for each in references(inputs))
    return {name: record_keys(value) for name, value in values if value is not UNSET}


def read_values(
    model: type[BaseModel], inputs: Inputs, given: object, problems: Problems, before: Doc | None = None
) -> Doc:
    """Stored field → value, for each field that an input object gives and that holds.

    `before` is the document that is changed, if there is one: an object inside it keeps what is not said of it.
    """
    found: Doc = {}
    for each in inputs:
        value = getattr(given, each.name, UNSET)
        if value is UNSET or isinstance(each, Reference):
            continue
        here = problems.at(each.stored)
        try:
            found[each.stored] = read_value(model, each, value, here, before)
        except Invalid as error:
            here.extend(problems_of(error, here.path))
    return found


def record_keys(value: object) -> Named:
    """The records that a reference names."""
    if isinstance(value, By):
        return record_key(value)
    return [record_key(by) for by in value] if isinstance(value, list) else None


def record_key(by: By[Any]) -> RecordKey:
    """The record that an input such as `OrganizationBy` names."""
    name, value = by.given()
    finder = next((each for each in by.record.finders if each.name == name), None)
    if finder is None:
        return RecordKey(by.record, str(value))
    finder, key = finder.resolve(value)
    return RecordKey(by.record, key, finder)


def problems_of(error: Invalid, path: tuple[str, ...]) -> list[Problem]:
    """What is wrong with a value; of a list, with each of its items."""
    if isinstance(error, InvalidItems):
        return [Problem(each.code, (*path, str(position)), each.message) for position, each in error.wrong]
    return [Problem(error.code, path, error.message)]


def read_value(model: type[BaseModel], each: Field, value: object, problems: Problems, before: Doc | None) -> object:
    """What is stored of one value; raises Invalid."""
    if value is None or (isinstance(value, str) and not value.strip()):
        if each.is_required(model):
            raise Invalid("REQUIRED", "A value is required: give one that is not empty.")
        if value is not None:
            raise Invalid("REQUIRED", "The text is empty: give a value, or null for none.")
        return default_of(model, each.stored)
    if not each.of:
        found = each.read(model, plain_value(value))
        return each.merge((before or {}).get(each.stored) or (), found) if each.merge else found
    inner = cast(type[BaseModel], without_null(model.model_fields[each.name].annotation))
    if isinstance(value, list):
        inner = get_args(inner)[0]
        rows = [read_values(inner, each.of, row, problems.at(str(n))) for n, row in enumerate(value)]
        return each.rule(rows) if each.rule else rows
    there = (before or {}).get(each.stored) or {}
    return {**there, **read_values(inner, each.of, value, problems, there)}


def default_of(model: type[BaseModel], stored: str) -> object:
    """What is stored in a stored field that was cleared, or that nobody gave."""
    info = model.model_fields.get(stored_fields(model).get(stored, ""))
    default = None if info is None or info.is_required() else info.default
    return stored_value(default)


def plain_value(value: object) -> object:
    """A value of an input without its classes: enums by their values, objects as dictionaries of what was given."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [plain_value(each) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((to_camel_case(f.name), getattr(value, f.name)) for f in dataclasses.fields(value))
        return {name: plain_value(each) for name, each in pairs if each is not UNSET}
    return value


def references(inputs: Iterable[Field | Reference]) -> list[Reference]:
    """Those of a table that name other records."""
    return [each for each in inputs if isinstance(each, Reference)]


def is_given(value: object) -> bool:
    """Whether an input has a value there, and it is not null."""
    return value is not UNSET and value is not None
