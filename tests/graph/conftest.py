"""Every question here is asked both ways: answered by a plan, and by graphql-core alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.asking import WAY


@pytest.fixture(autouse=True, params=[True, False], ids=["by plan", "by graphql-core"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Which way."""
    WAY.planning = request.param
    yield
    WAY.planning = True
