"""The files for deployment, held as far as they can be without Docker: what they say against what the program takes."""

from __future__ import annotations

import base64
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from app.main import cipher_of
from app.settings import Settings

ROOT = Path(__file__).parent.parent
COMPOSE: Any = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_gateway_waits_for_a_replica_set_that_initiates_itself() -> None:
    mongo, gateway = COMPOSE["services"]["mongo"], COMPOSE["services"]["gateway"]
    assert mongo["image"].startswith("mongo:8")
    set_name = mongo["command"][mongo["command"].index("--replSet") + 1]
    script = mongo["healthcheck"]["test"][-1]
    assert f'_id: "{set_name}"' in script
    assert "rs.initiate" in script
    assert "isWritablePrimary" in script
    assert gateway["depends_on"] == {"mongo": {"condition": "service_healthy"}}
    assert gateway["environment"]["MONGODB_URI"].endswith(f"?replicaSet={set_name}")


def test_the_member_of_the_set_is_the_host_that_the_gateway_connects_to() -> None:
    """A driver follows the members' own names: they must mean the same inside the gateway's container."""
    member = re.search(r'host: "([^"]+)"', COMPOSE["services"]["mongo"]["healthcheck"]["test"][-1])
    assert member is not None
    assert member[1] == "mongo:27017"
    assert f"//{member[1]}/" in COMPOSE["services"]["gateway"]["environment"]["MONGODB_URI"]


def interpolate(value: str, variables: dict[str, str]) -> str:
    """A value with what stands for a variable replaced, as compose does it: `${NAME:?message}` fails without it."""

    def replace(found: re.Match[str]) -> str:
        if not variables.get(found["name"]):
            raise LookupError(found["message"])
        return variables[found["name"]]

    return re.sub(r"\$\{(?P<name>\w+):\?(?P<message>[^{}$]+)\}", replace, value)


def test_secrets_have_a_key_of_the_operators_and_it_has_to_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    value = COMPOSE["services"]["gateway"]["environment"]["CUSTOMER_GRAPH_SECRET_KEY"]
    with pytest.raises(LookupError) as missing:
        interpolate(value, {})
    advice = 'Put the output of "openssl rand -base64 32" behind CUSTOMER_GRAPH_SECRET_KEY= in the file .env'
    assert str(missing.value) == f"Secrets need a key. {advice}"
    key = base64.b64encode(os.urandom(32)).decode()  # what openssl prints
    monkeypatch.setenv("MONGODB_URI", "mongodb://mongo:27017")
    monkeypatch.setenv("CUSTOMER_GRAPH_SECRET_KEY", interpolate(value, {"CUSTOMER_GRAPH_SECRET_KEY": key}))
    assert cipher_of(Settings()) is not None


def test_every_image_from_elsewhere_is_pinned_by_its_digest() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE))
    images = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) - stages
    images |= {each["image"] for each in COMPOSE["services"].values() if "build" not in each}
    assert {image.partition(":")[0] for image in images} == {"python", "node", "mongo"}
    for image in images:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+(-[a-z]+)*@sha256:[0-9a-f]{64}", image), image


def test_the_image_leaves_the_embedded_mongod_out() -> None:
    """It is installed for development, and with the wheel by the name of an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [mongod] = project["optional-dependencies"]["embedded"]
    name = Requirement(mongod).name
    installed = re.findall(r"-r (?:/tmp/)?(requirements\S*)", DOCKERFILE)
    assert installed == ["requirements/build.txt", "requirements.txt"]
    assert "COPY requirements/app.txt /tmp/requirements.txt" in DOCKERFILE
    assert name not in (ROOT / "requirements" / "app.txt").read_text()
    assert name in (ROOT / "requirements" / "dev.txt").read_text()
    assert "[embedded]" not in DOCKERFILE


def test_every_variable_is_a_setting_and_they_hold_together(monkeypatch: Any) -> None:
    environment = COMPOSE["services"]["gateway"]["environment"]
    known = {f"CUSTOMER_GRAPH_{name.upper()}" for name in Settings.model_fields} | {"MONGODB_URI"}
    assert environment.keys() <= known
    for name, value in environment.items():
        monkeypatch.setenv(name, interpolate(value, {"CUSTOMER_GRAPH_SECRET_KEY": "key"}))
    assert Settings().host == "0.0.0.0"  # noqa: S104  # inside the container


def test_only_loopback_is_published_while_there_is_no_access_control() -> None:
    for service in COMPOSE["services"].values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_data_outlives_the_container() -> None:
    [volume] = COMPOSE["services"]["mongo"]["volumes"]
    name, path = volume.split(":")
    assert name in COMPOSE["volumes"]
    assert path == "/data/db"


def test_the_image_is_made_of_files_that_there_are_and_runs_as_nobody_special() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    sources = [source for line in copied for source in line.split()[:-1]]
    for source in sources:
        assert (ROOT / source).exists(), source
        allowed = (ROOT / ".dockerignore").read_text().split()
        assert f"!{source.split('/')[0]}" in allowed, f"{source} is kept out by .dockerignore"
    assert re.search(r"^USER (?!root)", DOCKERFILE, re.MULTILINE)
    assert 'CMD ["customer-graph", "serve"]' in DOCKERFILE


def test_stages_are_named_before_they_are_copied_from() -> None:
    stages: set[str] = set()
    for line in DOCKERFILE.splitlines():
        if match := re.match(r"FROM \S+(?: AS (\w+))?", line):
            stages.add(match[1] or "")
        if match := re.match(r"COPY --from=(\w+)", line):
            assert match[1] in stages


def test_the_image_installs_nothing_that_is_not_locked() -> None:
    """Requirements come with their hashes; the program itself comes without looking for requirements."""
    commands = re.findall(r"pip (?:install|wheel) .+", DOCKERFILE)
    assert len(commands) == 4
    for command in commands:
        assert "--require-hashes -r " in command or "--no-deps" in command, command
        assert "pip wheel" not in command or "--no-build-isolation" in command, command
