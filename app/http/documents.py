"""Documents that were prepared before: parsed, weighed, validated and planned once, however often they are sent.

Bounded in number and in text, the least recently used going first: literals written into a document make a new one of
every request, which must not cost more memory than it costs time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from app.http.prepare import Preparation, Prepared, Sizes

MAX_DOCUMENTS, MAX_CHARACTERS = 1_000, 2_000_000


def sizes_of(prepared: Prepared, variables: Mapping[str, Any]) -> Sizes:
    """What the variables that pages are sized by come to, as far as weighing looks at them."""
    names = prepared.weighed.sized_by
    return tuple(size_of(variables[name]) if name in variables else "absent" for name in names) if names else ()


def size_of(value: Any) -> float | str | None:
    """A number as it is, a list by its length, anything else as one and the same: validation has the last word."""
    if isinstance(value, list):
        return f"{len(value)} items"
    return value if value is None or isinstance(value, (int, float)) else "no size"


class Documents:
    """A cache in front of `prepare`. What is refused is not kept."""

    def __init__(self, preparation: Preparation) -> None:
        self.preparation = preparation
        self.kept: OrderedDict[tuple[str, str | None], Prepared] = OrderedDict()
        self.characters = 0

    def prepare(self, text: str, operation_name: str | None, variables: Mapping[str, Any]) -> Prepared:
        """As `Preparation.prepare`: raises `RequestErrors`."""
        key = text, operation_name
        prepared = self.kept.get(key)
        if prepared is None:
            return self._keep(key, self.preparation.prepare(text, operation_name, variables))
        self.kept.move_to_end(key)
        sizes = sizes_of(prepared, variables)
        if sizes != prepared.accepted.last:
            self.preparation.weigh_again(prepared, variables)
            prepared.accepted.last = sizes
        return prepared

    def _keep(self, key: tuple[str, str | None], prepared: Prepared) -> Prepared:
        self.kept[key] = prepared
        self.characters += len(key[0])
        while len(self.kept) > MAX_DOCUMENTS or self.characters > MAX_CHARACTERS:
            (text, _), _ = self.kept.popitem(last=False)
            self.characters -= len(text)
        return prepared
