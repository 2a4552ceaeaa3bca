"""GraphiQL's page as a browser receives it, its files and its examples; `check-clients` sees them in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.testclient import TestClient

from app.http.graphiql import ASSETS, CDN, Example, assets, examples, graphiql_page, graphiql_routes

SCHEMA = Path(__file__).parents[2] / "schema.graphql"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A directory as `make assets` leaves it, with stand-ins for the files' contents."""
    for asset in assets():
        path = tmp_path / "graphiql" / asset.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"/* {asset.path} */")
    (tmp_path / "secret.js").write_text("not for the web")
    return tmp_path / "graphiql"


class _Page(HTMLParser):
    """What a browser would load, by address with the hash it would insist on, and the settings the page carries."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.loads: dict[str, str] = {}
        self.inline_scripts = 0
        self.settings = ""
        self.in_settings = False
        self.html = bytes(response.body).decode()
        self.policy = response.headers["content-security-policy"]
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        address = found.get("src") if tag == "script" else found.get("href")
        if address and found.get("rel") != "icon":
            self.loads[address] = found["integrity"]
        self.in_settings = found.get("id") == "settings"
        self.inline_scripts += tag == "script" and not address and not self.in_settings

    def handle_endtag(self, tag: str) -> None:
        self.in_settings = False

    def handle_data(self, data: str) -> None:
        if self.in_settings:
            self.settings += data


def _client(built: Path) -> TestClient:
    return TestClient(Starlette(routes=graphiql_routes(built)))


def test_the_page_carries_every_example(built: Path) -> None:
    settings = json.loads(_Page(graphiql_page(built)).settings)

    assert settings["endpoint"] == "/graphql"
    assert [example["query"] for example in settings["examples"]] == [example.query for example in examples()]


def test_built_files_are_loaded_from_the_server_alone(built: Path) -> None:
    page = _Page(graphiql_page(built))

    assert all(address.startswith(f"{ASSETS}/") for address in page.loads)
    assert "://" not in page.policy
    assert "notice" not in page.html


@pytest.mark.parametrize("missing", [0, -1])
def test_a_missing_file_brings_the_notice_and_the_cdn_with_its_hashes(built: Path, missing: int) -> None:
    (built / assets()[missing].path).unlink()
    page = _Page(graphiql_page(built))

    assert "make assets" in page.html
    assert {f"{CDN}/npm/{asset.path}": asset.integrity for asset in assets()}.items() <= page.loads.items()
    assert f"script-src 'self' {CDN}" in page.policy


def test_no_script_stands_in_the_page_itself(built: Path) -> None:
    page = _Page(graphiql_page(built))

    assert page.inline_scripts == 0
    assert re.search(r"script-src 'self'(;|$)", page.policy)
    assert "default-src 'none'" in page.policy


def test_text_in_an_example_cannot_end_the_script_element(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wicked = Example("", "", "# </script><script>alert(1)</script>\n{ a }", None, None)
    monkeypatch.setattr("app.http.graphiql.examples", lambda: [wicked])
    page = _Page(graphiql_page(built))

    assert page.inline_scripts == 0
    assert json.loads(page.settings)["examples"][0]["query"] == wicked.query


def test_every_file_the_page_names_is_served_with_its_type_and_for_ever(built: Path) -> None:
    client = _client(built)
    for address in _Page(graphiql_page(built)).loads:
        response = client.get(address)

        assert response.status_code == 200, address
        expected = "text/css" if address.endswith(".css") else "text/javascript"
        assert response.headers["content-type"] == f"{expected}; charset=utf-8"
        assert "immutable" in response.headers["cache-control"]


def test_the_page_s_own_files_are_what_their_hashes_say(built: Path) -> None:
    client = _client(built)
    loads = _Page(graphiql_page(built)).loads
    own = {address: integrity for address, integrity in loads.items() if "/page/" in address}

    assert len(own) == 2
    for address, integrity in own.items():
        assert integrity == "sha384-" + base64.b64encode(hashlib.sha384(client.get(address).content).digest()).decode()


@pytest.mark.parametrize(
    "path",
    [
        "../secret.js",
        "..%2fsecret.js",
        "%2e%2e/secret.js",
        "react@18.3.1/../../secret.js",
        "%2fetc%2fpasswd",
        "react@18.3.1",
        "react@18.3.1/umd/",
        "page/0000000000000000/graphiql.js",
        "",
    ],
)
def test_only_listed_files_are_served(built: Path, path: str) -> None:
    assert _client(built).get(f"{ASSETS}/{path}").status_code == 404


def test_a_listed_file_that_is_not_built_is_not_found(tmp_path: Path) -> None:
    assert _client(tmp_path).get(f"{ASSETS}/{assets()[0].path}").status_code == 404


def test_an_asset_names_an_exact_version_and_a_hash() -> None:
    for asset in assets():
        assert re.match(r"(@[\w-]+/)?[\w-]+@\d+\.\d+\.\d+/", asset.path)
        assert len(base64.b64decode(asset.integrity.removeprefix("sha384-"))) == 48


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
def test_an_example_is_one_explained_and_named_operation_with_its_variables(example: Example) -> None:
    operations = [node for node in parse(example.query).definitions if isinstance(node, OperationDefinitionNode)]
    variables = json.loads(example.variables or "{}")

    assert example.description.endswith(".")
    assert len(operations) == 1
    assert operations[0].name, "a tab is named after its operation"
    assert operations[0].name.value == example.title.title().replace(" ", "")
    assert {definition.variable.name.value for definition in operations[0].variable_definitions or ()} == set(variables)


def test_examples_come_in_the_order_of_their_file_names() -> None:
    assert examples()[0].title == "Who is this customer"
    assert len(examples()) >= 5


def test_every_example_is_valid_against_the_schema() -> None:
    schema = build_schema(SCHEMA.read_text("utf-8"))
    problems = {example.title: validate(schema, parse(example.query)) for example in examples()}

    assert {title: errors for title, errors in problems.items() if errors} == {}
