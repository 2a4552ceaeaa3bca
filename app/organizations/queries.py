"""The root fields that lead to organizations."""

from __future__ import annotations

from strawberry import UNSET

from app.entities.organization import Organization
from app.graph.computed_connection import computed_connection
from app.graph.declarations import Argument
from app.graph.roots import by_input, find, page


class OrganizationQueries:
    """The root fields that lead to organizations, and to what produces their usage."""

    organization = find("Organization", doc="One organization, by its id, external id or name.")
    organizations = page("Organization", doc="All organizations.")
    duplicate_candidates = computed_connection(
        "DuplicateCandidate",
        batch="Query.duplicateCandidates",
        behind=5_000,
        doc="Organizations that are probably the same customer, each pair once. For one organization, the "
        "most likely come first. For all organizations, pairs are in the order of ids and a page may "
        "have few or none: continue until `hasNextPage` is false.",
        of=Argument(
            by_input(Organization) | None,
            UNSET,
            "Only duplicates of this organization; of all organizations if omitted.",
        ),
        minimum_score=Argument(float, 0.75, "Only candidates with at least this score, from 0 to 1."),
    )
    usage_attribute = find("UsageAttribute", doc="One usage attribute, by its id or key.")
    usage_attributes = page("UsageAttribute", doc="All usage attributes.")
