"""A client of the toy server, as a browser on the same machine would reach it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.http.toy import toy_application


@pytest.fixture(scope="session")
def toy() -> Iterator[TestClient]:
    """The toy server under the ordinary limits."""
    with TestClient(toy_application(), base_url="http://localhost") as client:
        yield client
