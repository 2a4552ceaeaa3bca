"""Documents that were prepared before: parsed, weighed, validated and planned once, however often they are sent.

Bounded in number and in memory, the least recently used going first: literals written into a document make a new one
of every request, which must not cost more memory than it costs time. Memory is reckoned in characters, a document's
text counting once for what was parsed and once for each of its plans: a plan takes some 130 bytes a character.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from app.graph.plan.planner import MAX_VARIANTS
from app.http.argument_cost import input_size
from app.http.prepare import Preparation, PreparedDocument, Sizes

MAX_DOCUMENTS, MAX_CHARACTERS = 1_000, 500_000
MAX_NAME = 64
"""Characters of a text that are told from another's: no value of an enum in the schema has more."""


def sizes_of(prepared: PreparedDocument, variables: Mapping[str, Any]) -> Sizes:
    """What weighing reads of the variables: those that size pages, and how much input there is in each."""
    names = prepared.weighed.sizing_variables
    pages = tuple(size_of(variables[name]) if name in variables else "absent" for name in names) if names else ()
    if not any(isinstance(value, (dict, list)) for value in variables.values()):
        return pages
    return (*pages, *(f"{name}: {input_size(value)}" for name, value in variables.items()))


def size_of(value: Any) -> float | str | None:
    """A number or an enum's value as it is, a list by its length, all else alike: validation has the last word."""
    if isinstance(value, list):
        return f"{len(value)} items"
    if isinstance(value, str):
        return f"text {value[:MAX_NAME]}"
    return value if value is None or isinstance(value, (int, float)) else "no size"


class DocumentCache:
    """A cache in front of `prepare`. What is refused is not kept."""

    def __init__(self, preparation: Preparation) -> None:
        self.preparation = preparation
        self.kept: OrderedDict[tuple[str, str | None], PreparedDocument] = OrderedDict()
        self.characters = 0

    def prepare(self, text: str, operation_name: str | None, variables: Mapping[str, Any]) -> PreparedDocument:
        """As `Preparation.prepare`: raises `RequestErrors`."""
        key = text, operation_name
        prepared = self.kept.get(key)
        if prepared is None:
            return self._keep(key, self.preparation.prepare(text, operation_name, variables))
        self.kept.move_to_end(key)
        sizes = sizes_of(prepared, variables)
        if sizes != prepared.accepted.last:
            self.preparation.check_limits(prepared, variables)
            prepared.accepted.last = sizes
        self._reckon(text, prepared)
        return prepared

    def _keep(self, key: tuple[str, str | None], prepared: PreparedDocument) -> PreparedDocument:
        self.kept[key] = prepared
        self._reckon(key[0], prepared)
        return prepared

    def _reckon(self, text: str, prepared: PreparedDocument) -> None:
        """Count a document with the plans it has and the one that it may be given now; the oldest make room."""
        planned = prepared.planned
        plans = min(len(planned.plans) + 1, MAX_VARIANTS if planned.conditions else 1)
        self.characters += (now := len(text) * (1 + plans)) - prepared.accepted.characters
        prepared.accepted.characters = now
        while len(self.kept) > MAX_DOCUMENTS or self.characters > MAX_CHARACTERS:
            _, oldest = self.kept.popitem(last=False)
            self.characters -= oldest.accepted.characters
