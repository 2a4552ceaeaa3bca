"""Who sends a request, and what that caller may do and see.

Every request has a viewer, which `http/authentication.py` finds out. Each edge and root field names the scope that it
reads under, and asks `may` before it reads. Nothing here reads a database.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Scope(enum.StrEnum):
    """What a record is read or written under.

    A record names one scope to be read under, and every edge that leads to it is read under that scope. A mutation
    names those that it writes under. EXPLAIN is for how a request was answered.
    """

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
class Everything:
    """The reach of a viewer who sees the records of every organization."""


@dataclass(frozen=True, slots=True)
class OrganizationSubtree:
    """The reach of a viewer who sees one organization, those underneath it, and what belongs to them."""

    organization_id: str


@dataclass(frozen=True, slots=True)
class OneSubscriber:
    """The reach of a viewer who sees one subscriber and what belongs to that subscriber."""

    subscriber_id: str


Reach = Everything | OrganizationSubtree | OneSubscriber


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of one request: an id, which audit entries name; the scopes it holds; whose records it reaches.

    Equal viewers see the same records, so a viewer can be part of a key under which reads are shared. Reads do not
    filter by `reach` yet: until they do, only a viewer that reaches everything may be given to a request.
    """

    id: str
    scopes: frozenset[Scope]
    reach: Reach

    def may(self, scope: Scope) -> bool:
        """Whether this viewer may do what needs `scope`."""
        return scope in self.scopes


LOCAL_ADMIN = Viewer(id="local-admin", scopes=frozenset(Scope), reach=Everything())
"""Whoever works on the machine that the server runs on, at the command line or through a loopback address."""
