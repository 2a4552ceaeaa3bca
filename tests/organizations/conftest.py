"""Candidates are asked for both ways, as the graph's own tests are; rules are not asked at all."""

from __future__ import annotations

import pytest

from tests.asking import Way
from tests.graph.conftest import ask, data
from tests.transfer.conftest import files

__all__ = ["ask", "data", "files"]


@pytest.fixture(params=[True, False], ids=["by plan", "by graphql-core"])
def way(request: pytest.FixtureRequest) -> Way:
    """Which way."""
    return Way(planning=request.param)
