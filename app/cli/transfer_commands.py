"""The commands `import` and `export`, with a subcommand for each kind of record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from app import logging
from app.cli.exporting import choose_format, describe_export, export_to
from app.cli.importing import ImportOptions, describe_database_location, import_files, open_private_file, opened_sources
from app.cli.report import FileSummary, format_summaries
from app.cli.settings import DataDirectory, demo_settings, read_settings
from app.errors import SetupError
from app.main import cipher_of, open_store
from app.mongo.server import mongodb
from app.organizations.importing import OrganizationImporter
from app.schema import EXPORTERS, IMPORTERS
from app.transfer.columns import NestedColumn
from app.transfer.exporting import ExportCounts
from app.transfer.outcome import Result
from app.transfer.rows import Format, Source
from app.transfer.templates import make_template

imports = typer.Typer(
    help="Create records from a file, CSV or NDJSON, of any size. It can be stopped and run again.",
    no_args_is_help=True,
)
exports = typer.Typer(help="Write records in the format that import reads.", no_args_is_help=True)


Files = Annotated[
    list[Path] | None, typer.Argument(metavar="FILE...", help="Imported one after another; - is standard input.")
]
Template = Annotated[
    bool, typer.Option("--template", help="Print a file to begin with: every column and an example. Takes no FILE.")
]
FormatName = Annotated[str | None, typer.Option("--format", help="csv or ndjson; by default, the suffix of the file.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything and write nothing; report what would happen.")
]
Update = Annotated[
    bool, typer.Option("--update", help="Change records that exist already where rows differ; absent columns stay.")
]
MoveWaiting = Annotated[
    bool,
    typer.Option(
        "--move-waiting-subscribers",
        help="Organizations: move who waits in UNCLASSIFIED under a domain that one alone claims to it.",
    ),
]
Report = Annotated[Path | None, typer.Option(dir_okay=False, help="Write a line of NDJSON for each row to this file.")]
Refused = Annotated[
    Path | None, typer.Option(dir_okay=False, help="Write refused rows to this file, with the reasons, to mend them.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]
FromStart = Annotated[
    bool, typer.Option("--from-start", help="Begin at the first row, although an earlier run stopped half way.")
]
ImportDemo = Annotated[bool, typer.Option("--demo", help="Import into the demo's database.")]


def add_import(kind: str) -> None:
    """Add the command that imports one kind of record; its help lists the columns."""

    def command(
        files: Files = None,
        template: Template = False,
        format_name: FormatName = None,
        dry_run: DryRun = False,
        update: Update = False,
        move_waiting_subscribers: MoveWaiting = False,
        report: Report = None,
        refused: Refused = None,
        as_json: AsJson = False,
        from_start: FromStart = False,
        demo: ImportDemo = False,
        data_directory: DataDirectory = None,
    ) -> None:
        if template:
            typer.echo(make_template(IMPORTERS[kind]().columns, choose_template_format(format_name, files)), nl=False)
            return
        if not files:
            raise SetupError("Name the file to import; - is standard input, and --template prints one to begin with.")
        settings = read_settings(data_directory=data_directory)
        if demo:
            settings = demo_settings(settings, data_directory)
        if update and not IMPORTERS[kind]().can_update:
            raise SetupError(f"{kind.capitalize()} cannot be updated: leave --update out.")
        if move_waiting_subscribers and kind != OrganizationImporter.kind:
            raise SetupError("--move-waiting-subscribers is for organizations, which claim the domains: leave it out.")
        logging.configure()
        if refused and len(files) > 1:
            raise SetupError("--refused takes the rows of one file: import the files one by one, with a file for each.")
        options = ImportOptions(
            dry_run, update, from_start, report, refused, as_json, move_waiting_subscribers, cipher_of(settings)
        )
        with opened_sources(kind, files, format_name, updates=update) as sources:
            check_outputs(report, refused, [each.path for each in sources])
            with mongodb(settings) as uri:
                summaries = asyncio.run(import_into(uri, settings.database, kind, sources, options))
        where = describe_database_location(
            settings.mongodb_uri, None if settings.ephemeral else settings.data_directory
        )
        if as_json:
            facts = {"kind": kind, "update": update, "dryRun": dry_run, "database": settings.database}
            typer.echo(format_summaries(facts, summaries))
        else:
            typer.echo(f"The database is {settings.database}, {where}.")
        raise typer.Exit(1 if any(each.summary.counts[Result.REFUSED] for each in summaries) else 0)

    imports.command(kind, help=f"Create {kind} from files, or update them.\n\n\b\n{describe_columns(kind)}")(command)


def add_export(kind: str) -> None:
    """Add the command that exports one kind of record."""

    def command(
        format_name: Annotated[
            str | None, typer.Option("--format", help="csv or ndjson; by default, the suffix of --output, else ndjson.")
        ] = None,
        output: Annotated[Path | None, typer.Option(dir_okay=False, help="Write to this file; else stdout.")] = None,
        demo: Annotated[bool, typer.Option("--demo", help="Export from the demo's database.")] = False,
        data_directory: DataDirectory = None,
    ) -> None:
        settings = read_settings(data_directory=data_directory)
        if demo:
            settings = demo_settings(settings, data_directory)
        row_format = choose_format(format_name, output)
        logging.configure()
        with mongodb(settings) as uri:
            counts = asyncio.run(export_from(uri, settings.database, kind, row_format, output))
        for line in describe_export(kind, counts):
            typer.echo(line, err=True)
        raise typer.Exit(1 if counts.left_out or counts.unrepresentable else 0)

    exports.command(kind, help=f"Write all {kind}, in the format that `import {kind}` reads; never a secret.")(command)


async def export_from(uri: str, database: str, kind: str, row_format: Format, output: Path | None) -> ExportCounts:
    """Open the database and export one kind of record; returns the counts."""
    async with open_store(uri, database) as store:
        return await export_to(store, kind, row_format, output)


def choose_template_format(name: str | None, files: list[Path] | None) -> Format:
    """The format of a template: CSV, which spreadsheets read, unless another is named. Raises SetupError."""
    if files:
        raise SetupError("--template prints a file and imports none: leave FILE out.")
    return choose_format(name or Format.CSV, None)


def check_outputs(report: Path | None, refused: Path | None, sources: list[Path]) -> None:
    """Raise SetupError if the report or the file of refused rows cannot be written, or would overwrite another file."""
    if report:
        check_output(f"The report {report}", report, sources, lambda: report.open("ab"))
    if refused:
        name = f"The file of refused rows {refused}"
        if refused.exists() and not refused.is_file():
            raise SetupError(f"{name} is no regular file: name another.")
        check_output(name, refused, sources, lambda: open_private_file(refused))
    if report and refused and report.samefile(refused):
        raise SetupError("The report and the refused rows need a file each: name another for one of them.")


def check_output(name: str, path: Path, sources: list[Path], opened: Callable[[], BinaryIO]) -> None:
    """Raise SetupError if a file cannot be opened, or would overwrite a file that is imported."""
    try:
        if path.exists() and any(path.samefile(each) for each in sources):
            raise SetupError(f"{name} would be written over a file that is imported: name another.")
        opened().close()
    except OSError as error:
        raise SetupError(f"{name} cannot be written: {error.strerror}.") from None


async def import_into(
    uri: str, database: str, kind: str, sources: list[Source], options: ImportOptions
) -> list[FileSummary]:
    """Open the database and import the files; returns the summary of each."""
    async with open_store(uri, database) as store:
        return await import_files(store, kind, sources, options)


def describe_columns(kind: str) -> str:
    """The columns of one kind of record, one on each line; * marks required ones."""
    lines = ["Columns (* required):"]
    for column in IMPORTERS[kind]().columns:
        lines.append(f"{column.name}{'*' if column.required else ''}: {column.doc}")
        if isinstance(column, NestedColumn):
            lines += [f"  {each.name}{'*' if each.required else ''}: {each.doc}" for each in column.columns]
    return "\n".join(lines)


for each in IMPORTERS:
    add_import(each)
for each in EXPORTERS:
    add_export(each)
