"""From the environment and the options of a command to its settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from app.errors import SetupError
from app.settings import Settings

DataDirectory = Annotated[
    Path | None, typer.Option(file_okay=False, help="Where our own MongoDB keeps its data, unless MONGODB_URI is set.")
]


def read_settings(
    *,
    host: str | None = None,
    port: int | None = None,
    data_directory: Path | None = None,
    ephemeral: bool | None = None,
) -> Settings:
    """The settings of the environment and `.env`, with the options that are not None in their place.

    Raises SetupError where one is wrong or misspelt.
    """
    options = {"host": host, "port": port, "data_directory": data_directory, "ephemeral": ephemeral}
    if unknown := Settings.unknown_variables():
        raise SetupError(f"There is no such setting: {', '.join(unknown)}. The README lists them.")
    try:
        return Settings.model_validate({name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        raise SetupError("; ".join(format_error(wrong["loc"], wrong["msg"]) for wrong in error.errors())) from None
    except SettingsError as error:
        raise SetupError(str(error)) from None


def format_error(place: tuple[int | str, ...], message: str) -> str:
    """A message about the setting at a place in `Settings`, under its name in the environment."""
    name = "_".join(map(str, place)).upper()
    text = message.removeprefix("Value error, ")
    return f"{name if name == 'MONGODB_URI' else f'CUSTOMER_GRAPH_{name}'}: {text}" if name else text


def demo_settings(settings: Settings, data_directory: Path | None) -> Settings:
    """The settings of the demo, which has a database of its own, and a directory of its own unless one is given."""
    directory = data_directory or settings.data_directory / "demo"
    return settings.model_copy(update={"database": f"{settings.database}_demo", "data_directory": directory})
