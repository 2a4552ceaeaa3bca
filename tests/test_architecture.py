"""The import table of `docs/architecture.md`, held against the code: a room imports only what its question needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).parent.parent / "app"
DOING = {"organizations", "catalog", "credentials", "subscribers", "billing", "onboarding", "transfer"}
DECLARING = ("record", "edges", "many", "nodes", "declarations", "choices", "scalars", "depth")
DECLARATIONS = {f"graph.{name}" for name in DECLARING}

# What each kind of module may import of the project; a name stands for itself and all below it.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "settings": set(),
    "logging": {"settings"},
    "access": {"settings", "errors"},
    "mongo": {"settings", "errors"},
    "context": {"access", "mongo"},
    "graph": {"mongo", "access", "errors", "context"},
    "entities": {"access.viewer", "entities", "errors", *DECLARATIONS},
    "queries": {"graph", "entities", "access", "errors", "context"},
    "mutations": {"graph", "entities", "access", "errors", "context", "writing"},
    "writing": {"access", "mongo", "entities", "graph", "errors", "context"},
    "rules": {"entities", "errors", "access.secrets"},
    "operations": {"access", "entities", "mongo", "errors", "context", "graph", "writing", *DOING},
    "http": {"graph", "mongo", "access", "context", "errors", "settings"},
    "schema": {"graph", "entities", "writing", *DOING},
}
ANYTHING = {"main", "cli", "__main__", "demo"}
RULES = {
    "credentials.keys",
    *(f"billing.{name}" for name in ("balance", "aging", "amounts")),
    *(f"organizations.{name}" for name in ("domains", "duplicates", "merged", "names", "tree")),
}


def kind_of(module: str) -> str:
    """Which line of the table a module is under."""
    room = module.split(".")[0]
    if room not in DOING:
        return room
    if module in RULES:
        return "rules"
    last = module.split(".")[-1]
    return last if last in ("queries", "mutations") else "operations"


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the program, by its name below `app`."""
    for path in sorted(APP.rglob("*.py")):
        name = ".".join(path.relative_to(APP).with_suffix("").parts).removesuffix(".__init__")
        if name and name != "__init__":
            yield name, ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    """What it imports of the project, by names below `app`, wherever in the module it does so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "app":
            prefix = node.module.removeprefix("app").lstrip(".")
            yield from (f"{prefix}.{alias.name}" if prefix else alias.name for alias in node.names)
        if isinstance(node, ast.Import):
            yield from (alias.name[4:] for alias in node.names if alias.name.startswith("app."))


def allowed(module: str, imported: str) -> bool:
    """Whether the table lets `module` import that."""
    if module.split(".")[0] in ANYTHING:
        return True
    own = module.split(".")[0] if kind_of(module) != "rules" else ""
    may = MAY_IMPORT[kind_of(module)] | ({own} if own else RULES)
    return any(imported == name or imported.startswith(f"{name}.") for name in may)


def test_every_import_stands_in_the_table() -> None:
    wrong = [f"{name} imports {each}" for name, tree in modules() for each in imports(tree) if not allowed(name, each)]
    assert wrong == []


def test_rules_are_pure() -> None:
    """No `await`, no database: they can be read and tested without a server."""
    found = dict(modules())
    for name in RULES & found.keys():
        kinds = {type(node) for node in ast.walk(found[name])}
        assert not kinds & {ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith}, name


def test_modules_say_what_lives_in_them_and_stay_short() -> None:
    for name, tree in modules():
        assert ast.get_docstring(tree), f"{name} has no docstring"
        length = max((node.end_lineno or 0 for node in tree.body), default=0)
        assert length <= 330, f"{name} has {length} lines: look for the second subject"
