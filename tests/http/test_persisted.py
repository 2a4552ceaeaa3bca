"""Documents that are known by their hash: trusted ones, and those that clients teach."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.errors import SetupError
from app.http.persisted_documents import MAX_LEARNT, PersistedDocuments, hash_of, load_manifest
from tests.http.asking import codes
from tests.http.toy import toy_application

QUERY = "{ ping }"
HASH = hash_of(QUERY)


def client(**settings: Any) -> TestClient:
    """A client of the toy server; nothing is asked of its database."""
    return TestClient(toy_application(**settings), base_url="http://localhost")


def persisted(name: str) -> dict[str, Any]:
    """The extensions of an automatic persisted query."""
    return {"persistedQuery": {"version": 1, "sha256Hash": name}}


def test_a_persisted_query_is_asked_for_once_and_known_from_then_on() -> None:
    with client() as http:
        unknown = http.post("/graphql", json={"extensions": persisted(HASH)})
        assert [error["message"] for error in unknown.json()["errors"]] == ["PersistedQueryNotFound"]
        assert codes(unknown) == ["PERSISTED_QUERY_NOT_FOUND"]
        taught = http.post("/graphql", json={"query": QUERY, "extensions": persisted(HASH)})
        known = http.post("/graphql", json={"extensions": persisted(HASH)})
        by_url = http.get("/graphql", params={"extensions": json.dumps(persisted(HASH))})
        by_id = http.post("/graphql", json={"documentId": f"sha256:{HASH}"})
        assert taught.json() == known.json() == by_url.json() == by_id.json() == {"data": {"ping": "pong"}}


@pytest.mark.parametrize("name", ["", "abc", 5, HASH.replace("a", "g")])
def test_what_is_no_hash_is_refused(name: object) -> None:
    with client() as http:
        answer = http.post("/graphql", json={"query": QUERY, "documentId": name})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


def test_a_hash_of_another_text_teaches_nothing() -> None:
    with client() as http:
        wrong = http.post("/graphql", json={"query": "{ ping ping }", "extensions": persisted(HASH)})
        assert wrong.status_code == 400
        assert "PersistedQueryNotFound" in http.post("/graphql", json={"extensions": persisted(HASH)}).text


def test_only_trusted_documents_are_run_where_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "trusted.json"
    path.write_text(json.dumps({f"sha256:{HASH}": QUERY}))
    other = "{ again: ping }"
    with client(trusted_documents=path, trusted_only=True) as http:
        assert http.post("/graphql", json={"documentId": HASH}).json() == {"data": {"ping": "pong"}}
        for body in ({"query": QUERY}, {"query": other, "extensions": persisted(hash_of(other))}):
            assert http.post("/graphql", json=body).status_code == 403
    with client(trusted_documents=path) as http:
        assert http.post("/graphql", json={"query": other}).json() == {"data": {"again": "pong"}}


@pytest.mark.parametrize("text", ["", "[]", '{"x": 5}', '{"abc": "{ ping }"}'])
def test_a_manifest_that_is_wrong_is_said_at_start_up(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trusted.json"
    path.write_text(text)
    with pytest.raises(SetupError):
        load_manifest(path)


def test_a_server_of_trusted_documents_needs_some() -> None:
    with pytest.raises(SetupError):
        PersistedDocuments({}, trusted_only=True)


def test_what_is_learnt_is_bounded() -> None:
    known = PersistedDocuments({}, trusted_only=False)
    for n in range(MAX_LEARNT * 2):
        known.learn(hash_of(str(n)), str(n))
    assert len(known.learnt) == MAX_LEARNT
    known.learn("x", "y" * 3_000_000)
    assert known.characters <= 2_000_000


@pytest.mark.parametrize("trusted_only", [True, False])
def test_a_hash_that_is_known_does_not_stand_for_another_query(tmp_path: Path, trusted_only: bool) -> None:
    path = tmp_path / "trusted.json"
    path.write_text(json.dumps({HASH: QUERY}))
    with client(trusted_documents=path, trusted_only=trusted_only) as http:
        for name in ({"extensions": persisted(HASH)}, {"documentId": HASH}):
            assert http.post("/graphql", json={"query": "{ again: ping }", **name}).status_code == 400
            assert http.post("/graphql", json={"query": QUERY, **name}).json() == {"data": {"ping": "pong"}}


def test_a_hash_that_was_learnt_does_not_stand_for_another_query() -> None:
    with client() as http:
        assert http.post("/graphql", json={"query": QUERY, "extensions": persisted(HASH)}).status_code == 200
        wrong = http.post("/graphql", json={"query": "{ again: ping }", "extensions": persisted(HASH)})
        assert wrong.status_code == 400


@pytest.mark.parametrize(
    "operations", [None, {}, ["x"], [{"id": HASH}], [{"body": QUERY}], [{"id": HASH, "body": "{ x }"}]]
)
def test_a_manifest_of_apollos_format_that_does_not_hold_is_refused(tmp_path: Path, operations: object) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}))
    with pytest.raises(SetupError, match="SHA-256"):
        load_manifest(path)
