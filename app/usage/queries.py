"""The root fields that lead to what produces usage."""

from __future__ import annotations

from app.graph.roots import find, page


class UsageQueries:
    """The root fields that lead to what produces usage."""

    usage_attribute = find("UsageAttribute", doc="One usage attribute, by its id or key.")
    usage_attributes = page("UsageAttribute", doc="All usage attributes.")
