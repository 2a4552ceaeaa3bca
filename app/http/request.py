"""From the URL or body of an HTTP request to a GraphQL request, or to a message that says why it is none.

The size, encoding and shape of a body are checked here. The document in it is checked in `prepare`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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
    """A well-formed request. Its document is not checked yet."""

    query: str | None
    operation_name: str | None = None
    variables: dict[str, object] = field(default_factory=dict)
    document_hash: str | None = None


def from_url(query_string: bytes) -> GraphQLRequest:
    """The request that a GET carries in its URL; `variables` and `extensions` are JSON in it."""
    given: dict[str, object] = {}
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
    body = await _read_body(headers, receive, limit)
    if not body.strip():
        raise Rejected(400, "The body is empty: send a JSON object with a query.")
    given = _parse_json(body, "The body")
    if isinstance(given, list):
        raise Rejected(400, "Batches are not taken: send one operation a request, as a JSON object.")
    if not isinstance(given, dict):
        raise Rejected(400, f"The body has to be a JSON object, not {_describe_json_type(given)}.")
    return _validate_parameters(given, body.count(b"[") + body.count(b"{") + body.count(b","))


async def _read_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The body, of at most `limit` bytes."""
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
    """The parameters of a URL as (name, value), in their order."""
    try:
        return parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except UnicodeDecodeError:
        raise Rejected(400, "The URL is not UTF-8, percent-encoded.") from None
    except ValueError:
        raise Rejected(400, "The URL has more than 20 parameters.") from None


def _parse_json(text: bytes, what: str) -> object:
    """The JSON value of a text; `what` names the text in messages."""
    if text.startswith(b"\xef\xbb\xbf"):
        raise Rejected(400, f"{what} is not JSON: it begins with a byte order mark.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Rejected(400, f"{what} is not JSON: {error}.") from None


def _validate_parameters(given: dict[str, object], marks: int) -> GraphQLRequest:
    """The request that has these parameters, checked for the types that the specification asks for.

    `marks` is at least the number of levels in `given`: where it is small, they need not be counted.
    """
    query, document_hash = given.get("query") or None, _document_hash(given)
    if query is None and document_hash is None:
        raise Rejected(400, "There is no query: send the GraphQL document as the string `query`.")
    if query is not None and not isinstance(query, str):
        raise Rejected(400, f"`query` has to be a string, not {_describe_json_type(query)}.")
    name = given.get("operationName")
    if name is not None and not isinstance(name, str):
        raise Rejected(400, f"`operationName` has to be a string, not {_describe_json_type(name)}.")
    variables, _ = [_object_parameter(given, name) for name in OBJECTS]
    if marks > MAX_DEPTH:
        _check_variables_size(variables)
    return GraphQLRequest(query, name or None, variables, document_hash)


def _object_parameter(given: dict[str, object], name: str) -> dict[str, object]:
    """A parameter that has to be a JSON object; empty where it is left out or null."""
    value = given.get(name)
    if value is not None and not isinstance(value, dict):
        raise Rejected(400, f"`{name}` has to be an object, not {_describe_json_type(value)}.")
    return value or {}


def _document_hash(given: dict[str, object]) -> str | None:
    """The SHA-256 that stands for a document: `documentId`, or `persistedQuery` among the extensions; or None."""
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


def _check_variables_size(variables: dict[str, object]) -> None:
    """Reject variables with too many levels or values; level by level, so that no depth exhausts the stack."""
    level: list[dict[str, object] | list[object]] = [variables]
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


def _describe_json_type(value: object) -> str:
    """The type of a JSON value with its article, as in "an array"."""
    names = (
        (bool, "a boolean"),
        ((int, float), "a number"),
        (str, "a string"),
        (list, "an array"),
        (dict, "an object"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "null")
