"""How the tests ask, and what they look at in the answer."""

from __future__ import annotations

from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

RESPONSE = "application/graphql-response+json"
JSON = "application/json"


def ask(client: TestClient, query: str, accept: str = RESPONSE, **rest: Any) -> Response:
    """A well-formed POST."""
    return client.post("/graphql", json={"query": query, **rest}, headers={"accept": accept})


OF_REQUESTS = {
    "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "OPERATION_NOT_FOUND", "BAD_VARIABLES",
    "QUERY_TOO_COMPLEX",
}  # fmt: skip
"""The codes of requests that cannot be run."""


def codes(response: Response) -> list[str]:
    """The codes of the errors, in their order."""
    return [error["extensions"]["code"] for error in response.json().get("errors", [])]


def message(response: Response) -> str:
    """The message of the first error."""
    return str(response.json()["errors"][0]["message"])


def limits(response: Response) -> dict[str, int]:
    """The limits that were exceeded, and what the document came to."""
    errors = response.json().get("errors", [])
    return {error["extensions"]["limit"]: error["extensions"]["actual"] for error in errors}
