"""Trees of real organizations, walked whole: what the graph says against what the file says."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app import demo
from app.mongo.client import Client, Store
from tests.asking import data
from tests.demo_store import demo_store

FILE = Path(demo.__file__).parent / "data" / "research_organizations.csv"
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))
PAGE = """query ($id: String!, $depth: Int, $after: Cursor) { organization(by: {externalId: $id}) {
  descendants(first: 100, maxDepth: $depth, after: $after) { totalCount nodes { externalId ancestors { externalId } }
    pageInfo { hasNextPage endCursor } } } }"""


@pytest.fixture(scope="module")
async def trees(client: Client, worker_id: str) -> AsyncIterator[Store]:
    """The demo's data."""
    async with demo_store(client, f"trees_{worker_id}") as store:
        yield store


def below(root: str) -> dict[str, int]:
    """Every organization under one, and how many levels down it is, by the file."""
    children = defaultdict(list)
    for row in ROWS:
        children[row["parent_external_id"]].append(row["external_id"])
    found: dict[str, int] = {}
    level, depth = children[root], 1
    while level:
        found |= dict.fromkeys(level, depth)
        level, depth = [each for parent in level for each in children[parent]], depth + 1
    return found


async def walked(store: Store, root: str, depth: int | None = None) -> tuple[dict[str, int], int]:
    """Every descendant by its pages, how many levels down it says it is, and the count."""
    found: dict[str, int] = {}
    after = None
    while True:
        page = (await data(store, PAGE, id=root, depth=depth, after=after))["organization"]["descendants"]
        for node in page["nodes"]:
            above = [each["externalId"] for each in node["ancestors"]]
            found[node["externalId"]] = len(above) - above.index(root)
        if not page["pageInfo"]["hasNextPage"]:
            return found, page["totalCount"]
        after = page["pageInfo"]["endCursor"]


async def test_the_descendants_of_the_root_with_102_children_are_exact(trees: Store) -> None:
    root = max(below("").keys(), key=lambda each: sum(row["parent_external_id"] == each for row in ROWS))
    expected = below(root)
    assert sum(depth == 1 for depth in expected.values()) == 102
    assert await walked(trees, root) == (expected, len(expected))
    children = {node: depth for node, depth in expected.items() if depth == 1}
    assert await walked(trees, root, depth=1) == (children, 102)


async def test_every_tree_is_the_files_at_every_depth(trees: Store) -> None:
    roots = {row["parent_external_id"] for row in ROWS} - {""}
    deepest = max(roots, key=lambda each: max(below(each).values()))
    for root in {deepest, *sorted(roots)[:8]}:
        expected = below(root)
        for depth in (None, 1, 2):
            within = {node: level for node, level in expected.items() if depth is None or level <= depth}
            assert await walked(trees, root, depth) == (within, len(within))
