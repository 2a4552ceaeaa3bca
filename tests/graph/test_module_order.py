"""The modules of the graph import each other in one direction only, imports for type checking included."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

GRAPH = Path(__file__).parent.parent.parent / "app" / "graph"


@pytest.fixture(autouse=True)
def way() -> None:
    """Nothing is asked here."""


def imported_by(path: Path, modules: set[str]) -> set[str]:
    """The modules of the graph that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names & modules


def module_name(path: Path) -> str:
    """A file's name as one imports it."""
    return ".".join(("app", "graph", *path.relative_to(GRAPH).with_suffix("").parts))


def test_no_module_of_the_graph_imports_one_that_imports_it() -> None:
    paths = {module_name(path): path for path in GRAPH.rglob("*.py") if path.stem != "__init__"}
    left = {name: imported_by(path, set(paths)) - {name} for name, path in paths.items()}
    while free := {name for name, needed in left.items() if not needed & left.keys()}:
        left = {name: needed for name, needed in left.items() if name not in free}
    assert left == {}
