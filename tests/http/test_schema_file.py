"""The schema as a file: for code generators and editors, where anything may be asked."""

from __future__ import annotations

import json
from pathlib import Path

from app.graph.sdl import print_sdl
from app.http.persisted_documents import hash_of
from tests.http.asking import codes
from tests.http.test_persisted import QUERY, client
from tests.http.toy import toy_schema


def test_it_is_the_schema_and_sent_once() -> None:
    with client() as http:
        first = http.get("/schema.graphql")
        assert (first.status_code, first.text) == (200, print_sdl(toy_schema()))
        assert first.headers["content-type"] == "text/plain; charset=utf-8"
        again = http.get("/schema.graphql", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert http.post("/schema.graphql").status_code == 405


def test_it_is_not_shown_where_only_trusted_documents_are_run(tmp_path: Path) -> None:
    path = tmp_path / "trusted.json"
    path.write_text(json.dumps({hash_of(QUERY): QUERY}))
    with client(trusted_documents=path, trusted_only=True) as http:
        refused = http.get("/schema.graphql")
        assert (refused.status_code, codes(refused)) == (403, ["FORBIDDEN"])
