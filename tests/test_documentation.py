"""What the documentation shows is true: its queries give its answers, and the settings are those of the code."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import CODES
from app.graph.scalars import SCALARS
from app.http.persisted_documents import load_manifest
from app.mongo.client import Client, Store
from app.settings import Settings
from tests.asking import ask, data, server
from tests.demo_store import demo_store

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
EXAMPLES = sorted((ROOT / "app" / "http" / "examples").glob("*.graphql"))
FRONTEND = (ROOT / "docs" / "frontend.md").read_text()
METERING = (ROOT / "docs" / "metering.md").read_text()
PAGES = README + (ROOT / "docs" / "writing.md").read_text() + FRONTEND + METERING
SHOWN = re.findall(r"```graphql\n(.+?)```\s+```json\n(.+?)```", PAGES, re.DOTALL)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
async def demo(client: Client, worker_id: str) -> AsyncIterator[Store]:
    """The demo's data."""
    async with demo_store(client, f"docs_{worker_id}") as store:
        yield store


async def test_what_is_asked_and_done_in_the_documentation_gives_its_answers(demo: Store) -> None:
    assert SHOWN
    for query, answer in SHOWN:
        assert await data(demo, query, now=NOW) == json.loads(answer)["data"]


def example(path: Path) -> tuple[str, dict[str, Any]]:
    """The document and its variables."""
    variables = path.with_suffix(".json")
    return path.read_text(), json.loads(variables.read_text()) if variables.exists() else {}


@pytest.mark.parametrize(("query", "given"), [example(path) for path in EXAMPLES], ids=[path.stem for path in EXAMPLES])
async def test_graphiqls_examples_run_and_find_something(demo: Store, query: str, given: dict[str, Any]) -> None:
    """And a plan answers them."""
    planner = server(planning=True)[1].planner.counters
    left = planner.left
    answer = await ask(demo, query, now=NOW, **given)
    assert answer.messages == []
    assert all(value is not None for value in answer.data.values())
    assert planner.left == left or "mutation" in query, planner.reasons


def test_every_setting_stands_in_the_readme() -> None:
    table = README[README.index("## Settings") : README.index("## Deploy")]
    named = {f"CUSTOMER_GRAPH_{name}" for name in re.findall(r"`(?:CUSTOMER_GRAPH|…)_([A-Z_]+)`", table)}
    known = {f"CUSTOMER_GRAPH_{name.upper()}" for name in Settings.model_fields if name != "mongodb_uri"}
    assert named == known
    assert "`MONGODB_URI`" in table


def test_the_page_for_clients_tells_every_error_code_and_scalar() -> None:
    section = FRONTEND[FRONTEND.index("## Errors") :]
    told = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", section, re.MULTILINE))
    assert told == {code.value: text for code, text in CODES.items()}
    table = FRONTEND[FRONTEND.index("| scalar |") : FRONTEND.index("With graphql-codegen")]
    assert set(re.findall(r"`([A-Za-z]+)`", "".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)))) == {
        str(scalar.name) for scalar in SCALARS.values()
    }


def test_both_formats_of_a_manifest_are_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    manifests = [text for text in re.findall(r"```json\n(.+?)```", FRONTEND, re.DOTALL) if "query Names" in text]
    assert len(manifests) == 2
    for text in manifests:
        path.write_text(text)
        assert list(load_manifest(path).values()) == ["query Names { organizations { nodes { name } } }"]


def test_links_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_paths_that_the_architecture_page_names_exist() -> None:
    """A module that was renamed is missed here."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    for name in set(re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", text)):
        assert (ROOT / "app" / name).exists() or (ROOT / name).exists(), name
