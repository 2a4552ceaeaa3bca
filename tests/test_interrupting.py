"""The first Ctrl-C ends an import and an export with one sentence, and what was stored stands."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from app.__main__ import main as start_program
from app.mongo.client import Store
from tests.waiting import DEADLINE_SECONDS, wait_until_true

ROOT = Path(__file__).parent.parent
ROWS = 15_000


@contextmanager
def started(*arguments: str, at: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The program, as a process of its own that is gone at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT, env=os.environ | at, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=listen_to_interrupts,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def listen_to_interrupts() -> None:
    """As in a terminal: what a shell starts in the background ignores them, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def communicate(process: subprocess.Popen[bytes]) -> tuple[bytes, str]:
    """What it prints until its end, to each of its streams."""
    output, errors = await asyncio.to_thread(process.communicate, None, DEADLINE_SECONDS)
    return output, errors.decode()


@pytest.fixture
def at(store: Store, mongod_uri: str) -> dict[str, str]:
    """The environment in which the program finds the test's database."""
    return {"MONGODB_URI": mongod_uri, "CUSTOMER_GRAPH_DATABASE": store.name}


@pytest.fixture
def subscribers(tmp_path: Path) -> Path:
    """A file of subscribers, of many chunks."""
    path = tmp_path / "subscribers.csv"
    path.write_text("email\n" + "".join(f"person{number}@example.com\n" for number in range(ROWS)))
    return path


@pytest.fixture
def half_wrong(tmp_path: Path) -> Path:
    """The same, of whom every other one has no address."""
    path = tmp_path / "half_wrong.csv"
    names = ("" if number % 2 else "@example.com" for number in range(ROWS))
    path.write_text("email\n" + "".join(f"person{number}{name}\n" for number, name in enumerate(names)))
    return path


async def test_the_first_interrupt_ends_an_import_which_goes_on_where_it_stopped(
    store: Store, at: dict[str, str], subscribers: Path
) -> None:
    async def has_begun() -> bool:
        return await store["subscribers"].find_one({}) is not None

    with started("import", "subscribers", str(subscribers), at=at) as process:
        await wait_until_true(has_begun)
        process.send_signal(signal.SIGINT)
        output, errors = await communicate(process)
    assert (process.returncode, output) == (3, b"")
    assert errors == "Error: Interrupted. Run the same command again: it resumes there.\n"
    stored = await store["subscribers"].count_documents({})
    assert 0 < stored < ROWS
    with started("import", "subscribers", str(subscribers), at=at) as process:
        output, errors = await communicate(process)
    assert (process.returncode, errors) == (0, "")
    assert f"It resumed after line {stored + 1:,}: {stored:,} rows were done by an earlier run" in output.decode()
    assert await store["subscribers"].count_documents({}) == ROWS


async def test_an_interrupt_loses_no_refused_row(
    store: Store, at: dict[str, str], half_wrong: Path, tmp_path: Path
) -> None:
    refused = tmp_path / "refused.csv"
    command = ("import", "subscribers", str(half_wrong), "--refused", str(refused))

    async def has_begun() -> bool:
        return await store["subscribers"].find_one({}) is not None

    with started(*command, at=at) as process:
        await wait_until_true(has_begun)
        process.send_signal(signal.SIGINT)
        await communicate(process)
    assert process.returncode == 3
    count = await store["subscribers"].count_documents({})
    assert 0 < count < ROWS // 2
    written = refused.read_text().splitlines()[1:]
    assert len(written) >= count, "each chunk has as many of both"
    with started(*command, at=at) as process:
        _, errors = await communicate(process)
    assert (process.returncode, errors) == (1, "")
    lines = [line.rsplit(",", 1)[1] for line in refused.read_text().splitlines()]
    assert lines == ['"email"', *(f'"person{number}"' for number in range(1, ROWS, 2))]


def test_an_interrupt_while_the_program_is_loaded_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    loading = ModuleType("app.cli")
    loading.__getattr__ = lambda _: interrupt()  # type: ignore[method-assign]  # called for each name that is imported
    monkeypatch.setitem(sys.modules, "app.cli", loading)
    with pytest.raises(SystemExit) as ended:
        start_program()
    assert (ended.value.code, capsys.readouterr().err) == (3, "Error: Interrupted.\n")


async def test_the_first_interrupt_ends_an_export(
    store: Store, at: dict[str, str], subscribers: Path, tmp_path: Path
) -> None:
    """It cannot be done before the signal: what it writes fills the pipe, from which one byte was read."""
    with started("import", "subscribers", str(subscribers), at=at) as process:
        await communicate(process)
    with started("export", "subscribers", at=at) as process:
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.read, 1)
        process.send_signal(signal.SIGINT)
        output, errors = await communicate(process)
    assert process.returncode == 3
    assert errors == "Error: Interrupted. Run the same command again: it starts from the beginning.\n"
    assert output.count(b"\n") < ROWS
