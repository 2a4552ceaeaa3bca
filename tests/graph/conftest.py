"""Every question here is asked both ways: answered by a plan, and by graphql-core alone."""

from __future__ import annotations

from functools import partial

import pytest

from tests.asking import Ask, Data, Way
from tests.asking import ask as ask_in
from tests.asking import data as data_in


@pytest.fixture(autouse=True, params=[True, False], ids=["by plan", "by graphql-core"])
def way(request: pytest.FixtureRequest) -> Way:
    """Which way."""
    return Way(planning=request.param)


@pytest.fixture
def ask(way: Way) -> Ask:
    """Asks that way."""
    return partial(ask_in, way=way)


@pytest.fixture
def data(way: Way) -> Data:
    """Asks that way for data without errors."""
    return partial(data_in, way=way)
