"""Documents that were prepared before: parsed, weighed, validated and planned once, however often they are sent.

Bounded in number and in text, the least recently used going first: literals written into a document make a new one of
every request, which must not cost more memory than it costs time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from app.http.prepare import Preparation, Prepared

MAX_DOCUMENTS, MAX_CHARACTERS = 1_000, 2_000_000


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
        self.preparation.weigh_again(prepared, variables)
        return prepared

    def _keep(self, key: tuple[str, str | None], prepared: Prepared) -> Prepared:
        self.kept[key] = prepared
        self.characters += len(key[0])
        while len(self.kept) > MAX_DOCUMENTS or self.characters > MAX_CHARACTERS:
            (text, _), _ = self.kept.popitem(last=False)
            self.characters -= len(text)
        return prepared
