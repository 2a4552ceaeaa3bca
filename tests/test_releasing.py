"""What is promised of the schema between releases (`docs/releasing.md`), held against the schema of the last one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
)

from app import __version__, schema

ROOT = Path(__file__).parent.parent
RELEASED = ROOT / "schema.released.graphql"
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
VERSIONS = re.findall(r"^## (\d+\.\d+\.\d+)", CHANGELOG, re.MULTILINE)

BEFORE = """
type Query { plan: Plan, plans(key: String, name: String @deprecated(reason: "Use `key`.")): [Plan!]! }
type Plan { key: ID, name: String @deprecated(reason: "Use `title`."), title: String }
enum Status { OPEN, DONE @deprecated(reason: "Use `CLOSED`."), CLOSED }
input Wanted { key: ID, name: String @deprecated(reason: "Use `key`.") }
"""


def deprecations(of: GraphQLSchema) -> dict[str, str]:
    """What is deprecated, as `Type.field`, `Type.field(argument)` or `Enum.VALUE` → the reason."""
    return {name: reason for name, reason in elements(of) if reason is not None}


def elements(of: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Every field, argument and enum value of a schema, with the reason for its deprecation if it has one."""
    for name, each in of.type_map.items():
        if isinstance(each, GraphQLEnumType):
            yield from ((f"{name}.{value}", facts.deprecation_reason) for value, facts in each.values.items())
        if isinstance(each, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            for field_name, field in each.fields.items():
                yield f"{name}.{field_name}", field.deprecation_reason
                for argument, facts in getattr(field, "args", {}).items():
                    yield f"{name}.{field_name}({argument})", facts.deprecation_reason


def removed_without_notice(before: GraphQLSchema, after: GraphQLSchema) -> list[str]:
    """What `after` has no longer although `before` did not deprecate it."""
    remaining = {name for name, _ in elements(after)}
    return [name for name, reason in elements(before) if reason is None and name not in remaining]


def breaking_changes(before: GraphQLSchema, after: GraphQLSchema) -> list[str]:
    """What breaks a client that was written for `before`, a sentence each."""
    return [change.description for change in find_breaking_changes(before, after)]


def without_replacement(of: GraphQLSchema) -> list[str]:
    """What is deprecated with a reason that does not say what to use instead."""
    return [name for name, reason in deprecations(of).items() if not re.match(r"Use `[^`]+`", reason)]


def test_what_breaks_a_client_stands_in_the_changelog() -> None:
    """Copy each sentence that is missing there into the section "Unreleased", with what to do instead."""
    unreleased = CHANGELOG[CHANGELOG.index("## Unreleased") :].split("\n## ")[0]
    said = " ".join(unreleased.split())
    changes = breaking_changes(released_schema(), build_schema(schema.sdl()))
    assert [change for change in changes if change not in said] == []


def test_from_1_0_on_nothing_goes_that_was_not_deprecated() -> None:
    removed = removed_without_notice(released_schema(), build_schema(schema.sdl()))
    assert __version__.startswith("0.") or removed == []


def released_schema() -> GraphQLSchema:
    """The schema of the last release; before the first one, that which is built."""
    return build_schema(RELEASED.read_text() if RELEASED.exists() else schema.sdl())


def test_a_release_leaves_its_schema() -> None:
    assert RELEASED.exists() == bool(VERSIONS)


def test_a_deprecation_says_what_to_use_instead() -> None:
    assert without_replacement(build_schema(schema.sdl())) == []


@pytest.mark.parametrize(
    ("text", "becomes", "breaking", "unannounced"),
    [
        ("key: ID, name: String @dep", "key: ID, other: Int, name: String @dep", [], []),
        ("title: String }", "label: String }", ["Field Plan.title was removed."], ["Plan.title"]),
        ('name: String @deprecated(reason: "Use `title`."), ', "", ["Field Plan.name was removed."], []),
        ('DONE @deprecated(reason: "Use `CLOSED`."), ', "", ["Enum value Status.DONE was removed."], []),
    ],
)
def test_changes_are_told_apart(text: str, becomes: str, breaking: list[str], unannounced: list[str]) -> None:
    """What is added breaks nothing; what is taken away breaks clients, and was announced or not."""
    assert text in BEFORE
    before, after = build_schema(BEFORE), build_schema(BEFORE.replace(text, becomes))
    assert breaking_changes(before, after) == breaking
    assert removed_without_notice(before, after) == unannounced


def test_reasons_without_a_replacement_are_found() -> None:
    assert without_replacement(build_schema(BEFORE)) == []
    bare = BEFORE.replace('(reason: "Use `title`.")', "").replace("Use `CLOSED`.", "Old.")
    assert without_replacement(build_schema(bare)) == ["Plan.name", "Status.DONE"]
    assert set(deprecations(build_schema(BEFORE))) == {"Query.plans(name)", "Plan.name", "Status.DONE", "Wanted.name"}
