"""`GET /schema.graphql`: the schema as a file, for code generators and editors, where any document may be run."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from app.errors import Code
from app.http.middleware import json_error

TRUSTED_ONLY = "Only trusted documents are run here, so the schema is not shown: take it from the project."


class SchemaFile:
    """The endpoint that serves the schema's text."""

    def __init__(self, sdl: str, *, is_shown: bool) -> None:
        self.content, self.is_shown = sdl.encode(), is_shown
        self.tag = f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'

    async def serve(self, request: Request) -> Response:
        """The schema; 304 where the client has it already, and 403 where introspection is not allowed either."""
        if not self.is_shown:
            return json_error(403, TRUSTED_ONLY, Code.FORBIDDEN)
        headers = {"etag": self.tag, "cache-control": "no-cache"}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self.content, headers=headers, media_type="text/plain")
