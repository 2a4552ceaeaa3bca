"""What callers and other systems keep beside a record: their own entries, and one document for each app. Pure rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple, TypedDict

from app.entities.texts import Invalid, is_storable, kind_of, parse_items
from app.entities.values import APP, AppDocument, AppId, app_namespace
from app.graph.scalars import INT64, parse_metadata_value

MOST_BYTES = 64 * 1024
LONGEST_NAME = 256
DEEPEST = 20


class AppField(NamedTuple):
    """A field that a known app's document may have: text, of a pattern. The required one identifies the record."""

    required: bool
    pattern: str
    example: str


class RemovedDocument(TypedDict):
    """An app whose document is removed; `data` is None."""

    app: str
    data: None


KNOWN_APPS: Mapping[str, Mapping[str, AppField]] = {
    "stripe": {
        "customerId": AppField(True, r"cus_\S+", "cus_NffrFeUfNV2Hib"),
        "defaultPaymentMethodId": AppField(False, r"\S+", "pm_1NVChw2eZvKYlo2C"),
    },
    "salesforce": {"accountId": AppField(True, r"\S+", "0015e00001ABCDE")},
}


def metadata_entries(value: object) -> tuple[dict[str, object], ...]:
    """The stored rows of `customMetadata` for an object of names and values, of at most 64 KiB."""
    rows = parse_items(json_object(value).items(), metadata_entry)
    validate_size(size_of_entries(rows))
    return tuple(rows)


def metadata_entry(pair: tuple[str, object]) -> dict[str, object]:
    """The stored row for one name and value."""
    name, value = storable_name(pair[0]), storable(pair[1], 1)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid("INVALID_METADATA", f"The name {name[:40]!r} must have 1 to {LONGEST_NAME} characters.")
    try:
        parse_metadata_value(value)
    except ValueError as error:
        raise Invalid("INVALID_METADATA", f"{name!r}: {error}") from None
    return {"name": name, "value": value}


def app_documents(value: object) -> tuple[AppDocument, ...]:
    """The stored rows of `appMetadata` for an object of apps and their documents, of at most 64 KiB."""
    rows = parse_items(json_object(value).items(), app_row)
    validate_size(size_of_documents(rows))
    return tuple(rows)


def app_changes(value: object) -> tuple[AppDocument | RemovedDocument, ...]:
    """What an object of apps and their documents changes; null in place of a document removes it."""
    return tuple(parse_items(json_object(value).items(), app_change))


def app_change(pair: tuple[str, object]) -> AppDocument | RemovedDocument:
    """The stored row for one app and its document, or that it has none any more."""
    return app_row(pair) if pair[1] is not None else RemovedDocument(app=app_name(pair[0]), data=None)


def merge_documents(
    there: Iterable[AppDocument], changes: Iterable[AppDocument | RemovedDocument]
) -> list[AppDocument]:
    """The stored rows with the changes to those of the same apps; the others stay. At most 64 KiB are added to."""
    rows, changed = {row["app"]: row for row in there}, list(changes)
    for row in changed:
        if row["data"] is None:
            rows.pop(row["app"], None)
        else:
            rows[row["app"]] = row
    if any(row["data"] is not None for row in changed) and size_of_documents(rows.values()) > MOST_BYTES:
        message = "What all apps keep beside it would come to more than 64 KiB. Remove some first."
        raise Invalid("TOO_LONG", message)
    return list(rows.values())


def app_row(pair: tuple[str, object]) -> AppDocument:
    """The stored row for one app and its document."""
    app, data = app_name(pair[0]), storable(pair[1], 1)
    if not isinstance(data, dict):
        raise Invalid("INVALID_APP_METADATA", f"The document of {app!r} must be an object, not {kind_of(data)}.")
    if app in KNOWN_APPS:
        check_known(app, data)
    return AppDocument(app=app, data=data)


def app_name(value: str) -> str:
    """The name of an app."""
    app = storable_name(value)
    if not app:
        raise Invalid("INVALID_APP_METADATA", "Give the app a name.")
    return app


def check_known(app: str, data: Mapping[str, object]) -> None:
    """Hold a known app's document to what is known of it."""
    for name, field in KNOWN_APPS[app].items():
        found = data.get(name)
        if found is None and not field.required:
            continue
        if not isinstance(found, str) or not re.fullmatch(field.pattern, found):
            raise Invalid("INVALID_APP_METADATA", f'`{name}` of {app} must be text such as "{field.example}".')


def app_claims(rows: tuple[AppDocument, ...]) -> Iterator[tuple[str, str]]:
    """(namespace, key) for each external id in known apps' documents: it belongs to one live record per app."""
    for row in rows:
        for name, field in KNOWN_APPS.get(row["app"], {}).items():
            if field.required:
                yield app_namespace(row["app"]), str(row["data"][name])


def app_ids(rows: tuple[AppDocument, ...], kept: Iterable[AppId] = ()) -> tuple[AppId, ...]:
    """The external ids in known apps' documents, and those that are `kept` besides."""
    own = [AppId(name=namespace.removeprefix(APP), value=key) for namespace, key in app_claims(rows)]
    return tuple(dict.fromkeys((*own, *kept)))


def json_object(value: object) -> dict[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Invalid("INVALID_TYPE", f"Give an object, not {kind_of(value)}.")
    return value


def validate_size(size: int) -> None:
    """Raise Invalid if metadata of that many bytes is larger than a record may have."""
    if size > MOST_BYTES:
        raise Invalid("TOO_LONG", "The metadata is larger than 64 KiB. Remove some of it.")


def size_of_entries(rows: Iterable[Mapping[str, object]]) -> int:
    """The size of the entries in bytes, as the limit of 64 KiB counts it."""
    return json_size({str(row["name"]): row["value"] for row in rows})


def size_of_documents(rows: Iterable[AppDocument]) -> int:
    """The size of the documents of apps in bytes, as the limit of 64 KiB counts it."""
    return json_size({row["app"]: row["data"] for row in rows})


def json_size(value: Mapping[str, object]) -> int:
    """The size of an object as JSON, in bytes."""
    return len(json.dumps(value, ensure_ascii=False).encode())


def storable(value: object, depth: int = 0) -> object:
    """A JSON value as the database keeps it; fractions become floats here, since this is not money."""
    if depth > DEEPEST:
        raise Invalid("TOO_DEEP", f"The value is nested more than {DEEPEST} levels deep: nest it less.")
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str) and "$id" in value:
            raise Invalid("INVALID_TYPE", "An object cannot have both `$ref` and `$id`: rename one of them.")
        return {storable_name(name): storable(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [storable(each, depth + 1) for each in value]
    if isinstance(value, (Decimal, float)):
        return storable_number(value)
    if isinstance(value, int) and not -INT64 <= value < INT64:
        raise Invalid("INVALID_NUMBER", "An integer must fit into 64 bits: give a larger one as text.")
    if isinstance(value, str) and not is_storable(value):
        raise Invalid("INVALID_TEXT", "A text contains a NUL or half of a surrogate pair: remove it.")
    return value


def storable_number(value: Decimal | float) -> float:
    """A fraction as JSON has it."""
    found = float(value)
    if found in (float("inf"), float("-inf")) or found != found:
        raise Invalid("INVALID_NUMBER", f"{value} cannot be stored: give a finite number.")
    return found


def storable_name(name: str) -> str:
    """A field's name inside a document."""
    if not is_storable(name):
        raise Invalid("INVALID_TEXT", "A name contains a NUL or half of a surrogate pair: remove it.")
    return name
