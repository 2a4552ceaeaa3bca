"""What an operator sets: by variable or `.env` file, and never by a name that nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.settings import read_settings
from app.errors import SetupError


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, where `.env` is looked for."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_setting_is_read_from_the_file_under_that_of_the_environment(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / ".env").write_text("CUSTOMER_GRAPH_PORT=1\ncustomer_graph_max_depth=7\nANOTHERS=x\n")
    monkeypatch.setenv("CUSTOMER_GRAPH_PORT", "2")
    settings = read_settings()
    assert (settings.port, settings.max_depth) == (2, 7)


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_misspelt_variable_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    if where == "environment":
        monkeypatch.setenv("CUSTOMER_GRAPH_PROT", "9000")
    else:
        (directory / ".env").write_text("CUSTOMER_GRAPH_PORT=1\nexport CUSTOMER_GRAPH_PROT=9000\n")
    with pytest.raises(SetupError, match="no such setting: CUSTOMER_GRAPH_PROT"):
        read_settings()
