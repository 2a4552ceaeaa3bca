"""The root field that leads to what was done."""

from __future__ import annotations

from app.graph.roots import page


class AuditQueries:
    """The root field that leads to what was done."""

    audit_log = page("AuditEntry", doc="Everything that was written: who, when, what, before and after.")
