"""The command line: its words and exit codes. What it does is elsewhere.

0: it did all that it was asked to. 1: some rows were refused or left out, or the schema differs. 2: it was called or
set up wrongly. 3: an import stopped before its end; run again, it goes on. An export begins anew.
"""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from pymongo.errors import PyMongoError
from rich.console import Console
from typer.core import TyperGroup

from app import logging
from app.demo.load import load_demo
from app.errors import SetupError
from app.explaining import explain, tree
from app.http.serving import leaving_on_signals, listening, serve, url_of
from app.main import application, cipher_of, open_store
from app.mongo.server import mongodb
from app.onboarding.columns import Nested
from app.onboarding.exporting import Exported
from app.onboarding.files import Wanted, import_files, readable, whereabouts
from app.onboarding.header import Unreadable
from app.onboarding.kinds import EXPORTERS, IMPORTERS
from app.onboarding.outputs import export_to, format_of
from app.onboarding.outputs import told as told_of
from app.onboarding.rows import Format, Source
from app.onboarding.runner import Stopped
from app.schema import sdl
from app.settings import Settings

WRONG, STOPPED = 2, 3
GOES_ON = "Run the same again: it goes on from there."


class Commands(TyperGroup):
    """Commands that say in one sentence why they cannot do what they were asked to."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (SetupError, Unreadable) as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(WRONG) from None
        except (Stopped, PyMongoError, OSError, KeyboardInterrupt) as error:
            again = "Nothing can be missed: run the same again." if ctx.invoked_subcommand == "export" else GOES_ON
            typer.echo(f"Error: {why(error)} {again}", err=True)
            raise typer.Exit(STOPPED) from None


def why(error: BaseException) -> str:
    """What made it stop before its end, in our words."""
    if isinstance(error, Stopped):
        return str(error)
    if isinstance(error, OSError):
        return f"A file could not be used: {error.strerror}."
    return "Interrupted." if isinstance(error, KeyboardInterrupt) else f"The database failed: {type(error).__name__}."


cli = typer.Typer(
    cls=Commands,
    help="The customer layer of usage-based billing, as one GraphQL endpoint over MongoDB.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(
    help="Create records from a file, CSV or NDJSON, of any size. It can be stopped and run again.",
    no_args_is_help=True,
)
cli.add_typer(imports, name="import")
exports = typer.Typer(help="Write records in the format that import reads.", no_args_is_help=True)
cli.add_typer(exports, name="export")

Host = Annotated[str | None, typer.Option(help="The address to bind; 127.0.0.1 if not set otherwise.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="The port to bind; 0 picks a free one.")]
DataDirectory = Annotated[
    Path | None, typer.Option(file_okay=False, help="Where our own MongoDB keeps its data, unless MONGODB_URI is set.")
]
Ephemeral = Annotated[
    bool | None, typer.Option("--ephemeral", help="Our own MongoDB: keep nothing after the process ends.")
]


def main() -> None:
    """The entry point."""
    cli(prog_name="customer-graph")


def settings_from(**given: Any) -> Settings:
    """The environment's settings, those given on the command line over them."""
    if unknown := Settings.unknown():
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


def show_version(asked: bool) -> None:
    """Print the version and end."""
    if asked:
        try:
            typer.echo(version("customer-graph"))
        except PackageNotFoundError:
            typer.echo("not installed: running from a checkout")
        raise typer.Exit


@cli.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The options of the program itself."""


@cli.command("serve")
def serve_command(
    host: Host = None, port: Port = None, data_directory: DataDirectory = None, ephemeral: Ephemeral = None
) -> None:
    """Serve the graph. Settings come from the environment or .env; options win over them."""
    settings = settings_from(host=host, port=port, data_directory=data_directory, ephemeral=ephemeral)
    run(settings, lambda url: (f"Customer Graph is ready at {url}/graphql",))


@cli.command("demo")
def demo_command(
    host: Host = None, port: Port = None, data_directory: DataDirectory = None, ephemeral: Ephemeral = None
) -> None:
    """Serve the graph with data to try it on, in a database of its own."""
    settings = settings_from(host=host, port=port, data_directory=data_directory, ephemeral=ephemeral)
    run(demo_settings(settings, data_directory), welcome, demo=True)


def demo_settings(settings: Settings, data_directory: Path | None) -> Settings:
    """The demo has a database of its own, and a directory of its own unless one is given."""
    directory = data_directory or settings.data_directory / "demo"
    return settings.model_copy(update={"database": f"{settings.database}_demo", "data_directory": directory})


def welcome(url: str) -> tuple[str, ...]:
    """What to try."""
    return (
        f"Customer Graph is ready at {url}/graphql, with the demo's data: open it in a browser.",
        'Try: { subscriber(by: {email: "carol@finoptic.com"}) { organization { name payer { name } } } }',
        "300 research organizations, 59 customers with 412 invoices, and Finoptic Group. Ctrl-C ends it.",
    )


def run(settings: Settings, ready: Callable[[str], tuple[str, ...]], *, demo: bool = False) -> None:
    """Bind, have a database, load the demo if that is asked for, and serve."""
    logging.configure()
    with leaving_on_signals(), listening(settings.host, settings.port) as listener, mongodb(settings) as uri:
        if demo:
            asyncio.run(load(uri, settings.database))
        lines = ready(url_of(listener))
        served, say = application(settings, uri), lambda: print(*lines, sep="\n", flush=True)
        serve(served, listener, say, settings.shutdown_seconds)


async def load(uri: str, database: str) -> None:
    """Have the demo's data in a database."""
    async with open_store(uri, database) as store:
        await load_demo(store)


@cli.command("schema")
def schema_command(
    check: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Compare with this file; exit 1 if it differs.")
    ] = None,
) -> None:
    """Print the GraphQL schema."""
    if check is None:
        typer.echo(sdl(), nl=False)
        return
    stored = check.read_text(encoding="utf-8").splitlines(keepends=True)
    difference = "".join(difflib.unified_diff(stored, sdl().splitlines(keepends=True), str(check), "the code's schema"))
    typer.echo(difference, nl=False)
    raise typer.Exit(1 if difference else 0)


@cli.command("explain")
def explain_command(
    query: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file with one GraphQL query.")],
    variables: Annotated[str, typer.Option(help="Its variables, as a JSON object.")] = "{}",
    demo: Annotated[bool, typer.Option("--demo", help="Ask the demo's database.")] = False,
    data_directory: DataDirectory = None,
) -> None:
    """Run a query and show how it is answered: its reads, their indexes, and what they examine."""
    settings = settings_from(data_directory=data_directory)
    if demo:
        settings = demo_settings(settings, data_directory)
    try:
        given = orjson.loads(variables)
    except orjson.JSONDecodeError as error:
        raise SetupError(f"The variables are not JSON: {error}.") from None
    if not isinstance(given, dict):
        raise SetupError("The variables have to be a JSON object.")
    logging.configure()
    with mongodb(settings) as uri:
        plan = asyncio.run(explain(query.read_text(encoding="utf-8"), given, settings, uri))
    Console(width=None if sys.stdout.isatty() else 200).print(tree(plan), markup=False)
    raise typer.Exit(1 if plan["failed"] else 0)


Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Imported one after another.")]
FormatName = Annotated[str | None, typer.Option("--format", help="csv or ndjson; if not given, the file's name says.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do everything but write, and say what would be.")]
Report = Annotated[Path | None, typer.Option(dir_okay=False, help="Write a line of NDJSON for each row to this file.")]

FromStart = Annotated[
    bool, typer.Option("--from-start", help="Begin at the first row, although an earlier run stopped half way.")
]
ImportDemo = Annotated[bool, typer.Option("--demo", help="Import into the demo's database.")]


def add_import(kind: str) -> None:
    """The command that imports one kind of record, its columns in its help."""

    def command(
        files: Files,
        format_name: FormatName = None,
        dry_run: DryRun = False,
        report: Report = None,
        from_start: FromStart = False,
        demo: ImportDemo = False,
        data_directory: DataDirectory = None,
    ) -> None:
        settings = settings_from(data_directory=data_directory)
        if demo:
            settings = demo_settings(settings, data_directory)
        sources = readable(kind, files, format_name)
        if report:
            make_sure_of(report, files)
        logging.configure()
        with mongodb(settings) as uri:
            wanted = Wanted(dry_run, from_start, report, cipher_of(settings))
            fine = asyncio.run(import_into(uri, settings.database, kind, sources, wanted))
        where = whereabouts(settings.mongodb_uri, None if settings.ephemeral else settings.data_directory)
        typer.echo(f"The database is {settings.database}, {where}.")
        raise typer.Exit(0 if fine else 1)

    imports.command(kind, help=f"Create {kind} from files.\n\n\b\n{columns_of(kind)}")(command)


def add_export(kind: str) -> None:
    """The command that exports one kind of record."""

    def command(
        format_name: Annotated[
            str | None, typer.Option("--format", help="csv or ndjson; if not given, FILE's name says, else ndjson.")
        ] = None,
        output: Annotated[Path | None, typer.Option(dir_okay=False, help="Write to this file; else stdout.")] = None,
        demo: Annotated[bool, typer.Option("--demo", help="Export from the demo's database.")] = False,
        data_directory: DataDirectory = None,
    ) -> None:
        settings = settings_from(data_directory=data_directory)
        if demo:
            settings = demo_settings(settings, data_directory)
        written = format_of(format_name, output)
        logging.configure()
        with mongodb(settings) as uri:
            done = asyncio.run(export_from(uri, settings.database, kind, written, output))
        for line in told_of(kind, done):
            typer.echo(line, err=True)
        raise typer.Exit(1 if done.left_out or done.unsayable else 0)

    exports.command(kind, help=f"Write all {kind}, in the format that `import {kind}` reads; never a secret.")(command)


async def export_from(uri: str, database: str, kind: str, written: Format, output: Path | None) -> Exported:
    """Export from a database made ready."""
    async with open_store(uri, database) as store:
        return await export_to(store, kind, written, output)


def make_sure_of(report: Path, sources: list[Path]) -> None:
    """Know before anything is done that the report can be written, and over none of the files that are imported."""
    try:
        if report.exists() and any(report.samefile(each) for each in sources):
            raise SetupError(f"The report {report} would be written over a file that is imported: name another.")
        report.open("ab").close()
    except OSError as error:
        raise SetupError(f"The report {report} cannot be written: {error.strerror}.") from None


async def import_into(uri: str, database: str, kind: str, sources: list[Source], wanted: Wanted) -> bool:
    """Import files into a database made ready."""
    async with open_store(uri, database) as store:
        return await import_files(store, kind, sources, wanted)


def columns_of(kind: str) -> str:
    """The columns of a kind of record, a line each; * marks those that are needed."""
    lines = ["Columns (* needed):"]
    for column in IMPORTERS[kind]().columns:
        lines.append(f"{column.name}{'*' if column.required else ''}: {column.doc}")
        if isinstance(column, Nested):
            lines += [f"  {each.name}{'*' if each.required else ''}: {each.doc}" for each in column.columns]
    return "\n".join(lines)


for each in IMPORTERS:
    add_import(each)
for each in EXPORTERS:
    add_export(each)
