"""docs/import.md says what the code does: exactly its columns, in its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.schema import IMPORTERS
from app.transfer.columns import Columns, NestedColumn

PAGE = (Path(__file__).parent.parent.parent / "docs" / "import.md").read_text(encoding="utf-8")


def section(kind: str) -> str:
    """What the page says of one kind of record."""
    found = re.search(rf"^## {kind.replace('-', ' ')}$(.*?)(?=^## |\Z)", PAGE, re.IGNORECASE | re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def rows(columns: Columns) -> list[tuple[str, str, str]]:
    """The rows of its tables, as they should be: plain columns first, then those of each nested list."""
    plain = [each for each in columns if not isinstance(each, NestedColumn)]
    inner = [each for nested in columns if isinstance(nested, NestedColumn) for each in nested.columns]
    return [
        (each.name, "needed" if each.required else "NDJSON only" if each.only_ndjson else "", each.doc)
        for each in (*plain, *inner)
    ]


@pytest.mark.parametrize("kind", IMPORTERS)
def test_the_page_lists_exactly_the_columns(kind: str) -> None:
    found = re.findall(r"^\| `(\w+)` \| ?(.*?) ?\| (.*) \|$", section(kind), re.MULTILINE)
    assert found == rows(IMPORTERS[kind]().columns)


@pytest.mark.parametrize("kind", IMPORTERS)
def test_the_page_names_the_nested_lists(kind: str) -> None:
    nested = [each.name for each in IMPORTERS[kind]().columns if isinstance(each, NestedColumn)]
    assert re.findall(r"^### (\w+)$", section(kind), re.MULTILINE) == nested


def test_every_column_of_a_row_has_a_name_of_its_own() -> None:
    for make in IMPORTERS.values():
        names = [name for name, _, _ in rows(make().columns)]
        assert len(names) == len(set(names))
