"""What a client sent, as a GraphQL request; or, in words, why it is none.

The body's size, encoding and shape are settled here, before any of it is understood as GraphQL. Not here: the document
itself (`prepare`), and what is answered (`graphql`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from app.errors import Code
from app.http.negotiation import JSON, UTF_8, parse_content_type

MAX_DEPTH, MAX_VALUES, MAX_CONTAINERS = 32, 50_000, 10_000
"""How deep `variables` may nest (deeper than any input type, shallower than any stack), and how many values, and lists
and objects among them, it may hold: a thousand rows of an import fit, what takes seconds to coerce does not."""

PARAMETERS = ("query", "operationName", "variables", "extensions", "documentId")
OBJECTS = ("variables", "extensions")
SHA_256 = re.compile(r"(?:sha256:)?[0-9A-Fa-f]{64}")


class Rejected(Exception):  # noqa: N818  # the client's doing, not a fault of the program
    """A request that is answered with an HTTP status of its own, whatever the media type, and a message."""

    def __init__(
        self, status: int, message: str, *, code: Code = Code.BAD_REQUEST, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A well-formed request. Its document may still be anything."""

    query: str | None
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    document_hash: str | None = None


def from_url(query_string: bytes) -> GraphQLRequest:
    """The request that a GET carries in its URL; `variables` and `extensions` are JSON in it."""
    given: dict[str, Any] = {}
    for name, text in _parse_parameters(query_string):
        if name in given:
            raise Rejected(400, f"The parameter {name} is given more than once.")
        if name in PARAMETERS and text:
            given[name] = _parse_json(text.encode(), f"The parameter {name}") if name in OBJECTS else text
    return _validate_parameters(given, len(query_string))


async def from_body(headers: Headers, receive: Receive, limit: int) -> GraphQLRequest:
    """The request that a POST carries in its body. At most `limit` bytes are read of it, however they come."""
    media_type, charset = parse_content_type(headers.get("content-type"))
    if media_type != JSON or charset not in UTF_8:
        raise Rejected(415, "The body has to be JSON in UTF-8: send Content-Type: application/json.")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Rejected(415, "The body has to come uncompressed: send no Content-Encoding.")
    body = await _read(headers, receive, limit)
    if not body.strip():
        raise Rejected(400, "The body is empty: send a JSON object with a query.")
    given = _parse_json(body, "The body")
    if isinstance(given, list):
        raise Rejected(400, "Batches are not taken: send one operation a request, as a JSON object.")
    if not isinstance(given, dict):
        raise Rejected(400, f"The body has to be a JSON object, not {_describe_json_type(given)}.")
    return _validate_parameters(given, body.count(b"[") + body.count(b"{") + body.count(b","))


async def _read(headers: Headers, receive: Receive, limit: int) -> bytes:
    # What was not read stands in the connection still, so that it cannot be used again.
    too_large = Rejected(413, f"The body is larger than {limit} bytes.", headers={"connection": "close"})
    announced = headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > limit):
        raise too_large
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _parse_parameters(query_string: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except UnicodeDecodeError:
        raise Rejected(400, "The URL is not UTF-8, percent-encoded.") from None
    except ValueError:
        raise Rejected(400, "The URL has more than 20 parameters.") from None


def _parse_json(text: bytes, what: str) -> Any:
    if text.startswith(b"\xef\xbb\xbf"):
        raise Rejected(400, f"{what} is not JSON: it begins with a byte order mark.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Rejected(400, f"{what} is not JSON: {error}.") from None


def _validate_parameters(given: dict[str, Any], marks: int) -> GraphQLRequest:
    """`given` with the types that the specification asks for; it has no more depth and no more values than `marks`."""
    query, document_hash = given.get("query") or None, _document_hash(given)
    if query is None and document_hash is None:
        raise Rejected(400, "There is no query: send the GraphQL document as the string `query`.")
    if query is not None and not isinstance(query, str):
        raise Rejected(400, f"`query` has to be a string, not {_describe_json_type(query)}.")
    name = given.get("operationName")
    if name is not None and not isinstance(name, str):
        raise Rejected(400, f"`operationName` has to be a string, not {_describe_json_type(name)}.")
    for key in OBJECTS:
        if given.get(key) is not None and not isinstance(given[key], dict):
            raise Rejected(400, f"`{key}` has to be an object, not {_describe_json_type(given[key])}.")
    variables = given.get("variables") or {}
    if marks > MAX_DEPTH:
        _check_variables_size(variables)
    return GraphQLRequest(query, name or None, variables, document_hash)


def _document_hash(given: dict[str, Any]) -> str | None:
    """The SHA-256 of a document that is known by it: `documentId`, or `persistedQuery` among the extensions."""
    extensions = given.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    named = given.get("documentId")
    if named is None and isinstance(persisted, dict):
        named = persisted.get("sha256Hash")
    if named is None:
        return None
    if not isinstance(named, str) or not SHA_256.fullmatch(named):
        raise Rejected(400, "A document's id is its SHA-256, in hexadecimal, with or without `sha256:` before it.")
    return named.removeprefix("sha256:").lower()


def _check_variables_size(variables: dict[str, Any]) -> None:
    """Refuse what is too deep or too much; level by level, so that no depth can exhaust the stack."""
    level: list[Any] = [variables]
    depth = values = containers = 0
    while level:
        depth, containers = depth + 1, containers + len(level)
        values += sum(map(len, level))
        for name, actual, allowed in (
            ("levels", depth, MAX_DEPTH),
            ("values", values, MAX_VALUES),
            ("lists and objects", containers, MAX_CONTAINERS),
        ):
            if actual > allowed:
                message = f"`variables` has more than {allowed} {name}."
                raise Rejected(400, message, code=Code.QUERY_TOO_COMPLEX)
        children = (parent.values() if isinstance(parent, dict) else parent for parent in level)
        level = [child for among in children for child in among if isinstance(child, (dict, list))]


def _describe_json_type(value: Any) -> str:
    """A JSON value as a person would call it."""
    names = (
        (bool, "a boolean"),
        ((int, float), "a number"),
        (str, "a string"),
        (list, "an array"),
        (dict, "an object"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "null")
