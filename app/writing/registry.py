"""The rules of every kind of record that can be written, by the record's name; the rooms bring them at start-up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.entities.value_rules import value_rule
from app.errors import SetupError
from app.graph.documents import stored_fields
from app.graph.record import Record
from app.writing.inputs import Reference
from app.writing.rules import Rules

RULES: dict[str, Rules[Any]] = {}


def register_rules(rules: Iterable[type[Rules[Any]]]) -> None:
    """Make these known; SetupError where a table names what its record does not have."""
    for each in rules:
        RULES[each.record.__name__] = each()
        if wrong := list(problems_of_table(each)):
            raise SetupError("; ".join(wrong))


def problems_of_table(rules: type[Rules[Any]]) -> Iterable[str]:
    """What is wrong with a table of inputs."""
    record: type[Record] = rules.record
    for each in rules.inputs:
        if isinstance(each, Reference):
            if each.stored not in stored_fields(record):
                yield f"{record.__name__}: {each.name} goes into {each.stored}, which is not stored"
        elif each.rule is None and not each.of:
            if each.name not in record.model_fields:
                yield f"{record.__name__} has no field {each.name}"
            else:
                value_rule(record, each.name)
