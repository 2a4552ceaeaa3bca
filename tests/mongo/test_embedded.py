"""The embedded mongod, started for real: how it is reached, whom it lets in, and what it says when it cannot start."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern

from app.errors import SetupError
from app.mongo import embedded, mongod
from app.mongo.embedded import EmbeddedMongo
from tests.waiting import wait_until

PROJECT = Path(__file__).parents[2]


def connect(server: EmbeddedMongo) -> MongoClient[dict[str, Any]]:
    return MongoClient(server.uri, timeoutMS=5000)


def pid_of(server: EmbeddedMongo) -> int:
    with connect(server) as client:
        return int(client.admin.command("serverStatus")["pid"])


def refusal(directory: Path | None) -> str:
    with pytest.raises(SetupError) as raised:
        EmbeddedMongo.start(directory)
    return str(raised.value)


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "data"


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[EmbeddedMongo]:
    """One for all tests that leave it running."""
    with EmbeddedMongo.start(data) as server:
        yield server


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary directory of the test's own, with a name as short as they usually are."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:  # mode 0700
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


# Working with it


def test_a_transaction_that_is_aborted_leaves_nothing(server: EmbeddedMongo) -> None:
    with connect(server) as client, client.start_session() as session:
        with session.start_transaction():
            client.transactions.orders.insert_one({"_id": "kept"}, session=session)
        session.start_transaction()
        client.transactions.orders.insert_one({"_id": "aborted"}, session=session)
        session.abort_transaction()
        assert [order["_id"] for order in client.transactions.orders.find()] == ["kept"]


def test_a_change_stream_tells_of_a_write(server: EmbeddedMongo) -> None:
    with connect(server) as client, client.changes.orders.watch(max_await_time_ms=1000) as changes:
        client.changes.orders.insert_one({"_id": 1})
        assert changes.next()["fullDocument"] == {"_id": 1}


def test_it_takes_writes_as_soon_as_it_has_started(server: EmbeddedMongo) -> None:
    assert server.owned
    assert server.running
    with connect(server) as client:
        durable = client.shop.get_collection("orders", write_concern=WriteConcern("majority", j=True))
        assert durable.insert_one({"_id": 1}).acknowledged


def test_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    with EmbeddedMongo.start(tmp_path) as server, connect(server) as client:
        client.shop.orders.insert_one({"_id": 1})
        uri = server.uri
    with EmbeddedMongo.start(tmp_path) as server, connect(server) as client:
        assert client.shop.orders.find_one() == {"_id": 1}
        assert server.uri == uri


def test_a_second_stop_does_nothing(tmp_path: Path) -> None:
    server = EmbeddedMongo.start(tmp_path)
    server.stop()
    assert not server.running
    server.stop()


# Who can reach it


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_listens_on_tcp(server: EmbeddedMongo) -> None:
    descriptors = Path(f"/proc/{pid_of(server)}/fd").iterdir()
    own = {os.readlink(each) for each in descriptors if each.is_symlink()}
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    listening = {f"socket:[{row.split()[9]}]" for table in tables for row in table if row.split()[3] == "0A"}
    assert any(each.startswith("socket:") for each in own)
    assert not own & listening


def test_only_its_user_can_enter(server: EmbeddedMongo, data: Path) -> None:
    paths = (data, data / "mongod", data / "mongod" / "data")
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o700] * 3
    assert stat.S_IMODE(mongod.socket_path(server.uri).stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_ctrl_c_in_the_terminal_does_not_reach_it(server: EmbeddedMongo) -> None:
    """It stands in a session of its own: the program ends it when it has answered what is open."""
    assert os.getsid(pid_of(server)) != os.getsid(0)


def test_an_empty_database_takes_little_room(server: EmbeddedMongo, data: Path) -> None:
    assert sum(path.stat().st_blocks * 512 for path in data.rglob("*")) < 20_000_000


def test_its_log_is_cut_and_one_older_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MAX_LOG_BYTES", 1)
    monkeypatch.setattr(embedded, "LOG_CHECK_SECONDS", 0.5)
    logs = [tmp_path / "mongod" / name for name in ("mongod.log", "mongod.log.1")]
    with EmbeddedMongo.start(tmp_path) as server:
        wait_until(lambda: all(log.exists() for log in logs) and "log rotation" in logs[0].read_text())
        assert server.running
    assert set(logs[0].parent.glob("mongod.log*")) <= set(logs)


# A directory that is open already


def test_a_second_start_attaches(tmp_path: Path) -> None:
    server = EmbeddedMongo.start(tmp_path)
    with EmbeddedMongo.start(tmp_path) as second:
        assert not second.owned
        assert second.uri == server.uri
        assert second.running
    assert server.running, "stopping what is attached does nothing"
    server.stop()
    assert not second.running


def test_of_processes_that_start_at_the_same_instant_one_owns_and_the_others_attach(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from app.mongo.embedded import EmbeddedMongo\n"
        "sys.stdin.readline()\n"
        "with EmbeddedMongo.start(Path(sys.argv[1])) as server:\n"
        "    print(server.owned, server.uri, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", script, tmp_path],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    pipes = [(program.stdin, program.stdout) for program in programs]
    for theirs, _ in pipes:
        assert theirs
        theirs.write("go\n")
        theirs.flush()
    answers = [said.readline().split() for _, said in pipes if said]
    for program in programs:
        program.communicate(timeout=30)
    assert sorted(owned for owned, _ in answers) == ["False", "False", "True"]
    assert len({uri for _, uri in answers}) == 1


def test_an_owner_whose_server_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "ATTACH_SECONDS", 0.3)
    EmbeddedMongo.start(tmp_path).stop()
    owner = tmp_path / "mongod" / "owner"
    with owner.open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711\n")
        lock.flush()
        assert "in use by process 4711, whose MongoDB has not answered" in refusal(tmp_path)


# Where it lives


def test_an_ephemeral_one_leaves_nothing_behind(temporary: Path) -> None:
    with EmbeddedMongo.start(None) as server:
        assert list(temporary.iterdir())
    assert not server.running
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("name", ["Caps, a comma: and a colon", "ünïcode +100%", "deep/" * 10 + "x" * 100])
def test_any_name_of_the_directory_will_do(tmp_path: Path, temporary: Path, name: str) -> None:
    """The last is too long for a socket's address: it is reached through a link, which a second process finds too."""
    with EmbeddedMongo.start(tmp_path / name) as server, connect(server) as client:
        client.shop.orders.insert_one({"_id": 1})
        assert len(os.fsencode(mongod.socket_path(server.uri))) < 108
        with EmbeddedMongo.start(tmp_path / name) as second:
            assert (second.owned, second.uri) == (False, server.uri)
    assert not list(temporary.iterdir())


def test_a_link_that_a_killed_server_left_is_removed_at_the_next_start(tmp_path: Path, temporary: Path) -> None:
    directory = tmp_path / ("x" * 100)
    with EmbeddedMongo.start(directory) as server:
        owner, link = directory / "mongod" / "owner", mongod.socket_path(server.uri)
        said = owner.read_text()
    link.parent.mkdir()
    link.symlink_to(directory / "mongod" / mongod.SOCKET)
    owner.write_text(said)
    with EmbeddedMongo.start(directory):
        assert not link.parent.exists()
        assert len(list(temporary.iterdir())) == 1


def test_a_directory_that_was_moved_still_starts(tmp_path: Path) -> None:
    with EmbeddedMongo.start(tmp_path / "here") as server, connect(server) as client:
        client.shop.orders.insert_one({"_id": 1})
    (tmp_path / "here").rename(tmp_path / "there")
    with EmbeddedMongo.start(tmp_path / "there") as server, connect(server) as client:
        assert client.shop.orders.find_one() == {"_id": 1}
        client.shop.orders.insert_one({"_id": 2})


# What it says when it cannot start


def test_without_any_mongod_it_says_the_ways_out(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongod, "packaged_binary", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    for directory in (None, tmp_path / "data"):
        message = refusal(directory)
        assert "No mongod was found for this platform" in message
        assert "Install MongoDB 6 or newer" in message
        assert "MONGODB_URI" in message
    assert not list(temporary.iterdir())


def test_an_installed_binary_that_does_not_run_gives_way_to_the_one_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = mongod.find_binary()
    broken = executable(tmp_path / "broken", "echo libcrypto.so.3: cannot open shared object file >&2; exit 127")
    monkeypatch.setattr(mongod, "packaged_binary", lambda: broken)
    (tmp_path / "mongod").symlink_to(works)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert mongod.find_binary() == tmp_path / "mongod"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo libcrypto.so.3: cannot open >&2; exit 127", "does not run: libcrypto.so.3: cannot open"),
        ("echo db version v4.4.29", "is too old: db version v4.4"),
        ("kill -ILL $$", "needs a processor with AVX"),
    ],
)
def test_why_an_installed_binary_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    binary = executable(tmp_path / "binary", script)
    monkeypatch.setattr(mongod, "packaged_binary", lambda: binary)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    message = refusal(None)
    assert reason in message
    assert "MONGODB_URI" in message


def test_a_binary_for_another_machine_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(100))
    binary.chmod(0o755)
    monkeypatch.setattr(mongod, "packaged_binary", lambda: binary)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert "cannot be executed: Exec format error" in refusal(None)


def test_a_file_in_the_directorys_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    message = refusal(tmp_path / "data")
    assert f"{tmp_path / 'data'} cannot be used" in message
    assert "CUSTOMER_GRAPH_DATA_DIRECTORY" in message


@pytest.mark.parametrize("below", [".", "new"])
def test_a_directory_that_cannot_be_written_is_refused(temporary: Path, below: str) -> None:
    locked = temporary / "locked"
    locked.mkdir(mode=0o500)
    temporary.chmod(0o711)
    superuser = os.geteuid() == 0  # whom no mode keeps out
    if superuser:
        locked.chmod(0o555)
        os.seteuid(65534)
    try:
        message = refusal(locked / below)
    finally:
        if superuser:
            os.seteuid(0)
    assert "cannot be used" in message
    assert "Permission denied" in message


def test_the_data_of_another_mongod_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "WiredTiger").touch()
    assert "is the data of another mongod" in refusal(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["WiredTiger"]


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mongod").mkdir()
    (tmp_path / "mongod" / "notes.txt").touch()
    assert "holds files that are not an embedded MongoDB's" in refusal(tmp_path)
    assert [path.name for path in (tmp_path / "mongod").iterdir()] == ["notes.txt"]


def test_data_that_cannot_be_read_is_told_in_mongods_own_words(tmp_path: Path) -> None:
    EmbeddedMongo.start(tmp_path).stop()
    (tmp_path / "mongod" / "data" / "WiredTiger.turtle").write_text("not a turtle")
    message = refusal(tmp_path)
    assert "database corruption detected" in message
    assert str(tmp_path / "mongod" / "mongod.log") in message
    shutil.rmtree(tmp_path / "mongod")
    EmbeddedMongo.start(tmp_path).stop()
