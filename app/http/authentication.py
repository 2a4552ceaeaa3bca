"""Who sends a request: the seam between HTTP and access control.

The application is given an `Authenticate` when it is created, and asks it once for each GraphQL request, before the
body is read. Access control brings another function, and nothing else of `http` changes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection

from app.access.viewer import LOCAL_ADMIN, Viewer

Authenticate = Callable[[HTTPConnection], Awaitable[Viewer]]
"""From the headers, cookies and URL of a request to its viewer. Raises a `Denial` for a caller that is not let in: with
the code UNAUTHENTICATED it is answered with status 401, with any other with 403."""


async def authenticate_local_admin(_request: HTTPConnection) -> Viewer:
    """The local admin, whoever asks: for a server that only its own machine can reach."""
    return LOCAL_ADMIN
