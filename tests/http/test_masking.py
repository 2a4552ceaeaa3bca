"""What a client is told of what went wrong, and what it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
import structlog
from pymongo.errors import OperationFailure
from starlette.testclient import TestClient
from strawberry.extensions import QueryDepthLimiter
from structlog.testing import capture_logs

from app.errors import CODES, Code, SetupError
from app.graph.error_codes import ErrorCode
from app.http.execution import Execution
from app.http.masking import MAX_LOGGED, describe_database_error
from tests.http.asking import ask, codes, message
from tests.http.toy import SECRET, Mutation, toy_application


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("denial", "NOT_FOUND"),
        ("refusal", "BAD_ARGUMENT"),
        ("graphql", "INTERNAL"),
        ("key", "INTERNAL"),
        ("duplicate", "INTERNAL"),
        ("operation", "INTERNAL"),
        ("late", "TIMEOUT"),
        ("network", "TIMEOUT"),
        ("deadline", "TIMEOUT"),
        ("away", "UNAVAILABLE"),
        ("reconnect", "UNAVAILABLE"),
        ("connection", "UNAVAILABLE"),
        ("lost", "OUTCOME_UNKNOWN"),
    ],
)
def test_what_is_raised_gets_its_code_and_tells_nothing(toy: TestClient, how: str, code: str) -> None:
    with capture_logs():
        response = ask(toy, "query ($how: String!) { fails(how: $how) }", variables={"how": how})
    assert (response.status_code, codes(response)) == (200, [code])
    assert SECRET not in response.text
    assert "hunter2" not in response.text
    assert response.json()["errors"][0]["path"] == ["fails"]


def test_a_denial_keeps_its_message_and_its_facts(toy: TestClient) -> None:
    error = ask(toy, '{ fails(how: "denial") }').json()["errors"][0]
    assert error["message"] == "No organization has that name."
    assert error["extensions"] == {"code": "NOT_FOUND", "name": "Acme"}


def test_a_refusal_that_has_no_payload_says_its_problems(toy: TestClient) -> None:
    assert message(ask(toy, '{ fails(how: "refusal") }')) == "A name is needed."


@pytest.mark.parametrize("query", ["{ neverNull }", "{ tooBigForInt }", '{ fails(how: "key") }'])
def test_a_fault_is_logged_with_its_traceback_and_the_id_that_the_client_sees(toy: TestClient, query: str) -> None:
    with capture_logs() as logs:
        response = ask(toy, query)
    identity = response.headers["x-request-id"]
    assert message(response) == f"Something went wrong on our side. Request id: {identity}"
    assert codes(response) == ["INTERNAL"]
    (fault,) = [log for log in logs if log["event"] == "fault"]
    assert fault["request_id"] == identity
    assert fault["log_level"] == "error"
    assert "Error" in fault["exception"]


def test_what_cannot_be_written_as_json_is_a_fault(toy: TestClient) -> None:
    with capture_logs() as logs:
        response = ask(toy, "{ tooBigForJson }")
    assert (response.status_code, codes(response)) == (500, ["INTERNAL"])
    assert [log["event"] for log in logs] == ["fault"]


def test_many_faults_of_one_response_are_logged_a_few_times(toy: TestClient) -> None:
    with capture_logs() as logs:
        response = ask(toy, "{" + "".join(f'a{i}: fails(how: "key") ' for i in range(20)) + "}")
    assert codes(response) == ["INTERNAL"] * 20
    assert len(logs) == MAX_LOGGED + 1


def test_a_late_database_is_on_record_without_its_words(toy: TestClient) -> None:
    with capture_logs() as logs:
        ask(toy, '{ fails(how: "away") }')
    assert [(log["log_level"], log["code"], log["error"]) for log in logs] == [
        ("warning", "UNAVAILABLE", "ServerSelectionTimeoutError")
    ]


@pytest.mark.parametrize("variables", [None, {"v": "abc"}])
def test_what_a_scalars_parser_raises_within_is_not_told(toy: TestClient, variables: dict[str, Any] | None) -> None:
    document = "query ($v: Strict!) { strict(value: $v) }" if variables else '{ strict(value: "abc") }'
    response = ask(toy, document, variables=variables)
    assert (response.status_code, codes(response)) == (
        400,
        ["BAD_VARIABLES" if variables else "GRAPHQL_VALIDATION_FAILED"],
    )
    assert "Expected value of type 'Strict" in response.text
    assert "pydantic" not in response.text
    assert "validation error" not in response.text


@pytest.mark.parametrize("variables", [None, {"v": "abc"}])
def test_what_a_scalar_says_to_the_caller_is_told(toy: TestClient, variables: dict[str, Any] | None) -> None:
    document = "query ($v: Plain!) { plain(value: $v) }" if variables else '{ plain(value: "abc") }'
    assert "A Plain is a whole number." in message(ask(toy, document, variables=variables))


def test_an_argument_that_is_found_wrong_while_running_is_the_clients_affair(toy: TestClient) -> None:
    response = ask(toy, "query ($n: Int) { echo(number: $n) }", variables={"n": None})
    assert (response.status_code, codes(response)) == (200, ["BAD_ARGUMENT"])


def test_a_long_quotation_is_cut(toy: TestClient) -> None:
    assert len(message(ask(toy, "{ " + "x" * 5_000 + " }"))) == 501


@pytest.fixture
def hasty() -> Iterator[TestClient]:
    """A server whose requests have a tenth of a second."""
    with TestClient(toy_application(request_seconds=0.1), base_url="http://localhost") as client:
        yield client


def test_a_query_over_the_deadline_is_a_timeout(hasty: TestClient) -> None:
    response = ask(hasty, "{ slow(seconds: 30) }")
    assert (response.status_code, codes(response)) == (504, ["TIMEOUT"])
    assert "data" not in response.json()


def test_what_became_of_a_mutation_over_the_deadline_is_not_known(hasty: TestClient) -> None:
    response = ask(hasty, "mutation { slow(seconds: 30) }")
    assert (response.status_code, codes(response)) == (504, ["OUTCOME_UNKNOWN"])


def test_what_is_raised_outside_of_graphql_is_masked_too() -> None:
    application = toy_application()
    with TestClient(application, base_url="http://localhost") as client:
        application.state._state.clear()  # as if the store had never been opened
        with capture_logs() as logs:
            response = ask(client, "{ ping }")
    assert (response.status_code, codes(response)) == (500, ["INTERNAL"])
    assert response.headers["x-request-id"] in message(response)
    assert [log["event"] for log in logs] == ["fault"]


def test_the_request_id_is_in_the_context_of_every_log_line_and_gone_afterwards(toy: TestClient) -> None:
    ask(toy, "{ ping }")
    assert structlog.contextvars.get_contextvars() == {}


def test_a_schema_whose_extensions_would_not_run_is_refused() -> None:
    schema = strawberry.Schema(Mutation, extensions=[lambda: QueryDepthLimiter(max_depth=3)])
    with pytest.raises(SetupError, match="extensions"):
        Execution(schema, 1)


def test_no_code_is_made_up() -> None:
    assert set(CODES) == set(Code)
    assert {each.value: each.doc for each in ErrorCode} == CODES


@pytest.mark.parametrize("code", [91, 189, 11600])
def test_a_database_that_is_going_is_unavailable_and_no_fault(code: int) -> None:
    told = describe_database_error(OperationFailure("interrupted at shutdown", code))
    assert told is not None
    assert told[0] is Code.UNAVAILABLE


def test_a_transaction_that_was_undone_may_be_sent_again() -> None:
    error = OperationFailure("no such transaction", 251, {"errorLabels": ["TransientTransactionError"]})
    told = describe_database_error(error)
    assert told is not None
    assert told[0] is Code.UNAVAILABLE
