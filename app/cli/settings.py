"""From the environment and the options of a command to its settings."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from app.errors import SetupError
from app.settings import Settings, check_database_name

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
        raise SetupError(" ".join(map(describe_unknown, unknown)))
    try:
        return Settings.model_validate({name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        raise SetupError("; ".join(format_error(wrong["loc"], wrong["msg"]) for wrong in error.errors())) from None
    except SettingsError as error:
        raise SetupError(str(error)) from None


def describe_unknown(variable: str) -> str:
    """What to say about a variable that is no setting: the one that was meant, if its name is much like it."""
    prefix = str(Settings.model_config.get("env_prefix"))
    names = {each.removeprefix(prefix): each for each in Settings.variables()}
    close = difflib.get_close_matches(variable.removeprefix(prefix), names, 1)
    advice = f"Did you mean {names[close[0]]}?" if close else "customer-graph --help lists all settings."
    return f"There is no such setting: {variable}. {advice}"


def format_error(place: tuple[int | str, ...], message: str) -> str:
    """A message about the setting at a place in `Settings`, under its name in the environment."""
    name = "_".join(map(str, place)).upper()
    text = message.removeprefix("Value error, ")
    return f"{name if name == 'MONGODB_URI' else f'CUSTOMER_GRAPH_{name}'}: {text}" if name else text


def demo_settings(settings: Settings, data_directory: Path | None) -> Settings:
    """The settings of the demo, which has a database of its own, and a directory of its own unless one is given."""
    directory = data_directory or settings.data_directory / "demo"
    try:
        name = check_database_name(f"{settings.database}_demo")
    except ValueError as error:
        raise SetupError(f"CUSTOMER_GRAPH_DATABASE: {error}") from None
    return settings.model_copy(update={"database": name, "data_directory": directory})


def describe_settings() -> str:
    """The environment variables that are settings, a paragraph each, with their defaults."""
    paragraphs = ["Settings: environment variables, or lines of a file .env in the working directory."]
    for variable, field in Settings.variables().items():
        has_default = field.default is not None and field.default_factory is None
        default = f" By default {str(field.default).lower()}." if has_default else ""
        paragraphs.append(f"{variable}: {field.description}{default}")
    return "\n\n".join(paragraphs)
