"""Rules for text, lists, choices and booleans. Pure.

A rule takes a value as the caller gave it and returns the value to store, or raises `Invalid`. Empty text is handled
before: whether a value is required is not decided by its rule.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
E = TypeVar("E", bound=enum.Enum)
Parse = Callable[[object], object]


class Invalid(ValueError):  # noqa: N818  # a value is refused, nothing failed
    """A value that breaks a rule: a stable code, and a sentence that says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class InvalidItems(Invalid):
    """Invalid items of a list: the position and error of each. Its code and message are those of the first."""

    def __init__(self, wrong: Sequence[tuple[int, Invalid]]) -> None:
        super().__init__(wrong[0][1].code, wrong[0][1].message)
        self.wrong = tuple(wrong)


def parse_items(items: Iterable[T], parse: Callable[[T], R]) -> list[R]:
    """Every item parsed; raises InvalidItems with all those that are invalid."""
    found, wrong = [], []
    for position, item in enumerate(items):
        try:
            found.append(parse(item))
        except Invalid as error:
            wrong.append((position, error))
    if wrong:
        raise InvalidItems(wrong)
    return found


def plain_text(value: object) -> str:
    """Trimmed text without NUL or invalid Unicode."""
    if not isinstance(value, str):
        raise Invalid("INVALID_TYPE", f"Give text, not {kind_of(value)}.")
    if not is_storable(value):
        raise Invalid("INVALID_TEXT", "The text contains a NUL or half of a surrogate pair: remove it.")
    return value.strip()


def is_storable(value: str) -> bool:
    """Whether the text has neither a NUL nor half of a surrogate pair."""
    return "\0" not in value and (value.isascii() or encodable(value))


def encodable(value: str) -> bool:
    """Whether the text can be encoded as UTF-8, which half of a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def kind_of(value: object) -> str:
    """The type of a JSON value in words, such as "an object"."""
    names = {bool: "a boolean", dict: "an object", list: "a list", str: "text", type(None): "null"}
    return names.get(type(value), "a number")


def text(longest: int) -> Callable[[object], str]:
    """The rule for text of at most `longest` characters after trimming."""

    def parse(value: object) -> str:
        found = plain_text(value)
        if len(found) > longest:
            raise Invalid("TOO_LONG", f"The text has {len(found):,} characters; at most {longest:,} are allowed.")
        return found

    return parse


def texts(each: Parse, most: int = 1_000) -> Callable[[object], tuple[object, ...]]:
    """The rule for lists: a list, or words separated by spaces. Duplicates are removed and the order is kept."""

    def item(value: object) -> object:
        if isinstance(value, str) and not value.strip():
            raise Invalid("REQUIRED", "An item of the list is empty: remove it.")
        return each(value)

    def parse(value: object) -> tuple[object, ...]:
        items = value.split() if isinstance(value, str) else value
        if not isinstance(items, list):
            raise Invalid("INVALID_TYPE", f"Give a list of texts, not {kind_of(value)}.")
        if len(items) > most:
            raise Invalid("TOO_MANY", f"The list has {len(items):,} items; at most {most:,} are allowed.")
        return tuple(dict.fromkeys(parse_items(items, item)))

    return parse


def one_of(choices: type[E]) -> Callable[[object], str]:
    """The rule for the values of an enum, in upper or lower case."""

    def parse(value: object) -> str:
        found = plain_text(value).upper()
        if found not in {member.value for member in choices}:
            raise Invalid("INVALID_CHOICE", f"{value!r} is not one of {', '.join(str(m.value) for m in choices)}.")
        return found

    return parse


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Invalid("INVALID_TYPE", f"Give true or false, not {kind_of(value)}.")
    return value
