"""GraphQL over HTTP, to the letter of its specification: by which method it is asked, with what status it is answered.

The answer's media type decides the status for a document that cannot be run: 400 in GraphQL's own type, where a status
is that of the GraphQL response, and 200 in plain JSON, where older clients take every other status for a proxy's.
A request is read in `request`, prepared in `prepare` and run in `execution`; `masking` words its errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NotRequired, TypedDict

import strawberry
from graphql import ExecutionResult, GraphQLFormattedError, OperationType
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.access.viewer import Viewer
from app.context import Context
from app.errors import Code, Denial
from app.graph.scalars import encode_json
from app.http.authentication import Authenticate
from app.http.document_cache import DocumentCache
from app.http.execution import Execution
from app.http.explaining import HEADER, Explainer
from app.http.graphiql import graphiql_page
from app.http.masking import TIMEOUT, UNKNOWN, fault_message, log_fault, mask_errors
from app.http.middleware import json_error, request_id
from app.http.negotiation import HTML, JSON, RESPONSE, choose_media_type
from app.http.persisted_documents import PersistedDocuments, load_manifest
from app.http.prepare import Preparation, PreparedDocument, RequestErrors
from app.http.redaction import contains_secret, redact_errors
from app.http.request import GraphQLRequest, Rejected, from_body, from_url
from app.mongo.client import Client
from app.mongo.request_coalescer import RequestCoalescer
from app.mongo.write_locks import WriteLocks
from app.settings import Settings

RunOperation = Callable[[PreparedDocument, Mapping[str, object], Context], Awaitable[ExecutionResult]]

METHODS = "GET, HEAD, POST, OPTIONS"


class ResponseBody(TypedDict):
    """A GraphQL response; without `data` where the operation did not begin."""

    errors: NotRequired[list[GraphQLFormattedError]]
    data: NotRequired[object]
    extensions: NotRequired[dict[str, object]]


class GraphQLEndpoint:
    """The one endpoint of the graph, as an ASGI application; the database is the application's `state.store`."""

    def __init__(
        self,
        schema: strawberry.Schema,
        settings: Settings,
        connect_traced: Callable[[], Client],
        authenticate: Authenticate,
    ) -> None:
        self.settings = settings
        self.authenticate = authenticate
        self.documents = DocumentCache(Preparation(schema._schema, settings))  # it has no public name
        self.execution = Execution(schema, settings.request_seconds, planning=settings.planning)
        self.coalescer, self.write_locks = RequestCoalescer(), WriteLocks()
        self.persisted = PersistedDocuments(
            load_manifest(settings.trusted_documents), trusted_only=settings.trusted_only
        )
        self.explainer = Explainer(self.execution, connect_traced)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            response = await self._respond(scope, headers, receive)
        except Rejected as why:
            media_type = choose_media_type(headers.get("accept"), (RESPONSE, JSON)) or JSON
            response = json_error(why.status, why.message, why.code, why.headers, media_type)
        response.headers.setdefault("vary", "Accept")
        await response(scope, receive, send)

    async def _respond(self, scope: Scope, headers: Headers, receive: Receive) -> Response:
        """The answer to a request of any method; raises `Rejected` where HTTP alone says what is wrong."""
        method = scope["method"]
        if method == "OPTIONS":
            return Response(status_code=204, headers={"allow": METHODS})
        if method not in ("GET", "HEAD", "POST"):
            raise Rejected(
                405, f"{method} is not allowed here: use POST, or GET for queries.", headers={"allow": METHODS}
            )
        reads_only = method != "POST"
        asks = any(name in scope["query_string"] for name in (b"query=", b"documentId=", b"persistedQuery"))
        offered = (RESPONSE, JSON, HTML) if reads_only and not asks else (RESPONSE, JSON)
        media_type = choose_media_type(headers.get("accept"), offered)
        if media_type is None:
            raise Rejected(406, f"The answer comes as {RESPONSE} or {JSON}; the Accept header takes neither.")
        if media_type == HTML:
            return graphiql_page()
        viewer = await self._viewer(scope)
        request = from_url(scope["query_string"]) if reads_only else await self._read_body(headers, receive)
        run = self.explainer.run if headers.get(HEADER) == "plan" else self.execution.run
        return await self._run_request(request, reads_only, media_type, scope, viewer, run)

    async def _viewer(self, scope: Scope) -> Viewer:
        """Who sends the request; `Rejected` where the caller is not let in."""
        try:
            return await self.authenticate(HTTPConnection(scope))
        except Denial as denied:
            if denied.code is not Code.UNAUTHENTICATED:
                raise Rejected(403, denied.message, code=denied.code) from None
            headers = {"www-authenticate": "Bearer"}
            raise Rejected(401, denied.message, code=denied.code, headers=headers) from None

    async def _read_body(self, headers: Headers, receive: Receive) -> GraphQLRequest:
        """The request in the body, which has to arrive within the deadline."""
        try:
            async with asyncio.timeout(self.settings.request_seconds):
                return await from_body(headers, receive, self.settings.max_body_bytes)
        except TimeoutError:
            message = f"The body did not arrive within {self.settings.request_seconds:g} seconds."
            raise Rejected(408, message, code=Code.TIMEOUT, headers={"connection": "close"}) from None

    async def _run_request(
        self,
        request: GraphQLRequest,
        reads_only: bool,
        media_type: str,
        scope: Scope,
        viewer: Viewer,
        run: RunOperation,
    ) -> Response:
        """The answer to a well-formed request: its document is prepared, and the operation run as its viewer."""
        identity, text = request_id(scope), self.persisted.find_text(request)
        try:
            prepared = self.documents.prepare(text, request.operation_name, request.variables)
        except RequestErrors as refused:
            has_secret = contains_secret(text, request.variables)
            errors = redact_errors(refused.errors) if has_secret else refused.errors
            return _refusal_response(mask_errors(errors, identity, refused.code), media_type, identity)
        if prepared.operation.operation is OperationType.SUBSCRIPTION:
            raise Rejected(400, "Subscriptions are not served here: send a query or a mutation.")
        if reads_only and not prepared.is_query:
            raise Rejected(405, "A mutation changes data: send it by POST.", headers={"allow": "POST"})
        state = scope["app"].state
        context = Context(
            store=state.store,
            viewer=viewer,
            coalescer=self.coalescer,
            write_locks=self.write_locks,
            cipher=state.cipher,
        )
        try:
            result = await run(prepared, request.variables, context)
        except TimeoutError:
            return _deadline_response(prepared, media_type)
        except Denial as denied:
            raise Rejected(403, denied.message, code=denied.code) from None
        if result.errors and contains_secret(text, request.variables):
            result = ExecutionResult(result.data, redact_errors(result.errors), result.extensions)
        return _result_response(result, media_type, identity)


def _result_response(result: ExecutionResult, media_type: str, identity: str) -> Response:
    """The answer with the result of an operation. One whose errors have no path did not begin, and has no data."""
    errors = result.errors or []
    if result.data is None and errors and all(error.path is None for error in errors):
        return _refusal_response(mask_errors(errors, identity), media_type, identity)
    content: ResponseBody = {"errors": mask_errors(errors, identity)} if errors else {}
    content["data"] = result.data
    if result.extensions:
        content["extensions"] = result.extensions
    return _json_response(content, 200, media_type, identity)


def _refusal_response(errors: list[GraphQLFormattedError], media_type: str, identity: str) -> Response:
    """The answer to a document that cannot be run."""
    return _json_response({"errors": errors}, 400 if media_type == RESPONSE else 200, media_type, identity)


def _deadline_response(prepared: PreparedDocument, media_type: str) -> Response:
    """The answer after the deadline: a query can be asked again; whether a mutation was done is not known."""
    code, message = (Code.TIMEOUT, TIMEOUT) if prepared.is_query else (Code.OUTCOME_UNKNOWN, UNKNOWN)
    return json_error(504, message, code, media_type=media_type)


def _json_response(content: ResponseBody, status: int, media_type: str, identity: str) -> Response:
    """The answer as JSON; INTERNAL where the data cannot be written as JSON."""
    try:
        body = encode_json(content)
    except TypeError as error:
        # A scalar let through what is no JSON, as an integer of more than 64 bits.
        log_fault(error, identity)
        return json_error(500, fault_message(identity), Code.INTERNAL, media_type=media_type)
    return Response(body, status, media_type=f"{media_type}; charset=utf-8")
