"""Who is asking, and what that one may read. Every request has a viewer; while access is not configured it is the
local admin. Each edge and root field names the scope it reads under, and asks `may` before it reads."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Scope(enum.StrEnum):
    """What a record is read under. A record names one; every edge that leads to it is read under it. EXPLAIN is for how
    a request was answered."""

    CUSTOMERS = "customers:read"
    CREDENTIALS = "credentials:read"
    CATALOG = "catalog:read"
    BILLING = "billing:read"
    EXPLAIN = "explain:read"


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of one request."""

    id: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether this viewer may read what is read under `scope`."""
        return scope in self.scopes


LOCAL_ADMIN = Viewer(id="local-admin", scopes=frozenset(Scope))
"""The viewer of every request while access is not configured: the server is then reached from this machine only."""
