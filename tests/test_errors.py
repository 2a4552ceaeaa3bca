"""What can go wrong is raised somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import errors
from app.errors import Denial

APP = Path(errors.__file__).parent
OTHERS = "".join(path.read_text() for path in APP.rglob("*.py") if path != Path(errors.__file__))


DENIALS = [name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Denial)]


@pytest.mark.parametrize("denial", [name for name in DENIALS if name != "Denial"])
def test_every_denial_is_raised_somewhere(denial: str) -> None:
    assert f"{denial}(" in OTHERS
