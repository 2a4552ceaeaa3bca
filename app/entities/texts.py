"""Values as they are accepted: trimmed, no longer than they may be, of the type that is expected. Pure rules.

A rule takes what was typed and returns what is stored, or raises `Invalid`. An empty text never comes here: whether a
value may be absent is not the rule's to say.
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
    """A value that breaks a rule: a stable code, and a sentence that says what would do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class InvalidItems(Invalid):
    """Values of a list that break a rule: the position of each with what is wrong; told as the first of them."""

    def __init__(self, wrong: Sequence[tuple[int, Invalid]]) -> None:
        super().__init__(wrong[0][1].code, wrong[0][1].message)
        self.wrong = tuple(wrong)


def each_of(items: Iterable[T], parse: Callable[[T], R]) -> list[R]:
    """Every item by its rule; raises InvalidItems of all that break it."""
    found, wrong = [], []
    for position, item in enumerate(items):
        try:
            found.append(parse(item))
        except Invalid as error:
            wrong.append((position, error))
    if wrong:
        raise InvalidItems(wrong)
    return found


def plain(value: object) -> str:
    """Text, trimmed, that the database can hold and a person can read."""
    if not isinstance(value, str):
        raise Invalid("INVALID_TYPE", f"Give text, not {kind_of(value)}.")
    if "\0" in value or (not value.isascii() and not encodable(value)):
        raise Invalid("INVALID_TEXT", "The text contains a NUL or an invalid Unicode character: remove it.")
    return value.strip()


def encodable(value: str) -> bool:
    """Whether the text is Unicode: no half of a surrogate pair stands alone in it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    names = {bool: "a boolean", dict: "an object", list: "a list", str: "text", type(None): "null"}
    return names.get(type(value), "a number")


def text(longest: int) -> Callable[[object], str]:
    """Text of at most so many characters after trimming."""

    def parse(value: object) -> str:
        found = plain(value)
        if len(found) > longest:
            raise Invalid("TOO_LONG", f"The text has {len(found):,} characters; at most {longest:,} are allowed.")
        return found

    return parse


def texts(each: Parse, most: int = 1_000) -> Callable[[object], tuple[object, ...]]:
    """Several values: a list, or words parted by spaces. Each is kept once, in the order given."""

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
        return tuple(dict.fromkeys(each_of(items, item)))

    return parse


def one_of(choices: type[E]) -> Callable[[object], str]:
    """The value of an enum, in any case."""

    def parse(value: object) -> str:
        found = plain(value).upper()
        if found not in {member.value for member in choices}:
            raise Invalid("INVALID_CHOICE", f"{value!r} is not one of {', '.join(str(m.value) for m in choices)}.")
        return found

    return parse


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Invalid("INVALID_TYPE", f"Give true or false, not {kind_of(value)}.")
    return value
