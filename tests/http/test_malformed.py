"""What is no GraphQL request is refused in words, and is never a fault of the server."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.http.asking import OF_REQUESTS, RESPONSE, codes, message
from tests.http.toy import toy_application

PING = b'{"query": "{ ping }"}'


def query(text: str, **rest: Any) -> bytes:
    """A body around a document."""
    return json.dumps({"query": text, **rest}).encode()


BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\t ",
    "a null": b"null",
    "a number": b"1",
    "a huge number": b"9" * 5_000,
    "a string": b'"{ ping }"',
    "true": b"true",
    "a batch": b'[{"query": "{ ping }"}]',
    "an empty batch": b"[]",
    "an empty object": b"{}",
    "half an object": b'{"query": "{ ping }"',
    "half a string": b'{"query": "{ ping',
    "two objects": PING + PING,
    "a trailing comma": b'{"query": "{ ping }",}',
    "single quotes": b"{'query': '{ ping }'}",
    "a comment": b'/* hi */ {"query": "{ ping }"}',
    "GraphQL itself": b"{ ping }",
    "a form": b"query=%7Bping%7D",
    "a NaN": b'{"query": "{ ping }", "variables": {"n": NaN}}',
    "an infinity": b'{"query": "{ ping }", "variables": {"n": -Infinity}}',
    "a byte order mark": b"\xef\xbb\xbf" + PING,
    "UTF-16": PING.decode().encode("utf-16"),
    "UTF-32": PING.decode().encode("utf-32"),
    "Latin-1": '{"query": "{ echo(text: \\"é\\") }"}'.encode("latin-1"),
    "an overlong encoding": b'{"query": "\xc0\xaf"}',
    "encoded surrogates": b'{"query": "\xed\xa0\x80"}',
    "a lone high surrogate": b'{"query": "{ ping }", "variables": {"a": "\\ud800"}}',
    "a lone low surrogate": b'{"query": "\\udc00"}',
    "a lone surrogate in a name": b'{"query": "{ ping }", "\\ud800": 1}',
    "a bare NUL": b'{"query": "\x00"}',
    "bare control characters": b'{"query": "{\n ping }"}',
    "lists without end": b"[" * 100_000,
    "objects without end": b'{"a":' * 100_000,
    "deep lists": b"[" * 1_000 + b"]" * 1_000,
    "very deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep variables": b'{"query": "{ ping }", "variables": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}",
    "deep extensions": b'{"query": "{ ping }", "extensions": ' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    "many variables": b'{"query": "{ ping }", "variables": {"a": [' + b"1," * 60_000 + b"1]}}",
    "many objects": b'{"query": "{ ping }", "variables": {"a": [' + b"{}," * 20_000 + b"1]}}",
    "no query": b'{"operationName": "A"}',
    "a null query": b'{"query": null}',
    "a misspelt query": b'{"qeury": "{ ping }"}',
    "an upper-case query": b'{"QUERY": "{ ping }"}',
    "an empty query": b'{"query": ""}',
    "a query that is a number": b'{"query": 1}',
    "a query that is a huge number": b'{"query": ' + b"1" * 400 + b"}",
    "a query that is false": b'{"query": false}',
    "a query that is a list": b'{"query": ["{ ping }"]}',
    "a query that is an object": b'{"query": {"a": 1}}',
    "a later null query": b'{"query": "{ ping }", "query": null}',
    "a name that is a number": query("{ ping }", operationName=1),
    "a name that is false": query("{ ping }", operationName=False),
    "a name that is a list": query("{ ping }", operationName=["A"]),
    "a name that is an object": query("{ ping }", operationName={}),
    "an unknown name": query("{ ping }", operationName="A"),
    "a strange name": query("query A { ping }", operationName="A\u0000 \u202e{{"),
    "a very long name": query("query A { ping }", operationName="A" * 100_000),
    "variables in a string": query("{ ping }", variables="{}"),
    "variables that are a number": query("{ ping }", variables=0),
    "variables that are false": query("{ ping }", variables=False),
    "variables that are a list": query("{ ping }", variables=[]),
    "extensions in a string": query("{ ping }", extensions="{}"),
    "extensions that are a number": query("{ ping }", extensions=0),
    "extensions that are a list": query("{ ping }", extensions=[{}]),
    "a blank document": query("   "),
    "a comment only": query("# hello"),
    "an open selection": query("{ ping"),
    "a closed selection": query("}"),
    "no document": query("ping"),
    "SQL": query("SELECT * FROM organizations"),
    "a schema": query("type Query { a: Int }"),
    "a schema and a query": query("{ ping } type A { a: Int }"),
    "a schema extension": query("extend type Query { a: Int } query { ping }"),
    "an open string": query('{ echo(text: "a) }'),
    "an open block string": query('{ echo(text: """a) }'),
    "a line break in a string": query('{ echo(text: "a\nb") }'),
    "a bad escape": query('{ echo(text: "\\x") }'),
    "a surrogate escape": query('{ echo(text: "\\ud800") }'),
    "a surrogate escape in braces": query('{ echo(text: "\\u{d800}") }'),
    "an escape beyond Unicode": query('{ echo(text: "\\u{110000}") }'),
    "an endless escape": query('{ echo(text: "\\u{' + "1" * 10_000 + '}") }'),
    "a NUL in a document": query("{ \u0000 }"),
    "a byte order mark inside a document": query("{ pi\ufeffng }"),
    "full-width braces": query("｛ ping ｝"),
    "an unknown field": query("{ unknown }"),
    "a missing argument": query("{ plain }"),
    "an unknown argument": query("{ ping(a: 1) }"),
    "the same argument twice": query('{ echo(text: "a", text: "b") }'),
    "an unknown directive": query("{ ping @unknown }"),
    "a directive without its argument": query("{ ping @skip }"),
    "a leaf with a selection": query("{ ping { a } }"),
    "an object without one": query("{ me }"),
    "an unknown fragment": query("{ ...F }"),
    "an unused fragment": query("{ ping } fragment F on Query { ping }"),
    "a fragment on nothing": query("{ ...F } fragment F on Nothing { a }"),
    "a fragment on a scalar": query("{ ...F } fragment F on String { a }"),
    "the same fragment twice": query("{ ...F } fragment F on Query { ping } fragment F on Query { ping }"),
    "a fragment in itself": query("{ ...F } fragment F on Query { ...F }"),
    "the same operation twice": query("query A { ping } query A { ping }", operationName="A"),
    "two operations": query("query A { ping } query B { ping }"),
    "two without names": query("{ ping } { ping }"),
    "the same alias twice": query('{ a: echo(text: "a") a: echo(text: "b") }'),
    "an undefined variable": query("{ echo(text: $a) }"),
    "an unused variable": query("query ($a: Int) { ping }"),
    "a variable of an object type": query("query ($a: Person) { ping }"),
    "a variable of no type": query("query ($a: Nothing) { ping }"),
    "a huge integer in a document": query("{ echo(number: 123456789012345678901234567890) }"),
    "an integer of ten thousand digits": query("{ echo(number: " + "1" * 10_000 + ") }"),
    "a page of ten thousand digits": query("{ people(first: " + "1" * 10_000 + ") { totalCount } }"),
    "a negative page beyond all": query("{ people(first: -" + "1" * 10_000 + ") { totalCount } }"),
    "a huge integer in a variable": query("query ($n: Int!) { echo(number: $n) }", variables={"n": 2**70}),
    "a negative huge integer": query("query ($n: Int!) { echo(number: $n) }", variables={"n": -(2**70)}),
    "an integer of 33 bits": query("query ($n: Int!) { echo(number: $n) }", variables={"n": 2**32}),
    "an integer beyond floats": b'{"query": "query ($n: Int!) { echo(number: $n) }", "variables": {"n": 1'
    + b"0" * 400
    + b"}}",
    "a fraction": query("query ($n: Int!) { echo(number: $n) }", variables={"n": 1.5}),
    "a page that is text": query("query ($n: Int) { people(first: $n) { totalCount } }", variables={"n": "9"}),
    "a page that is an object": query("query ($n: Int) { people(first: $n) { totalCount } }", variables={"n": {}}),
    "ids that are an object": query("query ($n: [ID!]!) { nodes(ids: $n) { id } }", variables={"n": {}}),
    "an object for a string": query("query ($t: String!) { echo(text: $t) }", variables={"t": {"$ne": 1}}),
    "an unknown input field": query("query ($f: Filter) { echo(among: $f) }", variables={"f": {"x": 1}}),
    "a subscription": query("subscription { ticks }"),
    "a defer": query("{ me { ... @defer { name } } }"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_malformed_body_is_400_with_a_code_and_a_reason(toy: TestClient, body: bytes) -> None:
    response = toy.post("/graphql", content=body, headers={"content-type": "application/json", "accept": RESPONSE})
    assert response.status_code == 400
    assert response.headers["content-type"] == f"{RESPONSE}; charset=utf-8"
    assert codes(response)
    assert set(codes(response)) <= OF_REQUESTS
    assert all(0 < len(error["message"]) <= 501 for error in response.json()["errors"])
    assert "data" not in response.json()


URLS = [
    "",
    "query",
    "query=",
    "query=%20",
    "query=%ff",
    "query=%ed%a0%80",
    "query=%",
    "query=%zz",
    "query={ping}&query={ping}",
    "query={ping}&variables=1",
    "query={ping}&variables=[]",
    "query={ping}&variables={",
    'query={ping}&variables="{}"',
    "query={ping}&extensions=true",
    "query={ping}&extensions=x",
    "query={ping}&variables={}&variables={}",
    "query={ping}&operationName=A",
    "query={ping}&" + "&".join(f"p{i}=1" for i in range(30)),
    "query={ping}&variables=" + "[" * 2_000 + "]" * 2_000,
    'query={ping}&variables={"a":' + "[" * 100 + "]" * 100 + "}",
    "Query={ping}",
    "query[]={ping}",
    "variables={}",
]


@pytest.mark.parametrize("url", URLS)
def test_a_malformed_url_is_400_with_a_code_and_a_reason(toy: TestClient, url: str) -> None:
    response = toy.get(f"/graphql?{url}", headers={"accept": RESPONSE})
    assert response.status_code == 400
    assert codes(response)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/graphql",
        "application/xml",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "json",
        ";",
        "application/json, text/plain",
    ],
)
def test_a_body_that_is_not_said_to_be_json_is_415(toy: TestClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    response = toy.post("/graphql", content=PING, headers=headers)
    assert (response.status_code, codes(response)) == (415, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    "content_type", ["Application/JSON", "application/json;charset=UTF-8", 'application/json; charset="utf8"']
)
def test_json_may_be_said_in_several_ways(toy: TestClient, content_type: str) -> None:
    assert toy.post("/graphql", content=PING, headers={"content-type": content_type}).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "identity, gzip", "nonsense"])
def test_a_compressed_body_is_415(toy: TestClient, encoding: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": encoding}
    response = toy.post("/graphql", content=gzip.compress(PING), headers=headers)
    assert (response.status_code, codes(response)) == (415, ["BAD_REQUEST"])


def test_a_batch_is_refused_by_name(toy: TestClient) -> None:
    assert message(toy.post("/graphql", json=[{"query": "{ ping }"}])).startswith("Batches are not taken")


def test_duplicate_keys_the_last_of_them_counts(toy: TestClient) -> None:
    body = b'{"query": "{ nothing }", "query": "{ ping }"}'
    response = toy.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.json() == {"data": {"ping": "pong"}}


def test_a_body_over_the_cap_is_413_and_closes_the_connection(toy: TestClient) -> None:
    response = toy.post("/graphql", json={"query": "{ ping }", "pad": "x" * 1_000_000})
    assert (response.status_code, codes(response)) == (413, ["BAD_REQUEST"])
    assert response.headers["connection"] == "close"


def test_a_body_of_the_cap_is_taken(toy: TestClient) -> None:
    body = PING + b" " * (1_000_000 - len(PING))
    assert toy.post("/graphql", content=body, headers={"content-type": "application/json"}).status_code == 200


@pytest.fixture
async def running() -> AsyncIterator[Starlette]:
    """The toy server, started in the loop of the test."""
    application = toy_application(request_seconds=0.2)
    async with application.router.lifespan_context(application):
        yield application


async def test_a_body_without_a_length_is_read_no_further_than_the_cap(running: Starlette) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 100_000
            yield b" " * 100_000

    headers = {"content-type": "application/json"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(running), base_url="http://localhost") as client:
        response = await client.post("/graphql", content=endless(), headers=headers)
    assert response.status_code == 413
    assert read <= 1_200_000


async def test_a_body_that_does_not_arrive_is_408(running: Starlette) -> None:
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        answers.append(message)

    await running(post_scope(running), receive, send)
    assert answers[0]["status"] == 408
    assert b'"TIMEOUT"' in answers[1]["body"]


async def test_a_client_that_leaves_while_it_sends_is_not_answered(running: Starlette) -> None:
    answers: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answers.append(message)

    await running(post_scope(running), receive, send)
    assert answers == []


async def test_a_client_that_leaves_before_the_answer_makes_no_noise(running: Starlette) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": PING}

    async def send(_message: Any) -> None:
        raise OSError("gone")

    await running(post_scope(running), receive, send)


def post_scope(application: Starlette) -> dict[str, Any]:
    """What a server hands an application for a POST of JSON."""
    headers = [(b"content-type", b"application/json"), (b"host", b"localhost")]
    place = {"path": "/graphql", "raw_path": b"/graphql", "root_path": "", "query_string": b"", "scheme": "http"}
    return {"type": "http", "method": "POST", "headers": headers, "app": application, "http_version": "1.1", **place}
