"""Who is asking, and what that one may. Every request has a viewer; while access is not configured it is the
local admin. Each edge and root field names the scope it reads under, and asks `may` before it reads."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Scope(enum.StrEnum):
    """What a record is read or written under. A record names one to read it; every edge that leads to it is read under
    it. A mutation names those that it writes under. EXPLAIN is for how a request was answered."""

    CUSTOMERS = "customers:read"
    CREDENTIALS = "credentials:read"
    CATALOG = "catalog:read"
    BILLING = "billing:read"
    AUDIT = "audit:read"
    EXPLAIN = "explain:read"
    WRITE_CUSTOMERS = "customers:write"
    WRITE_CREDENTIALS = "credentials:write"
    WRITE_CATALOG = "catalog:write"
    WRITE_BILLING = "billing:write"


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of one request."""

    id: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether this viewer may do what needs `scope`."""
        return scope in self.scopes


LOCAL_ADMIN = Viewer(id="local-admin", scopes=frozenset(Scope))
"""The viewer of every request while access is not configured: the server is then reached from this machine only."""
