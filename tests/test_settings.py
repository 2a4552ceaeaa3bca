"""What an operator sets: by variable or `.env` file, and never by a name that nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.settings import demo_settings, read_settings
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
    with pytest.raises(SetupError) as refused:
        read_settings()
    assert str(refused.value) == "There is no such setting: CUSTOMER_GRAPH_PROT. Did you mean CUSTOMER_GRAPH_PORT?"


def test_the_address_of_the_database_has_its_usual_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_GRAPH_MONGODB_URI", "mongodb://127.0.0.1")
    with pytest.raises(SetupError, match=r"Did you mean MONGODB_URI\?"):
        read_settings()


def test_a_variable_that_is_like_no_setting_is_refused_without_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_GRAPH_XYZZY", "1")
    with pytest.raises(SetupError) as refused:
        read_settings()
    assert str(refused.value) == (
        "There is no such setting: CUSTOMER_GRAPH_XYZZY. customer-graph --help lists all settings."
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a b$", "'a b$' cannot be the name of a database: leave out ' ' and '$'."),
        ("a/b", "'a/b' cannot be the name of a database: leave out '/'."),
        ("ä" * 32, f"'{'ä' * 32}' is too long for the name of a database: it has at most 63 bytes."),
        ("Admin", "the database 'Admin' is MongoDB's own: choose another name."),
    ],
)
def test_a_name_that_no_database_can_have_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    monkeypatch.setenv("CUSTOMER_GRAPH_DATABASE", name)
    with pytest.raises(SetupError) as refused:
        read_settings()
    assert str(refused.value) == f"CUSTOMER_GRAPH_DATABASE: {message}"


def test_the_name_of_the_demos_database_has_to_fit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_GRAPH_DATABASE", "a" * 63)
    with pytest.raises(SetupError, match=r"CUSTOMER_GRAPH_DATABASE: 'a+_demo' is too long"):
        demo_settings(read_settings(), None)
