"""The table of rooms in `docs/architecture.md`, held against the code: who uses whom, without a circle anywhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"
ANYTHING = {"main", "cli", "__main__", "demo"}
"""What puts the program together. No room uses these."""

RULES = {
    "credentials.keys",
    *(f"billing.{name}" for name in ("balance", "aging", "amounts")),
    *(f"organizations.{name}" for name in ("domains", "duplicates", "merged", "names", "tree")),
}
"""Modules of pure rules: they use entities and errors, and the functions that make entities of documents and back."""
PURE = ("entities", "errors", "graph.documents", "access.secrets")


def table() -> dict[str, set[str]]:
    """Room → the rooms that it may use, as the page has it."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page[page.index("## Which room may use which") :]
    rows = re.findall(r"^\| `(\w+)` \| ?(.*?) ?\|$", section, re.MULTILINE)
    return {room: set(re.findall(r"`(\w+)`", used)) for room, used in rows}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the program, by its name below `app`."""
    for path in sorted(APP.rglob("*.py")):
        name = ".".join(path.relative_to(APP).with_suffix("").parts).removesuffix(".__init__")
        if name and name != "__init__":
            yield name, ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    """What it imports of the project, by names below `app`, wherever in the module it does so, for types alone too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "app":
            prefix = node.module.removeprefix("app").lstrip(".")
            yield from (f"{prefix}.{alias.name}" if prefix else alias.name for alias in node.names)
        if isinstance(node, ast.Import):
            yield from (alias.name[4:] for alias in node.names if alias.name.startswith("app."))


def room_of(module: str) -> str:
    """The room that a module stands in."""
    return module.split(".")[0]


def used_rooms() -> dict[str, set[str]]:
    """Room → the rooms that it uses, itself left out."""
    used: dict[str, set[str]] = {}
    for name, tree in modules():
        rooms = used.setdefault(room_of(name), set())
        rooms |= {room_of(each) for each in imports(tree)} - {room_of(name), "__version__"}
    return used


def find_circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Names that lead back to themselves; none where there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(each) for each in error.args[1]]
    return []


def test_every_import_stands_in_the_table() -> None:
    allowed = table()
    wrong = {
        room: sorted(used - allowed.get(room, set())) for room, used in used_rooms().items() if room not in ANYTHING
    }
    assert {room: used for room, used in wrong.items() if used} == {}


def test_the_table_names_every_room_and_nothing_else() -> None:
    rooms = set(used_rooms()) - ANYTHING
    assert set(table()) == rooms
    assert {used for each in table().values() for used in each} <= rooms


def test_rooms_use_each_other_without_a_circle() -> None:
    assert find_circle(table()) == []
    assert find_circle(used_rooms()) == []


def test_modules_import_each_other_without_a_circle() -> None:
    names = {name for name, _ in modules()}
    graph = {}
    for name, tree in modules():
        targets = {each if each in names else each.rpartition(".")[0] for each in imports(tree)}
        graph[name] = targets & names - {name}
    assert find_circle(graph) == []


def test_rules_are_pure() -> None:
    """No `await`, no database: they can be read and tested without a server."""
    found = dict(modules())
    for name in RULES:
        kinds = {type(node) for node in ast.walk(found[name])}
        assert not kinds & {ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith}, name
        may = tuple(f"{each}." for each in (*PURE, *RULES))
        assert [each for each in imports(found[name]) if not f"{each}.".startswith(may)] == [], name


def test_modules_say_what_lives_in_them_and_stay_short() -> None:
    for name, tree in modules():
        assert ast.get_docstring(tree), f"{name} has no docstring"
        length = max((node.end_lineno or 0 for node in tree.body), default=0)
        assert length <= 330, f"{name} has {length} lines: look for the second subject"
