"""The command line: what it prints, how it ends, and that it leaves no process behind."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, ParamSpec

import pytest
from pymongo import MongoClient
from typer.testing import CliRunner, Result

from app import __version__
from app.cli import cli
from app.cli.importing import ImportOptions, describe_database_location, opened_sources, prepare_run
from app.cli.transfer_commands import check_outputs
from app.migrations.numbered import MIGRATIONS, NEWEST
from app.mongo.client import Store
from app.mongo.migrations import COLLECTION
from app.schema import IMPORTERS, sdl
from app.settings import Settings
from app.transfer.columns import flatten_columns
from tests.waiting import DEADLINE_SECONDS, wait_until

ROOT = Path(__file__).parent.parent
P = ParamSpec("P")


def in_a_thread(test: Callable[P, None]) -> Callable[P, Awaitable[None]]:
    """Let a test wait for processes beside the event loop, so that the tests' own client stays in touch."""

    @functools.wraps(test)
    async def beside(*args: P.args, **kwargs: P.kwargs) -> None:
        await asyncio.to_thread(test, *args, **kwargs)

    return beside


def call(*arguments: str, **environment: str | None) -> Result:
    """The command line, run in this process."""
    return CliRunner().invoke(cli, list(arguments), env=environment)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program, as a process of its own."""
    command = [sys.executable, "-m", "app", *arguments]
    variables = os.environ | environment
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def at(store: Store, mongod_uri: str) -> dict[str, str]:
    """The environment in which the program finds the test's database."""
    return {"MONGODB_URI": mongod_uri, "CUSTOMER_GRAPH_DATABASE": store.name}


def test_the_schema_is_printed() -> None:
    assert call("schema").stdout == sdl()


def test_a_schema_that_differs_is_shown_as_a_difference(tmp_path: Path) -> None:
    path = tmp_path / "schema.graphql"
    path.write_text(sdl())
    assert (call("schema", "--check", str(path)).exit_code, call("schema", "--check", str(path)).stdout) == (0, "")
    path.write_text(sdl() + "type Extra { a: Int }\n")
    found = call("schema", "--check", str(path))
    assert found.exit_code == 1
    assert "-type Extra { a: Int }" in found.stdout


def test_the_version_is_printed() -> None:
    shown = call("--version")
    assert (shown.exit_code, shown.stdout) == (0, f"{__version__}\n")


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "app.__version__"}
    assert version("customer-graph") == __version__


@pytest.mark.parametrize("kind", IMPORTERS)
def test_help_lists_every_column(kind: str) -> None:
    shown = call("import", kind, "--help", COLUMNS="200", TERM="dumb").stdout
    assert all(column.name in shown for column in flatten_columns(IMPORTERS[kind]().columns))


@pytest.mark.parametrize("command", [[], ["serve"], ["demo"]])
def test_help_names_every_setting(command: list[str]) -> None:
    shown = call(*command, "--help", COLUMNS="200", TERM="dumb").stdout
    for variable, field in Settings.variables().items():
        assert f"{variable}: {field.description}" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["serve", "--prot", "1"], "--port"),
        (["import", "subscribers", "--dryrun"], "--dry-run"),
        (["dmeo"], "demo"),
        (["export", "subscriber"], "subscribers"),
    ],
)
def test_a_misspelt_option_or_command_gets_a_suggestion(arguments: list[str], meant: str) -> None:
    told = call(*arguments, COLUMNS="200", TERM="dumb")
    assert told.exit_code == 2
    assert re.search(rf"(Possible options: [^)]*|Did you mean '){meant}", told.stderr)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"CUSTOMER_GRAPH_PORT": "70000"}, "CUSTOMER_GRAPH_PORT: "),
        ({"CUSTOMER_GRAPH_PORT": "many"}, "CUSTOMER_GRAPH_PORT: "),
        ({"CUSTOMER_GRAPH_HOST": "0.0.0.0"}, "can be reached from other machines"),  # noqa: S104  # refused
        ({"CUSTOMER_GRAPH_DATABASE": "a b$"}, "CUSTOMER_GRAPH_DATABASE: 'a b$' cannot be the name of a database"),
        ({"MONGODB_URI": "http://localhost"}, "MONGODB_URI (http://localhost)"),
        ({"MONGODB_URI": "mongodb://me:secret@127.0.0.1:1/?connectTimeoutMS=200&timeoutMS=500"}, "cannot be used"),
    ],
)
@in_a_thread
def test_what_is_set_up_wrongly_is_one_sentence(variables: dict[str, str], message: str) -> None:
    found = run("serve", *(() if "CUSTOMER_GRAPH_PORT" in variables else ("--port", "0")), **variables)
    assert found.returncode == 2
    assert message in found.stderr
    assert "secret" not in found.stderr
    assert (found.stdout, found.stderr.count("\n")) == ("", 1)


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = call("serve", "--port", str(port), "--ephemeral")
    assert (found.exit_code, found.stderr) == (
        2,
        f"Error: Port {port} of 127.0.0.1 is in use. End what uses it, or choose another: --port 0 picks a free one.\n",
    )


def test_a_host_that_is_none_is_one_sentence() -> None:
    found = call("serve", "--host", "no.such.host.invalid", CUSTOMER_GRAPH_OPEN_TO_NETWORK="true")
    assert found.exit_code == 2
    assert "cannot be bound" in found.stderr


async def test_an_import_reports_every_row_and_ends_with_one_where_some_were_refused(
    store: Store, at: dict[str, str], tmp_path: Path
) -> None:
    path, report = tmp_path / "customers.csv", tmp_path / "report.ndjson"
    path.write_text("external_id,name,country\na,A,DE\nb,B,UK\na,A,DE\n")
    done = await asyncio.to_thread(run, "import", "organizations", str(path), "--report", str(report), **at)
    assert (done.returncode, done.stderr) == (1, "")
    assert (
        "line 3 (b): country: 'UK' is not an ISO 3166-1 alpha-2 country code such as \"DE\". (INVALID_COUNTRY)\n"
        in done.stdout
    )
    made = await store["organizations"].find_one({"externalId": "a"})
    assert made is not None
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    nothing: dict[str, list[Any]] = {"changes": [], "problems": [], "warnings": []}
    assert lines[0] == {
        "file": "customers.csv",
        "row": 2,
        "key": "a",
        "outcome": "CREATED",
        "id": made["_id"],
        **nothing,
    }
    assert lines[1]["key"] == "b"
    assert lines[1]["problems"] == [
        {
            "code": "INVALID_COUNTRY",
            "field": ["country"],
            "message": "'UK' is not an ISO 3166-1 alpha-2 country code such as \"DE\".",
        }
    ]
    assert lines[2] == {
        "file": "customers.csv",
        "row": 4,
        "key": "a",
        "outcome": "UNCHANGED",
        "id": made["_id"],
        **nothing,
    }


async def test_an_import_of_several_files_ends_with_zero_where_all_is_well(
    store: Store, at: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("email\na@x.com\n")
    (tmp_path / "b.txt").write_text('{"email": "b@x.com"}\n')
    done = await asyncio.to_thread(run, "import", "subscribers", str(tmp_path / "a.csv"), "--dry-run", **at)
    assert (done.returncode, await store["subscribers"].count_documents({})) == (0, 0)
    assert "would be created" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(f"The database is {store.name}, at ")
    done = await asyncio.to_thread(run, "import", "subscribers", str(tmp_path / "b.txt"), "--format", "ndjson", **at)
    assert (done.returncode, await store["subscribers"].count_documents({})) == (0, 1)


@in_a_thread
def test_an_import_into_the_demo_names_its_database(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("email\na@x.com\n")
    environment = {"CUSTOMER_GRAPH_DATA_DIRECTORY": str(tmp_path / "data")}
    command = ("import", "subscribers", str(tmp_path / "a.csv"), "--demo")
    variables = {name: value for name, value in (os.environ | environment).items() if name != "MONGODB_URI"}
    done = subprocess.run(
        [sys.executable, "-m", "app", *command],
        cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = f"The database is customer_graph_demo, in {tmp_path / 'data' / 'demo'}."
    assert done.stdout.splitlines()[-1] == told


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("mongodb://127.0.0.1:27017/?replicaSet=rs0", "at 127.0.0.1:27017"),
        ("mongodb://me:se%40cret@a.example:1,b.example:2/db?x=me@secret", "at a.example:1,b.example:2"),
        ("mongodb+srv://me:se#cret@cluster.example?w=1", "at cluster.example"),
    ],
)
def test_an_address_is_shown_without_credentials(uri: str, shown: str) -> None:
    assert describe_database_location(uri, Path("data")) == shown


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "There is no file"),
        ("a.txt", "x", "say --format"),
        ("a.csv", "", "The file is empty"),
        ("a.csv", "email,colour\n", "unknown columns: 'colour'"),
        ("a.csv", "first_name\n", "lacks required columns: email"),
    ],
)
def test_a_file_that_cannot_be_imported_ends_with_two(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    found = call("import", "subscribers", str(path))
    assert found.exit_code == 2
    assert message in found.stderr
    assert "Traceback" not in found.output


async def test_a_summary_for_programs_is_one_json_object_and_all_of_stdout(
    store: Store, at: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("external_id,name,country\na,A,DE\nb,B,UK\n")
    (tmp_path / "b.csv").write_text('external_id,name\nc,C\na,A\n"\n')
    files = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    done = await asyncio.to_thread(run, "import", "organizations", *files, "--json", "--dry-run", **at)
    assert (done.returncode, done.stderr) == (1, "")
    summary = json.loads(done.stdout)
    a, b = summary.pop("files")
    assert summary == {
        "kind": "organizations", "update": False, "dryRun": True, "database": store.name,
        "created": 3, "changed": 0, "unchanged": 0, "refused": 2, "records": 5, "rows": 5, "warnings": 0,
    }  # fmt: skip
    assert (a["file"], a["created"], a["refused"], a["rowsBefore"], a["resumedAfterRow"]) == ("a.csv", 1, 1, 0, None)
    assert a["seconds"] > 0
    [refused] = a["firstRefused"]
    assert (refused["row"], refused["key"]) == (3, "b")
    assert [(each["code"], each["field"]) for each in refused["problems"]] == [("INVALID_COUNTRY", ["country"])]
    assert (b["file"], b["created"], b["refused"]) == ("b.csv", 2, 1)
    assert (b["firstRefused"][0]["row"], b["firstRefused"][0]["key"]) == (4, None)


async def test_standard_input_is_imported_like_a_file_and_resumes_like_one(
    store: Store, at: dict[str, str], tmp_path: Path
) -> None:
    rows = "".join(f"p{n}@x.com\n" for n in range(2_000))
    path, command = tmp_path / "people.csv", ("import", "subscribers", "-", "--format", "csv")
    path.write_text(f"email\n{rows}nobody\n")
    with opened_sources("subscribers", [path], None) as [source]:
        outcomes = (await prepare_run(store, "subscribers", source, ImportOptions())).outcomes()
        await anext(outcomes)
        await outcomes.aclose()  # type: ignore[attr-defined]  # it is a generator
    left = tmp_path / "left"
    left.mkdir()
    environment = os.environ | at | {"TMPDIR": str(left)}
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "app", *command],
        cwd=ROOT, env=environment, input=path.read_bytes(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    output = done.stdout.decode()
    assert (done.returncode, done.stderr) == (1, b"")
    assert output.startswith("standard input\nIt resumed after line 1,001: 1,000 rows were done by an earlier run")
    assert "line 2002 (nobody): email: " in output
    assert await store["subscribers"].count_documents({}) == 2_000
    assert list(left.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-"], "standard input has no suffix: say --format csv or --format ndjson."),
        (["-", "-", "--format", "csv"], "Standard input can be imported once"),
        (["-", "--format", "csv"], "lacks required columns: email"),
        (["/dev/null", "--format", "csv"], "send what it holds to standard input, and give - for it"),
    ],
)
def test_standard_input_that_cannot_be_imported_ends_with_two(arguments: list[str], message: str) -> None:
    found = CliRunner().invoke(cli, ["import", "subscribers", *arguments], input="first_name\n")
    assert found.exit_code == 2
    assert message in found.stderr


@in_a_thread
def test_a_template_is_a_file_to_import_and_who_waits_is_moved_on_request(tmp_path: Path, at: dict[str, str]) -> None:
    path = tmp_path / "acme.csv"
    path.write_bytes(run("import", "organizations", "--template", **at).stdout.encode())
    (tmp_path / "people.csv").write_text("email\nann@acme.example\n")
    assert run("import", "subscribers", str(tmp_path / "people.csv"), **at).returncode == 0
    done = run("import", "organizations", str(path), "--move-waiting-subscribers", "--json", **at)
    assert done.returncode == 0, done.stderr
    with MongoClient[dict[str, Any]](at["MONGODB_URI"]) as client:
        store = client[at["CUSTOMER_GRAPH_DATABASE"]]
        acme, ann = store["organizations"].find_one({"externalId": "acme"}), store["subscribers"].find_one()
    assert acme is not None
    assert ann is not None
    assert ann["organizationId"] == acme["_id"]


@in_a_thread
def test_a_file_that_updates_has_the_columns_that_change(tmp_path: Path, at: dict[str, str]) -> None:
    path = tmp_path / "change.csv"
    path.write_text("external_id,name\nacme,Acme\n")
    assert run("import", "organizations", str(path), **at).returncode == 0
    path.write_text("external_id,description\nacme,Makes everything\n")
    changed = run("import", "organizations", str(path), "--update", "--json", **at)
    assert changed.returncode == 0, changed.stderr
    assert json.loads(changed.stdout)["changed"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["subscribers"], "Name the file to import; - is standard input, and --template prints one to begin with."),
        (["subscribers", "x.csv", "--template"], "--template prints a file and imports none: leave FILE out."),
        (
            ["subscribers", "x.csv", "--move-waiting-subscribers"],
            "--move-waiting-subscribers is for organizations, which claim the domains: leave it out.",
        ),
    ],
)
def test_options_that_do_not_fit_are_one_sentence(arguments: list[str], message: str) -> None:
    told = call("import", *arguments)
    assert (told.exit_code, told.stderr) == (2, f"Error: {message}\n")


@pytest.mark.parametrize(
    "arguments", [["import", "planets", "x.csv"], ["import", "subscribers"], ["serve", "--port", "x"]]
)
def test_a_wrong_call_ends_with_two(arguments: list[str]) -> None:
    assert call(*arguments).exit_code == 2


def test_a_report_that_cannot_be_written_is_known_before_anything_is_done(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("email\na@x.com\n")
    found = call("import", "subscribers", str(path), "--report", str(tmp_path / "none" / "report.ndjson"))
    assert found.exit_code == 2
    assert "report.ndjson cannot be written: No such file or directory." in found.stderr


@pytest.mark.parametrize("way", ["same", "link", "hard"])
def test_a_report_is_never_written_over_a_file_that_is_imported(tmp_path: Path, way: str) -> None:
    path, report = tmp_path / "a.csv", tmp_path / "report"
    path.write_text("email\na@x.com\n")
    if way == "link":
        report.symlink_to(path)
    elif way == "hard":
        report.hardlink_to(path)
    else:
        (tmp_path / "sub").mkdir()
        report = tmp_path / "sub" / ".." / "a.csv"
    found = call("import", "subscribers", str(path), "--report", str(report))
    assert found.exit_code == 2
    assert "would be written over a file that is imported" in found.stderr
    assert path.read_text() == "email\na@x.com\n"


def test_refused_rows_are_never_written_over_a_file_that_is_imported(tmp_path: Path) -> None:
    path, other = tmp_path / "refused.csv", tmp_path / "b.csv"
    path.write_text("email\na@x.com\n")
    other.write_text("email\nb@x.com\n")
    for arguments, message in (
        ([str(path), "--refused", str(path)], "would be written over a file that is imported"),
        ([str(path), str(other), "--refused", str(tmp_path / "r")], "--refused takes the rows of one file"),
        ([str(path), "--refused", str(tmp_path / "none" / "r")], "cannot be written: No such file or directory."),
        ([str(path), "--refused", "/dev/null"], "is no regular file"),
        ([str(path), "--report", str(tmp_path / "r"), "--refused", str(tmp_path / "r")], "need a file each"),
    ):
        found = call("import", "subscribers", *arguments)
        assert (found.exit_code, message in found.stderr) == (2, True), found.stderr
    assert path.read_text() == "email\na@x.com\n"


def test_a_report_that_was_there_is_kept_until_the_import_begins(tmp_path: Path) -> None:
    report = tmp_path / "report.ndjson"
    report.write_text("before")
    check_outputs(report, None, [])
    assert report.read_text() == "before"


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The program as it serves, and the lines it printed up to the one that names its address."""
    variables = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"} | environment
    command = [sys.executable, "-m", "app", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert process.stderr is not None
            assert "http://" in line, process.stderr.read()
            yield process, [line]
        finally:
            process.kill()


def ask(url: str, query: str) -> Any:
    """What the server answers."""
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  # our own server
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # our own server
        return json.load(answer)


def url_in(line: str) -> str:
    """The address in the line that says it is ready."""
    found = re.search(r"http://\S+/graphql", line)
    assert found is not None
    return found[0]


def children(pid: int) -> list[int]:
    """The processes below one, at any depth."""
    below = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*below, *(each for child in below for each in children(child))]


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@in_a_thread
def test_it_serves_until_it_is_told_to_end_and_leaves_nothing_behind(number: signal.Signals) -> None:
    with running("serve", "--ephemeral", "--port", "0") as (process, lines):
        url = url_in(lines[0])
        assert ask(url, "{ organizations { totalCount } }") == {"data": {"organizations": {"totalCount": 1}}}
        below = children(process.pid)
        assert below
        process.send_signal(number)
        assert process.wait(DEADLINE_SECONDS) == 0
        wait_until(lambda: not any(map(alive, below)))
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    with pytest.raises(urllib.error.URLError):
        ask(url, "{ __typename }")


@in_a_thread
def test_it_ends_cleanly_when_it_is_told_to_while_it_starts() -> None:
    variables = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"}
    command = [sys.executable, "-m", "app", "serve", "--ephemeral", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_until(lambda: bool(children(process.pid)))
        below = children(process.pid)
        process.terminate()
        assert process.wait(DEADLINE_SECONDS) == 0
        wait_until(lambda: not any(map(alive, below)))


@pytest.mark.slow
@in_a_thread
def test_the_demo_answers_what_it_says_to_try_and_keeps_its_data(tmp_path: Path) -> None:
    for _ in range(2):
        with running("demo", "--port", "0", "--data-directory", str(tmp_path / "data")) as (process, lines):
            assert process.stdout is not None
            tip = process.stdout.readline()
            query = tip.partition("Try: ")[2]
            found = ask(url_in(lines[0]), query)
            assert found == {
                "data": {"subscriber": {"organization": {"name": "Finoptic Labs", "payer": {"name": "Finoptic Group"}}}}
            }
            process.terminate()
            assert process.wait(DEADLINE_SECONDS) == 0


@in_a_thread
def test_the_demo_is_made_as_new(tmp_path: Path) -> None:
    """By the program beside a demo that is served, too."""
    change = 'mutation { updateOrganization(input: {by: {externalId: "finoptic-labs"}, name: "Mine"}) '
    question = '{ organization(by: {externalId: "finoptic-labs"}) { name } }'
    directory = ("--data-directory", str(tmp_path / "data"))
    with running("demo", "--port", "0", *directory) as (_, lines):
        url = url_in(lines[0])
        changed = ask(url, f"{change} {{ organization {{ name }} }} }}")
        assert changed == {"data": {"updateOrganization": {"organization": {"name": "Mine"}}}}
        variables = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"}
        done = subprocess.run(
            [sys.executable, "-m", "app", "demo-reset", *directory],
            cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        told = f"The demo's data are as new. The database is customer_graph_demo, in {tmp_path / 'data'}.\n"
        assert done.stdout == told
        assert ask(url, question) == {"data": {"organization": {"name": "Finoptic Labs"}}}


@in_a_thread
def test_migrations_are_listed_and_a_database_that_is_too_new_is_refused(at: dict[str, str]) -> None:
    listed = run("migrations", **at)
    assert listed.returncode == 0, listed.stderr
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [str(each.number) for each in MIGRATIONS]
    assert "not applied yet" not in listed.stdout
    new = at | {"CUSTOMER_GRAPH_DATABASE": "not_yet_there"}
    assert run("migrations", **new).stdout.count("not applied yet") == len(MIGRATIONS)
    row = {"_id": NEWEST + 1, "title": "names are split", "needs": NEWEST + 1, "appliedAt": datetime.now(UTC)}
    with MongoClient[dict[str, Any]](at["MONGODB_URI"]) as client:
        client[at["CUSTOMER_GRAPH_DATABASE"]][COLLECTION].insert_one(row)
        served = run("serve", "--port", "0", **at)
        client[at["CUSTOMER_GRAPH_DATABASE"]][COLLECTION].delete_one({"_id": NEWEST + 1})
    assert served.returncode == 2
    assert served.stderr.splitlines()[-1] == (
        f"Error: A newer program has changed the database (migration {NEWEST + 1}: names are split), and this one "
        "cannot work with it. Start the newer version."
    )


@in_a_thread
def test_an_option_wins_over_the_environment() -> None:
    with running("serve", "--ephemeral", "--port", "0", CUSTOMER_GRAPH_PORT="1") as (process, lines):
        assert url_in(lines[0]) != "http://127.0.0.1:1/graphql"
        process.terminate()
        assert process.wait(DEADLINE_SECONDS) == 0


def test_settings_have_the_names_that_errors_use() -> None:
    assert Settings.model_config["env_prefix"] == "CUSTOMER_GRAPH_"


@in_a_thread
def test_explain_prints_the_reads_of_a_query_as_a_tree(tmp_path: Path, at: dict[str, str]) -> None:
    query = tmp_path / "question.graphql"
    query.write_text("query ($n: Int) { organizations(first: $n) { nodes { name subscribers { nodes { email } } } } }")
    told = run("explain", str(query), "--variables", '{"n": 5}', **at)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == "answered by a plan"
    assert "organizations: find organizations" in lines[1]
    assert "index: organizations by name" in lines[2]
    assert "organizations.subscribers: find subscribers" in lines[3]


@pytest.mark.parametrize(("text", "variables"), [("{ nobody }", "{}"), ("{", "{}"), ("{ __typename }", "[]")])
@in_a_thread
def test_explain_says_what_is_wrong_with_a_query(tmp_path: Path, at: dict[str, str], text: str, variables: str) -> None:
    query = tmp_path / "question.graphql"
    query.write_text(text)
    told = run("explain", str(query), "--variables", variables, **at)
    assert told.returncode == 2
    assert told.stderr.startswith("Error: ")
