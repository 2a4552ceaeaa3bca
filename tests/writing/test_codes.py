"""Every code that a refusal may bear is one that the schema lists: an unknown one would fail where it is told."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import Problem
from app.writing.problems import UserError, UserErrorCode

APP = Path(__file__).parent.parent.parent / "app"
NAMED = {
    "Problem": 0,
    "add": 0,
    "Invalid": 0,
    "refuse": 0,
    "UnknownKey": 0,
    "of_payer": 2,
    "ReferenceTo": 2,
    "Reference": 3,
}
"""What makes a refusal, and which argument is its code."""


def codes() -> Iterator[tuple[str, str]]:
    """(module, code) of every code that is written in a call."""
    for path in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            place = NAMED.get(getattr(node.func, "attr", getattr(node.func, "id", "")))
            if place is None or len(node.args) <= place:
                continue
            for each in ast.walk(node.args[place]):
                if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value.isupper():
                    yield path.relative_to(APP).as_posix(), each.value


def test_every_code_that_is_used_is_one_of_the_schemas() -> None:
    used = set(codes())
    assert len(used) > 100
    known = {each.value for each in UserErrorCode}
    assert sorted(each for each in used if each[1] not in known) == []


def test_every_code_of_the_schema_is_told_as_itself() -> None:
    for each in UserErrorCode:
        assert UserError.of(Problem(each.value, ("a",), "b")).code is each
        assert each.doc


def test_what_is_no_code_cannot_be_told() -> None:
    with pytest.raises(ValueError, match="NO_SUCH_CODE"):
        UserError.of(Problem("NO_SUCH_CODE", (), ""))
