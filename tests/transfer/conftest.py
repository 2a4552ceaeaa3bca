"""What the tests of imports share."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.mongo.client import Store
from tests.transfer.running import Files


@pytest.fixture
def files(store: Store, tmp_path: Path) -> Files:
    """Files to import, into an empty database."""
    return Files(store, tmp_path)
