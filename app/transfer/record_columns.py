"""Columns built from a record's inputs: rule, default, limit and description come from the record's fields."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_origin

from pydantic import BaseModel

from app.entities.addresses import normalise_email
from app.entities.metadata import app_documents, metadata_entries
from app.entities.texts import Parse, text
from app.entities.value_rules import value_rule, without_null
from app.graph.record import Finder
from app.graph.scalars import EmailAddress
from app.mongo.client import Doc
from app.transfer.columns import CellType, Column, ReferenceTarget, keep_value
from app.transfer.references import make_field_reader
from app.writing.inputs import Field, references
from app.writing.rules import Rules

ROW_KEY_NOTE = "A row is recognised by it when it comes again."
MAX_KEY_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class ColumnBuilder:
    """Builds the columns of one kind of record from its rules."""

    rules: type[Rules[Any]]

    def field(self, name: str, path: str = "", *, note: str = "", **overrides: object) -> Column:
        """The column for the input at `path` (`billing.city`; `name` if empty); `note` ends its description."""
        model, field = self.find_field(path or name)
        info = model.model_fields.get(field.name)
        default = None if info is None or info.is_required() else info.default
        default_by_rule = not field.is_required(model) and (info is None or info.is_required())
        annotation = without_null(info.annotation) if info else None
        notes = [*describe_choices(annotation), *describe_default(default), note]
        described = [field.doc or str(info and info.description), *notes]
        stored = ".".join(self.find_field(part)[1].stored for part in path_prefixes(path or name))
        facts: dict[str, object] = {
            "required": field.is_required(model),
            "default_by_rule": default_by_rule,
            "default": default,
            "cell_type": CellType.LIST if get_origin(annotation) is tuple else CellType.TEXT,
            "normalise": normalise_email if annotation is EmailAddress else keep_value,
            "stored": stored,
            "input": stored,
        }
        rule: Parse = field.rule or value_rule(model, field.name)
        make = cast(Callable[..., Column], Column)
        return make(name, " ".join(filter(None, described)), rule, **(facts | overrides))

    def find_field(self, path: str) -> tuple[type[BaseModel], Field]:
        """The input at a path such as `billing.city`, and the model that has the field."""
        model: type[BaseModel] = self.rules.record
        fields: Iterable[object] = self.rules.inputs
        outer, _, inner = path.partition(".")
        field = next(each for each in fields if isinstance(each, Field) and each.name == outer)
        if not inner:
            return model, field
        inside = cast(type[BaseModel], without_null(model.model_fields[outer].annotation))
        return inside, next(each for each in field.of if each.name == inner)

    def reference(
        self,
        name: str,
        doc: str,
        to: ReferenceTarget,
        *,
        rule: Parse | None = None,
        default_by_rule: bool = True,
        is_one_of_several: bool = False,
        export_reference: Callable[[Doc], str] | None = None,
        exported: bool = True,
        example: str | None = None,
    ) -> Column:
        """The column that names another record by a key; `export_reference` returns the key that an export writes.

        It is required if the input is, unless it `is_one_of_several` columns for that input; a row needs one of those.
        """
        reference = next(each for each in references(self.rules.inputs) if each.name == to.input)
        required = reference.required and not is_one_of_several
        return Column(
            name,
            doc,
            rule or text(MAX_KEY_CHARACTERS),
            reference.stored,
            required=required,
            default_by_rule=default_by_rule and not required,
            normalise=to.finder.normalise or keep_value,
            export_reference=export_reference or make_field_reader(stored_key_name(to.finder)),
            exported=exported,
            reference=to,
            example=example,
        )

    def metadata(self) -> Iterable[Column]:
        """The columns for those of custom and app metadata that are inputs of the record; only NDJSON can hold them."""
        names = {each.name for each in self.rules.inputs}
        columns = (
            Column(
                "custom_metadata",
                "An object of your own names and values.",
                metadata_entries,
                "customMetadata",
                default=(),
                export_value=lambda doc: {each["name"]: each["value"] for each in doc.get("customMetadata", ())},
                cell_type=CellType.OBJECT,
                input="customMetadata",
                example={"tier": "gold"},
            ),
            Column(
                "app_metadata",
                'An object of apps and their documents: {"stripe": {"customerId": "cus_…"}}.',
                app_documents,
                "appMetadata",
                default=(),
                export_value=lambda doc: {each["app"]: each["data"] for each in doc.get("appMetadata", ())},
                cell_type=CellType.OBJECT,
                input="appMetadata",
                example={"ours": {"id": "4711"}},
            ),
        )
        return [each for each in columns if each.name in names]


def path_prefixes(path: str) -> list[str]:
    """The path of each part: `billing` and `billing.city` for `billing.city`."""
    parts = path.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


def describe_choices(annotation: object) -> Iterable[str]:
    """A sentence with the values of an enum; none for other types."""
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield f"One of {', '.join(str(member.value) for member in annotation)}."


def describe_default(default: object) -> Iterable[str]:
    """A sentence with the default that an empty cell means; none if that is null, empty or a boolean."""
    if isinstance(default, (str, int)) and not isinstance(default, bool):
        yield f"{default.value if isinstance(default, enum.Enum) else default} if empty."


def stored_key_name(finder: Finder) -> str:
    """The stored field that holds the key as it was given: the first of the finder."""
    return finder.fields[0]


def set_path(values: Doc, path: str, value: object) -> None:
    """Set the value at a path of stored names, creating objects on the way."""
    outer, _, inner = path.partition(".")
    if inner:
        set_path(values.setdefault(outer, {}), inner, value)
    else:
        values[outer] = value


def drop_empty_objects(values: Doc, paths: Sequence[str]) -> Doc:
    """Values without the objects around these paths that say nothing."""
    if not paths:
        return values
    empty = {outer for path in paths if (outer := path.partition(".")[0]) != path and not has_values(values.get(outer))}
    return {name: value for name, value in values.items() if name not in empty}


def has_values(value: object) -> bool:
    """Whether an object has a value that is not null."""
    return isinstance(value, dict) and any(each is not None for each in value.values())
