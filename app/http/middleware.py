"""What every request and answer has, whatever its route: an id, headers for browsers, and errors as JSON.

Of GraphQL it knows only how an error is written.
"""

from __future__ import annotations

import re
import secrets

import orjson
import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Code
from app.http.masking import fault_message, log_fault
from app.http.negotiation import JSON

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),  # a query may stand in the URL
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Set on every answer that does not set them itself. Names are in lower case, as Starlette writes them."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def json_error(
    status: int, message: str, code: Code, headers: dict[str, str] | None = None, media_type: str = JSON
) -> Response:
    """An answer that is one GraphQL error and nothing else."""
    body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code.value}}]})
    return Response(body, status, headers, f"{media_type}; charset=utf-8")


def request_id(scope: Scope) -> str:
    """The id under which this request is logged and answered."""
    identity: str = scope["state"]["request_id"]
    return identity


async def respond_to_http_exception(request: Request, error: Exception) -> Response:
    """The answer, as JSON, to a request that no route takes (404, 405)."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    if status == 404:
        return json_error(404, "There is nothing here. The graph is at /graphql.", Code.NOT_FOUND)
    if status == 405:
        return json_error(405, f"{request.method} is not allowed here.", Code.BAD_REQUEST, dict(headers or {}))
    return json_error(status, "The request cannot be answered.", Code.BAD_REQUEST, dict(headers or {}))


class RequestMiddleware:
    """Gives each request an id and each answer its headers; turns whatever is raised inside into a 500.

    `hosts` are the host names that the server answers to; None is any. While access is open and only loopback is bound,
    a web page must not get in by having its own name resolve to this machine.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        identity = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(12)
        scope.setdefault("state", {})["request_id"] = identity
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = message.get("headers", ())
                named = {name for name, _ in own}
                missing = [header for header in HEADERS if header[0] not in named]
                message["headers"] = [*own, (b"x-request-id", identity.encode()), *missing]
            await send(message)

        app = self.app if self._answers_to(headers.get("host")) else _refuse_host
        with structlog.contextvars.bound_contextvars(request_id=identity):
            try:
                await app(scope, receive, send_with_headers)
            except (ClientDisconnect, OSError) as error:
                # The client left; there is nobody to answer. Anything else that is an OSError is our own.
                if isinstance(error, OSError) and not started:
                    await _fault_response(error, identity)(scope, receive, send_with_headers)
            except Exception as error:
                if started:
                    raise  # half an answer is out: only closing the connection tells the client so
                await _fault_response(error, identity)(scope, receive, send_with_headers)

    def _answers_to(self, host: str | None) -> bool:
        """Whether the server answers to what a Host header says."""
        if self.hosts is None or host is None:
            return True
        name, _, port = host.rpartition(":")
        return (name if port.isdigit() else host).lower() in self.hosts


def _fault_response(error: Exception, identity: str) -> Response:
    """The answer to a request that failed by a fault, which is logged."""
    log_fault(error, identity)
    return json_error(500, fault_message(identity), Code.INTERNAL)


async def _refuse_host(scope: Scope, receive: Receive, send: Send) -> None:
    """The application for requests under a host name that the server does not answer to."""
    message = "This server answers to the name of its own machine only, as in http://localhost."
    await json_error(421, message, Code.BAD_REQUEST)(scope, receive, send)


def allowed_hosts(host: str, is_loopback: bool) -> frozenset[str] | None:
    """The host names to answer to where `host` is bound; None is any."""
    return LOOPBACK | {host.lower(), f"[{host.lower()}]"} if is_loopback else None
