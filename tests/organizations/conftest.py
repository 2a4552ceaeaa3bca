"""Candidates are asked for both ways, as the graph's own tests are; rules are not asked at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.asking import WAY
from tests.transfer.conftest import files

__all__ = ["files"]


@pytest.fixture(params=[True, False], ids=["by plan", "by graphql-core"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Which way."""
    WAY.planning = request.param
    yield
    WAY.planning = True
