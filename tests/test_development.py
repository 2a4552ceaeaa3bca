"""The files for those who develop: what make offers, what CI runs, what is installed."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.making import ROOT, run_make

MAKEFILE = (ROOT / "Makefile").read_text()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = {name: (ROOT / "requirements" / f"{name}.txt").read_text() for name in ("app", "dev", "build")}
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_make_target_says_what_it_does_and_is_no_file() -> None:
    """`make help` shows what stands behind the two hash signs."""
    documented = re.findall(r"^([a-z-]+):.*?  ## [A-Z].+$", MAKEFILE, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(documented) == TARGETS == set(phony[1].split())


def test_make_alone_lists_the_targets() -> None:
    assert ".DEFAULT_GOAL := help" in MAKEFILE


def test_hosted_ci_runs_what_ci_runs() -> None:
    script = re.findall(r"^make .+$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    steps = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert steps == script
    assert {command.removeprefix("make ") for command in script} <= TARGETS


def test_hosted_ci_runs_on_every_python_that_make_looks_for() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    [job] = workflow["jobs"].values()
    script = (ROOT / "tools" / "environment.sh").read_text()
    pythons = job["strategy"]["matrix"]["python"]
    assert pythons == re.findall(r"python(3\.\d+)", script.partition("candidates='")[2].partition("'")[0])
    assert PROJECT["project"]["requires-python"] == f">={pythons[0]}"
    assert job["env"]["PYTHON"] == "python${{ matrix.python }}"
    [setup] = [step for step in job["steps"] if "setup-python" in step.get("uses", "")]
    assert setup["with"]["python-version"] == "${{ matrix.python }}"


def test_make_run_serves_where_it_is_told() -> None:
    for arguments, command in (([], "customer-graph demo"), (["PORT=9000"], "customer-graph demo --port 9000")):
        printed = run_make("--dry-run", "run", *arguments)
        assert printed.stdout.splitlines()[-1].strip().endswith(command)


def test_hooks_are_make_targets_so_that_versions_stand_in_one_place() -> None:
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["entry"] == f"make --silent {hook['id']}"
        assert hook["id"] in TARGETS


def locked(name: str) -> dict[str, Requirement]:
    """The requirements of one lock, by the names of their packages; each is pinned to one version, with hashes."""
    lines = re.sub(r"^ *#.*\n", "", LOCKS[name].replace("\\\n", ""), flags=re.MULTILINE).splitlines()
    requirements: dict[str, Requirement] = {}
    for line in lines:
        text, *hashes = re.split(r" +--hash=", line.strip())
        assert hashes, f"{text} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)
        requirement = Requirement(text)
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), text
        assert requirement.url is None, text
        requirements[canonicalize_name(requirement.name)] = requirement
    return requirements


def declared(*groups: str) -> list[Requirement]:
    """The requirements of `pyproject.toml`: what the program needs for "app", those of an extra, or of a group."""
    project = PROJECT["project"]
    named = {"app": project["dependencies"], **project["optional-dependencies"], **PROJECT["dependency-groups"]}
    lists = [named[group] for group in groups]
    return [Requirement(text) for each in lists for text in each if isinstance(text, str)]


@pytest.mark.parametrize(
    ("lock", "groups"), [("app", ["app"]), ("dev", ["app", "embedded", "dev", "build"]), ("build", ["build"])]
)
def test_a_lock_holds_every_dependency_in_a_version_that_is_allowed(lock: str, groups: list[str]) -> None:
    """`make lock` writes it anew."""
    pinned = locked(lock)
    for wanted in declared(*groups):
        found = pinned[canonicalize_name(wanted.name)]
        [version] = [each.version for each in found.specifier]
        assert version in wanted.specifier, f"{wanted} is locked as {version}"
        for platform in ({"sys_platform": "linux", "platform_machine": "x86_64"}, {"sys_platform": "darwin"}):
            assert applies(found, platform) == applies(wanted, platform), wanted.name


def applies(requirement: Requirement, platform: dict[str, str]) -> bool:
    """Whether it is installed on that platform."""
    environment = {"platform_machine": "arm64", "platform_python_implementation": "CPython", **platform}
    return requirement.marker is None or requirement.marker.evaluate(environment)


def test_the_locks_agree_with_each_other() -> None:
    everything = locked("dev")
    for name, requirement in {**locked("app"), **locked("build")}.items():
        assert everything[name].specifier == requirement.specifier


def test_what_builds_the_wheel_is_locked() -> None:
    assert PROJECT["build-system"]["requires"] == PROJECT["dependency-groups"]["build"]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place_to_install_from(lock: str) -> None:
    """A package index is a matter of the machine that installs."""
    assert not re.search(r"://|^-|^ *--(?!hash)", LOCKS[lock], re.MULTILINE)


def test_make_commands_that_the_pages_name_are_targets() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        named = set(re.findall(r"`make ([a-z-]+)", page.read_text())) | set(
            re.findall(r"^ *make ([a-z-]+)", page.read_text(), re.MULTILINE)
        )
        assert named <= TARGETS, page.name
