"""What is stored with a record so that it is found by any part of its names and identifiers. Pure rules.

`searchTexts` are the texts of the fields that the record declares as `searched`, folded; `searchParts` are the ends of
those texts, from each of their characters on. Both are indexed, so that a text is found by how it begins, and by any
part of it, as a range of an index: no document is read that does not match.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.mongo.client import Doc

SEARCH_TEXTS, SEARCH_PARTS = "searchTexts", "searchParts"
MAX_LENGTH = 1_024
"""Characters of one text that are searched. Names, addresses and identifiers are shorter."""
PART_LENGTH = 16
"""Characters of a part that are stored. Of a longer part the rest is compared with the texts themselves."""
MAX_PARTS = 10_000
"""Parts of one record at most; texts beyond, of which lists have too many, are found by how they begin."""


def fold(text: str) -> str:
    """Text as search compares it: in any case, without accents, in one Unicode form.

    Each character is folded by itself: a part of a text, folded, is a part of the folded text.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(each for each in folded if not unicodedata.combining(each))


def search_fields(doc: Mapping[str, object], searched: Sequence[str]) -> Doc:
    """The values of `searchTexts` and `searchParts` for a document; none for a record that is not searched."""
    if not searched:
        return {}
    found = [(text, isinstance(doc.get(path), str)) for path in searched for text in texts_at(doc, path.split("."))]
    found.sort(key=lambda each: not each[1])  # what a list has too many of leaves no other text out
    texts = list(dict.fromkeys(folded for text, _ in found if (folded := fold(text[:MAX_LENGTH]).strip())))
    return {SEARCH_TEXTS: texts, SEARCH_PARTS: list(parts_of(texts))}


def texts_at(value: object, path: Sequence[str]) -> Iterator[str]:
    """The texts at a path in a document, through arrays."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_at(item, path)
    elif path:
        if isinstance(value, Mapping):
            yield from texts_at(value.get(path[0]), path[1:])
    elif isinstance(value, str):
        yield value


def parts_of(texts: Iterable[str]) -> dict[str, None]:
    """The distinct parts of folded texts, in their order, at most `MAX_PARTS`: none begins with a space."""
    parts: dict[str, None] = {}
    for text in texts:
        if len(parts) + len(text) > MAX_PARTS:
            break
        parts |= dict.fromkeys(text[at : at + PART_LENGTH] for at, first in enumerate(text) if not first.isspace())
    return parts


def begins(text: str) -> Doc:
    """The MongoDB filter for records of which a text begins with this folded one."""
    return {SEARCH_TEXTS: {"$elemMatch": prefix_range(text)}}


def has_part(text: str) -> list[Doc]:
    """The MongoDB filters for records that have this folded text as a part of theirs."""
    narrowed: Doc = {SEARCH_PARTS: {"$elemMatch": prefix_range(text[:PART_LENGTH])}}
    return [narrowed, {SEARCH_TEXTS: {"$regex": literal(text)}}] if len(text) > PART_LENGTH else [narrowed]


def literal(text: str) -> str:
    """The pattern that matches exactly this text."""
    return re.escape(text).replace("\0", r"\x00")


def prefix_range(prefix: str) -> Doc:
    """The texts that begin with `prefix`, as a range: from it up to the next text in code point order that does not."""
    for end in range(len(prefix), 0, -1):
        last = ord(prefix[end - 1])
        if last < 0x10FFFF:
            following = 0xE000 if last + 1 == 0xD800 else last + 1  # no text holds a surrogate
            return {"$gte": prefix, "$lt": prefix[: end - 1] + chr(following)}
    return {"$gte": prefix}
