"""GraphQL over HTTP, as its specification has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.http.asking import JSON, RESPONSE, ask, codes, message
from tests.http.toy import toy_application

TWO = 'query A { ping } query B { echo(text: "b") }'


def test_a_query_is_answered_in_the_type_that_was_asked_for(toy: TestClient) -> None:
    for accept in (JSON, RESPONSE):
        response = ask(toy, "{ ping }", accept)
        assert (response.status_code, response.json()) == (200, {"data": {"ping": "pong"}})
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
        assert response.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ unknown }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { echo(number: $n) }", {"n": None}, "BAD_VARIABLES"),
        ("query ($n: Int!) { echo(number: $n) }", {"n": "1"}, "BAD_VARIABLES"),
        ("query ($n: Int!) { echo(number: $n) }", {}, "BAD_VARIABLES"),
        ("fragment F on Query { ping }", {}, "OPERATION_NOT_FOUND"),
        (TWO, {}, "OPERATION_NOT_FOUND"),
        ("{ me " + "{ best " * 20 + "{ name }" + "}" * 21, {}, "QUERY_TOO_COMPLEX"),
    ],
    ids=["syntax", "validation", "null", "wrong type", "missing", "no operation", "which operation", "too deep"],
)
def test_what_cannot_be_run_is_400_in_graphqls_own_type_and_200_in_plain_json(
    toy: TestClient, query: str, variables: dict[str, object], code: str
) -> None:
    own, plain = (ask(toy, query, accept, variables=variables) for accept in (RESPONSE, JSON))
    assert (own.status_code, plain.status_code) == (400, 200)
    for response in (own, plain):
        assert "data" not in response.json()
        assert set(codes(response)) == {code}


def test_a_field_that_fails_leaves_the_rest_and_the_status_200(toy: TestClient) -> None:
    response = ask(toy, '{ ping fails(how: "denial") }')
    assert (response.status_code, response.json()["data"]) == (200, {"ping": "pong", "fails": None})
    assert response.json()["errors"][0]["path"] == ["fails"]


def test_errors_stand_before_the_data(toy: TestClient) -> None:
    assert ask(toy, '{ ping fails(how: "denial") }').text.startswith('{"errors"')


def test_the_operation_that_is_named_is_run(toy: TestClient) -> None:
    assert ask(toy, TWO, operationName="B").json() == {"data": {"echo": "b"}}


def test_of_several_operations_none_is_run_without_a_name(toy: TestClient) -> None:
    response = ask(toy, TWO)
    assert "operationName" in message(response)
    assert "(A, B)" in message(response)


def test_an_unknown_operation_is_refused(toy: TestClient) -> None:
    assert message(ask(toy, TWO, operationName="C")) == "The document has no operation named 'C'."


def test_a_query_can_be_asked_by_get(toy: TestClient) -> None:
    query = quote("query A($t: String!) { echo(text: $t) } query B { ping }")
    response = toy.get(f'/graphql?query={query}&operationName=A&variables={{"t":"hé"}}&extensions={{}}')
    assert response.json() == {"data": {"echo": "hé"}}


def test_empty_parameters_of_a_get_are_as_good_as_none(toy: TestClient) -> None:
    response = toy.get("/graphql?query={ping}&operationName=&variables=&extensions=")
    assert response.json() == {"data": {"ping": "pong"}}


def test_a_mutation_by_get_is_405_and_says_how(toy: TestClient) -> None:
    response = toy.get("/graphql", params={"query": "mutation { touch }"})
    assert (response.status_code, response.headers["allow"], codes(response)) == (405, "POST", ["BAD_REQUEST"])
    assert ask(toy, "mutation { touch }").json() == {"data": {"touch": "touched"}}


def test_a_subscription_is_refused(toy: TestClient) -> None:
    response = ask(toy, "subscription { ticks }")
    assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_other_methods_are_405_with_allow(toy: TestClient, method: str) -> None:
    response = toy.request(method, "/graphql", json={"query": "{ ping }"})
    assert (response.status_code, codes(response)) == (405, ["BAD_REQUEST"])
    assert response.headers["allow"] == "GET, HEAD, POST, OPTIONS"


def test_options_tells_the_methods(toy: TestClient) -> None:
    response = toy.options("/graphql")
    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    assert "access-control-allow-origin" not in response.headers


def test_no_type_that_fits_is_406(toy: TestClient) -> None:
    response = ask(toy, "{ ping }", accept="text/plain")
    assert (response.status_code, response.headers["content-type"]) == (406, "application/json; charset=utf-8")


def test_a_browser_gets_the_page_and_a_browser_with_a_query_the_answer(toy: TestClient) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = toy.get("/graphql", headers=browser)
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["vary"] == "Accept"
    assert toy.get("/graphql?query={ping}", headers=browser).json() == {"data": {"ping": "pong"}}
    assert toy.get("/graphql").status_code == 400


def test_the_bare_address_leads_to_the_graph(toy: TestClient) -> None:
    response = toy.get("/", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "/graphql")


def test_what_is_not_there_is_told_in_the_shape_of_graphql(toy: TestClient) -> None:
    for path in ("/nothing", "/graphql/assets/../../settings.py", "/graphql/assets/nothing.js"):
        response = toy.get(path)
        assert (response.status_code, codes(response)) == (404, ["NOT_FOUND"])
    response = toy.post("/healthz")
    assert (response.status_code, codes(response)) == (405, ["BAD_REQUEST"])
    assert "GET" in response.headers["allow"]


def test_every_answer_has_the_headers_that_keep_a_browser_to_its_manners(toy: TestClient) -> None:
    answers = [ask(toy, "{ ping }"), toy.get("/nothing"), toy.get("/healthz"), toy.put("/graphql")]
    for response in (*answers, toy.get("/graphql", headers={"accept": "text/html"})):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert len(response.headers.get_list("cache-control")) == 1


def test_a_request_id_that_is_given_is_kept(toy: TestClient) -> None:
    response = toy.get("/graphql?query={ping}", headers={"x-request-id": "from-the-proxy_1.2:3"})
    assert response.headers["x-request-id"] == "from-the-proxy_1.2:3"


@pytest.mark.parametrize("given", ["", " ", "a b", "a\tb", "ü", "x" * 65, "<script>", "a,b"])
def test_a_request_id_that_is_none_is_replaced(toy: TestClient, given: str) -> None:
    response = toy.get("/healthz", headers={b"x-request-id": given.encode()})
    assert re.fullmatch(r"[0-9a-f]{24}", response.headers["x-request-id"])


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.2", "[::2]:80"]
)
def test_on_loopback_only_the_names_of_this_machine_are_answered(toy: TestClient, host: str) -> None:
    response = toy.get("/graphql?query={ping}", headers={"host": host})
    assert (response.status_code, codes(response)) == (421, ["BAD_REQUEST"])


@pytest.mark.parametrize("host", ["localhost", "LocalHost:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000"])
def test_on_loopback_this_machine_is_answered(toy: TestClient, host: str) -> None:
    assert toy.get("/graphql?query={ping}", headers={"host": host}).status_code == 200


@pytest.fixture
def networked() -> Iterator[TestClient]:
    """A server that was opened to its network."""
    application = toy_application(host="0.0.0.0", open_to_network=True)  # noqa: S104  # the setting under test
    with TestClient(application, base_url="http://graph.internal") as client:
        yield client


def test_opened_to_the_network_any_name_is_answered(networked: TestClient) -> None:
    assert ask(networked, "{ ping }").status_code == 200
