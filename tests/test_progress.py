"""The bar of an import: on stderr where that is a terminal, and nowhere else."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from app.cli import progress
from app.cli.importing import ImportOptions, import_files
from app.mongo.client import Store
from app.transfer.outcome import Result, Summary
from app.transfer.rows import find_source
from tests.waiting import DEADLINE_SECONDS

ROOT = Path(__file__).parent.parent


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is written to stderr, as a terminal gets it."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=120)
    monkeypatch.setattr(progress, "Console", lambda **_: console)
    return text


def plain(text: io.StringIO) -> str:
    """The text without the codes that colour it and move the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text.getvalue())


async def test_a_terminal_sees_total_percentage_refused_and_time_left(
    store: Store, terminal: io.StringIO, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\n" + "".join(f"p{n}@x.com\n" if n % 4 else "nobody\n" for n in range(40)))
    [done] = await import_files(store, "subscribers", [find_source(path)], ImportOptions())
    assert done.summary.counts[Result.REFUSED] == 10
    last = plain(terminal).rstrip().splitlines()[-1]
    assert re.search(r"people\.csv ━+ 100% 40 of 40 10 refused 0:00:00", last), last


def test_an_import_that_resumes_begins_with_what_was_done(terminal: io.StringIO) -> None:
    before = Summary(rows=300, rows_before=300)
    before.counts[Result.REFUSED] = 2
    with progress.showing_import("a.csv", before, lambda: 1_200):
        pass
    assert "25% 300 of 1,200 2 refused" in plain(terminal)


def test_rows_are_counted_only_for_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def count() -> int:
        raise AssertionError("nobody sees it")

    with progress.showing_import("a.csv", Summary(), count) as show:
        show(Summary(rows=1))
    assert capsys.readouterr().err == ""


def run_on_terminal(environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """The exit code of the program, what it wrote to stdout, and to the terminal that is its stderr."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # it is how a terminal says that nobody writes to it any more
            while piece := os.read(ours, 65_536):
                shown += piece
        os.close(ours)
        output, _ = process.communicate(timeout=DEADLINE_SECONDS)
    return process.returncode, output.decode(), shown.decode()


async def test_the_bar_never_mixes_with_stdout(store: Store, mongod_uri: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\na@x.com\nnobody\n")
    environment = {"MONGODB_URI": mongod_uri, "CUSTOMER_GRAPH_DATABASE": store.name, "TERM": "xterm"}
    code, output, shown = await asyncio.to_thread(run_on_terminal, environment, "import", "subscribers", str(path))
    assert (code, "refused" in shown, "\x1b" in shown) == (1, True, True)
    assert ("\x1b" in output, "2 of 2" in output) == (False, False)
