"""The settings of a run: the environment's, and what is given on the command line over them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from app.errors import SetupError
from app.settings import Settings

DataDirectory = Annotated[
    Path | None, typer.Option(file_okay=False, help="Where our own MongoDB keeps its data, unless MONGODB_URI is set.")
]


def settings_from(**given: Any) -> Settings:
    """The environment's settings, those given on the command line over them."""
    if unknown := Settings.unknown_variables():
        raise SetupError(f"There is no such setting: {', '.join(unknown)}. The README lists them.")
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise SetupError("; ".join(told(each["loc"], each["msg"]) for each in error.errors())) from None
    except SettingsError as error:
        raise SetupError(str(error)) from None


def told(where: tuple[int | str, ...], message: str) -> str:
    """What is wrong with a setting, by its name in the environment."""
    name = "_".join(str(each) for each in where).upper()
    text = message.removeprefix("Value error, ")
    return f"{name if name == 'MONGODB_URI' else f'CUSTOMER_GRAPH_{name}'}: {text}" if name else text


def demo_settings(settings: Settings, data_directory: Path | None) -> Settings:
    """The demo has a database of its own, and a directory of its own unless one is given."""
    directory = data_directory or settings.data_directory / "demo"
    return settings.model_copy(update={"database": f"{settings.database}_demo", "data_directory": directory})
