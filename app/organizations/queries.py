"""The root fields that lead to organizations."""

from __future__ import annotations

from app.graph.roots import find, page


class OrganizationQueries:
    """The root fields that lead to organizations."""

    organization = find("Organization", doc="One organization, by its id, external id or name.")
    organizations = page("Organization", doc="All organizations.")
