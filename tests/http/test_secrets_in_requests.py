"""A secret that was sent stands nowhere afterwards: in no answer, however wrong the request, no log and no file."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import logging
from app.main import application
from app.mongo.embedded import EmbeddedMongo
from app.settings import Settings

CANARY = "canary-7f3a9b-never-to-be-seen"
CREATE = "mutation M($input: CreateCredentialInput!) { createCredential(input: $input) { credential { id } userErrors \
{ code field message } } }"
ROTATE = "mutation M($input: RotateCredentialInput!) { rotateCredential(input: $input) { credential { keys { value } } \
userErrors { code field message } } }"
GIVEN: dict[str, Any] = {
    "credentialId": "k",
    "name": "K",
    "subscriber": {"email": "a@acme.com"},
    "externalSecret": CANARY,
    "idempotencyKey": "once",
}
WRONG: dict[str, Any] = {
    "a field is missing": (CREATE, {"input": {"externalSecret": CANARY}}),
    "a field is of another type": (CREATE, {"input": GIVEN | {"name": 1}}),
    "the secret is a list": (CREATE, {"input": GIVEN | {"externalSecret": [CANARY]}}),
    "the secret is an object": (CREATE, {"input": GIVEN | {"externalSecret": {CANARY: CANARY}}}),
    "the input is a list": (CREATE, {"input": [GIVEN, 1]}),
    "a field is unknown": (CREATE, {"input": GIVEN | {CANARY: 1}}),
    "a variable of its own": (
        "mutation M($s: Int!) { createCredential(input: {externalSecret: $s}) { userErrors { code } } }",
        {"s": CANARY},
    ),
    "a literal beside a mistake": (
        f'mutation {{ createCredential(input: {{externalSecret: "{CANARY}"}}) {{ userErrors {{ code }} }} }}',
        {},
    ),
    "a literal of another type": (
        f"mutation {{ createCredential(input: {{externalSecret: {CANARY.replace('-', '_')}}}) {{ x }} }}",
        {},
    ),
    "a syntax error after it": (f'mutation {{ createCredential(input: {{externalSecret: "{CANARY}" "{CANARY}"', {}),
    **{
        f"its name is {name}": (CREATE, {"input": {k: v for k, v in GIVEN.items() if v != CANARY} | {name: CANARY}})
        for name in ("external_secret", "externalsecret", "ExternalSecrets", "secret")
    },
    "a literal under another name": (
        f'mutation {{ createCredential(input: {{name: 1, external_secret: "{CANARY}"}}) {{ userErrors {{ code }} }} }}',
        {},
    ),
    "a rule that is broken": (CREATE, {"input": GIVEN | {"name": " ", "subscriber": {"email": "nobody@acme.com"}}}),
    "a secret that is too long": (CREATE, {"input": GIVEN | {"externalSecret": CANARY * 1_000}}),
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database keeps its files."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def client(directory: Path) -> Iterator[TestClient]:
    """The whole server on a database of its own, with one subscriber."""
    logging.configure()
    settings = Settings(data_directory=directory)
    with (
        EmbeddedMongo.start(directory) as mongod,
        TestClient(application(settings, mongod.uri), base_url="http://localhost") as made,
    ):
        person = 'mutation { createSubscriber(input: {email: "a@acme.com"}) { userErrors { code } } }'
        assert made.post("/graphql", json={"query": person}).json()["data"]["createSubscriber"] == {"userErrors": []}
        yield made


def shown(text: str) -> bool:
    """Whether the secret can be read in a text, in one form or another."""
    whole = (CANARY, CANARY.replace("-", "_"), base64.b64encode(CANARY.encode()).decode()[:24])
    return any(each in text for each in whole)


@pytest.mark.parametrize("name", WRONG)
def test_no_answer_repeats_it_however_wrong_the_request(
    client: TestClient, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    query, variables = WRONG[name]
    for headers in ({}, {"x-explain": "plan"}):
        answer = client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        assert not shown(answer.text), answer.text
        told = answer.json()
        assert told.get("errors") or told["data"]["createCredential"]["userErrors"]
    out, err = capfd.readouterr()
    assert not shown(out + err)


def test_bodies_that_are_no_json_are_not_repeated(client: TestClient) -> None:
    for body in (f'{{"query": "{CREATE}", "variables": {{"externalSecret": "{CANARY}"', json.dumps([GIVEN])):
        answer = client.post("/graphql", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert not shown(answer.text)


def test_it_is_in_no_answer_no_log_and_no_file(
    client: TestClient, directory: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        made = client.post("/graphql", json={"query": CREATE, "variables": {"input": GIVEN}})
        assert made.json()["data"]["createCredential"]["userErrors"] == []
        assert not shown(made.text)
    more = {"by": {"credentialId": "k"}, "credentialId": "k2", "externalSecret": CANARY}
    assert "k2" in client.post("/graphql", json={"query": ROTATE, "variables": {"input": more}}).text
    everything = '{ auditLog { nodes { changes { field before after } } } search(text: "K") { nodes { __typename } } }'
    told = client.post("/graphql", json={"query": everything}, headers={"x-explain": "plan"}).text
    assert "[secret]" in told
    assert not shown(told)
    flush = 'mutation { createOrganization(input: {name: "Later"}) { userErrors { code } } }'
    assert client.post("/graphql", json={"query": flush}).status_code == 200
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert any(path.name.startswith("WiredTigerLog") for path in files)
    assert any(b"[secret]" in path.read_bytes() or b"acme.com" in path.read_bytes() for path in files)
    for path in files:
        assert not shown(path.read_bytes().decode("latin-1")), path
    out, err = capfd.readouterr()
    assert not shown(out + err)
