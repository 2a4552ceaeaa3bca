"""The program, its exit codes, and all commands but import and export."""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pymongo.errors import PyMongoError
from rich.console import Console
from typer.core import TyperGroup

from app import __version__, logging
from app.cli.explaining import build_tree, explain
from app.cli.importing import describe_database_location
from app.cli.settings import DataDirectory, demo_settings, describe_settings, read_settings
from app.cli.transfer_commands import exports, imports
from app.demo.load import load_demo
from app.errors import SetupError
from app.http.serving import leaving_on_signals, listening, serve, url_of
from app.main import application, open_store
from app.migrations.numbered import MIGRATIONS, NEWEST
from app.mongo.client import connect, database
from app.mongo.migrations import MigrationState, read_state
from app.mongo.server import mongodb
from app.schema import sdl
from app.settings import Settings
from app.transfer.csv_header import UnreadableFile
from app.transfer.runner import ImportStopped

SETTINGS = describe_settings()
EXIT_WRONG_CALL, EXIT_STOPPED = 2, 3
RUN_AGAIN = {
    "import": "Run the same command again: it resumes there.",
    "export": "Run the same command again: it starts from the beginning.",
}
"""What to do about a command that was stopped, where that is not plain."""


class Commands(TyperGroup):
    """The commands. Expected errors end them with one sentence on stderr and an exit code, without a traceback."""

    def invoke(self, ctx: Any) -> object:
        try:
            return super().invoke(ctx)
        except (SetupError, UnreadableFile) as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(EXIT_WRONG_CALL) from None
        except (ImportStopped, PyMongoError, OSError, KeyboardInterrupt) as error:
            again = RUN_AGAIN.get(ctx.invoked_subcommand or "", "Run the same command again.")
            typer.echo(f"Error: {describe_failure(error)} {again}", err=True)
            raise typer.Exit(EXIT_STOPPED) from None


def describe_failure(error: BaseException) -> str:
    """One sentence about the error that stopped a command."""
    if isinstance(error, ImportStopped):
        return str(error)
    if isinstance(error, OSError):
        return f"A file could not be used: {error.strerror}."
    return "Interrupted." if isinstance(error, KeyboardInterrupt) else f"The database failed: {type(error).__name__}."


cli = typer.Typer(
    cls=Commands,
    help="The customer layer of usage-based billing, as one GraphQL endpoint over MongoDB.",
    epilog=SETTINGS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.add_typer(imports, name="import")
cli.add_typer(exports, name="export")
Host = Annotated[str | None, typer.Option(help="The address to bind; 127.0.0.1 if not set otherwise.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="The port to bind; 0 picks a free one.")]
Ephemeral = Annotated[
    bool | None, typer.Option("--ephemeral", help="Our own MongoDB: keep nothing after the process ends.")
]


def main() -> None:
    """The entry point."""
    cli(prog_name="customer-graph")


def print_version(asked: bool) -> None:
    """Print the version and exit, if the option was given."""
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@cli.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The options of the program itself."""


@cli.command("serve", epilog=SETTINGS)
def serve_command(
    host: Host = None, port: Port = None, data_directory: DataDirectory = None, ephemeral: Ephemeral = None
) -> None:
    """Serve the graph. Settings come from the environment or .env; options win over them."""
    settings = read_settings(host=host, port=port, data_directory=data_directory, ephemeral=ephemeral)
    serve_application(settings, lambda url: (f"Customer Graph is ready at {url}/graphql",))


@cli.command("demo", epilog=SETTINGS)
def demo_command(
    host: Host = None, port: Port = None, data_directory: DataDirectory = None, ephemeral: Ephemeral = None
) -> None:
    """Serve the graph with data to try it on, in a database of its own."""
    settings = read_settings(host=host, port=port, data_directory=data_directory, ephemeral=ephemeral)
    serve_application(demo_settings(settings, data_directory), describe_demo, demo=True)


def describe_demo(url: str) -> tuple[str, ...]:
    """The lines to print when the demo is served at `url`."""
    return (
        f"Customer Graph is ready at {url}/graphql, with the demo's data: open it in a browser.",
        'Try: { subscriber(by: {email: "carol@finoptic.com"}) { organization { name payer { name } } } }',
        "300 research organizations, 59 customers with 412 invoices, and Finoptic Group. Ctrl-C ends it.",
    )


def serve_application(settings: Settings, ready: Callable[[str], tuple[str, ...]], *, demo: bool = False) -> None:
    """Bind the address, start the database, load the demo's data if `demo`, and serve until a signal."""
    logging.configure()
    with leaving_on_signals(), listening(settings.host, settings.port) as listener, mongodb(settings) as uri:
        asyncio.run((load_demo_data if demo else make_database_ready)(uri, settings.database))
        lines = ready(url_of(listener))
        app, announce = application(settings, uri), lambda: print(*lines, sep="\n", flush=True)
        serve(app, listener, announce, settings.shutdown_seconds)


@cli.command("demo-reset")
def demo_reset_command(data_directory: DataDirectory = None) -> None:
    """Load the demo's data anew, in place of all that its database holds."""
    settings = demo_settings(read_settings(data_directory=data_directory), data_directory)
    logging.configure()
    with mongodb(settings) as uri:
        asyncio.run(reset_demo_data(uri, settings.database))
    where = describe_database_location(settings.mongodb_uri, settings.data_directory)
    typer.echo(f"The demo's data are as new. The database is {settings.database}, {where}.")


async def reset_demo_data(uri: str, database: str) -> None:
    """Drop the demo's database, and load its data again."""
    async with connect(uri) as client:
        await client.drop_database(database)
    await load_demo_data(uri, database)


async def make_database_ready(uri: str, database: str) -> None:
    """Bring a database to what the program needs, before it is served: SetupError says why it cannot be."""
    async with open_store(uri, database):
        pass


async def load_demo_data(uri: str, database: str) -> None:
    """Load the demo's data into a database, unless it is there."""
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


@cli.command("migrations", epilog=SETTINGS)
def migrations_command(
    demo: Annotated[bool, typer.Option("--demo", help="Ask the demo's database.")] = False,
    data_directory: DataDirectory = None,
) -> None:
    """List the changes to what is stored: those that were applied, and those that the next start will apply."""
    settings = read_settings(data_directory=data_directory)
    if demo:
        settings = demo_settings(settings, data_directory)
    logging.configure()
    with mongodb(settings) as uri:
        state = asyncio.run(read_migrations(uri, settings.database))
    for number, title, applied in state.history(MIGRATIONS):
        typer.echo(
            f"{number:>4}  {applied.strftime('%Y-%m-%d %H:%M UTC') if applied else 'not applied yet':<20}  {title}"
        )
    if reason := state.refusal(NEWEST):
        raise SetupError(reason)


async def read_migrations(uri: str, name: str) -> MigrationState:
    """Which migrations were applied to a database; nothing of it is changed."""
    async with connect(uri) as client:
        return await read_state(database(client, name))


@cli.command("explain")
def explain_command(
    query: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file with one GraphQL query.")],
    variables: Annotated[str, typer.Option(help="Its variables, as a JSON object.")] = "{}",
    demo: Annotated[bool, typer.Option("--demo", help="Ask the demo's database.")] = False,
    data_directory: DataDirectory = None,
) -> None:
    """Run a query and show how it is answered: its reads, their indexes, and what they examine."""
    settings = read_settings(data_directory=data_directory)
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
        explained = asyncio.run(explain(query.read_text(encoding="utf-8"), given, settings, uri))
    Console(width=None if sys.stdout.isatty() else 200).print(build_tree(explained.report), markup=False)
    raise typer.Exit(1 if explained.has_errors else 0)
