"""Two organizations that are probably one customer. Computed from both, stored nowhere, and a node all the same."""

from __future__ import annotations

from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.graph.choices import Choice, choices
from app.graph.edges import one
from app.graph.record import Node, record


@choices(description="Why two organizations are probably the same customer.")
class DuplicateReason(Choice):
    """What speaks for two organizations being one customer."""

    SAME_EXTERNAL_ID = "SAME_EXTERNAL_ID", "An external id or alias is the same, apart from case and punctuation."
    SHARED_EMAIL = "SHARED_EMAIL", "They have the same primary or billing e-mail address."
    SAME_NAME = "SAME_NAME", "The names differ only in case, accents, legal form, abbreviations or word order."
    SIMILAR_NAME = "SIMILAR_NAME", "The names differ only by possible typing errors or by words of little meaning."
    ACRONYM = "ACRONYM", "One name consists of the first letters of the other."
    SAME_DOMAIN = "SAME_DOMAIN", "They claim the same e-mail domain, which is not a public one."


@record(description="Two organizations that are probably the same customer, and why.")
class DuplicateCandidate(Node):
    """Two organizations that are probably one customer."""

    prefix: ClassVar = "dup"
    read_scope: ClassVar = Scope.CUSTOMERS

    score: float = Field(description="How likely it is, from 0 to 1; comparable between candidates.")
    reasons: tuple[DuplicateReason, ...] = Field(description="The reasons, strongest first.")

    organization_id: strawberry.Private[str]
    other_id: strawberry.Private[str]

    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The organization that was asked about; if none was given, the one with the smaller id.",
    )
    other = one(
        "Organization", via="otherId", required=True, doc="The organization that is probably the same customer."
    )
