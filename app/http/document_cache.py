"""Prepared documents, kept: each is parsed, checked, validated and planned once, however often it is sent.

The cache is bounded in number and in memory, and drops the least recently used first: a client that writes literals
into its documents makes a new one with every request. Memory is counted in characters, a document's text once for what
was parsed and once for each of its plans: a plan takes some 130 bytes a character.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from app.graph.plan.planner import MAX_VARIANTS
from app.http.argument_cost import input_size
from app.http.prepare import Preparation, PreparedDocument, VariableSizes

MAX_DOCUMENTS, MAX_CHARACTERS = 1_000, 500_000
MAX_NAME = 64
"""How many characters of a text are compared: no value of an enum in the schema has more."""


def variable_sizes(prepared: PreparedDocument, variables: Mapping[str, object]) -> VariableSizes:
    """What the cost depends on: the values that say how many records are read, and how much input each variable is."""
    names = prepared.cost.sizing_variables
    pages = tuple(variable_size(variables[name]) if name in variables else "absent" for name in names) if names else ()
    if not any(isinstance(value, (dict, list)) for value in variables.values()):
        return pages
    return (*pages, *(f"{name}: {input_size(value)}" for name, value in variables.items()))


def variable_size(value: object) -> float | str | None:
    """A number or the name of an enum's value as it is, a list by its length; all else is alike, and not valid."""
    if isinstance(value, list):
        return f"{len(value)} items"
    if isinstance(value, str):
        return f"text {value[:MAX_NAME]}"
    return value if value is None or isinstance(value, (int, float)) else "no size"


class DocumentCache:
    """Prepares documents and keeps them. What is refused is not kept."""

    def __init__(self, preparation: Preparation) -> None:
        self.preparation = preparation
        self.entries: OrderedDict[tuple[str, str | None], PreparedDocument] = OrderedDict()
        self.characters = 0

    def prepare(self, text: str, operation_name: str | None, variables: Mapping[str, object]) -> PreparedDocument:
        """The same as `Preparation.prepare`; a document that is known is only held to the limits."""
        key = text, operation_name
        prepared = self.entries.get(key)
        if prepared is None:
            return self._add(key, self.preparation.prepare(text, operation_name, variables))
        self.entries.move_to_end(key)
        sizes = variable_sizes(prepared, variables)
        if sizes != prepared.cache_state.accepted_sizes:
            self.preparation.check_limits(prepared, variables)
            prepared.cache_state.accepted_sizes = sizes
        self._account_for(text, prepared)
        return prepared

    def _add(self, key: tuple[str, str | None], prepared: PreparedDocument) -> PreparedDocument:
        self.entries[key] = prepared
        self._account_for(key[0], prepared)
        return prepared

    def _account_for(self, text: str, prepared: PreparedDocument) -> None:
        """Count a document with its plans and the one that may be made of it now; drop the oldest to make room."""
        planned = prepared.planned
        plans = min(len(planned.plans) + 1, MAX_VARIANTS if planned.conditions else 1)
        self.characters += (now := len(text) * (1 + plans)) - prepared.cache_state.characters
        prepared.cache_state.characters = now
        while len(self.entries) > MAX_DOCUMENTS or self.characters > MAX_CHARACTERS:
            _, oldest = self.entries.popitem(last=False)
            self.characters -= oldest.cache_state.characters
