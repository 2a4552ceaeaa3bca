"""Two organizations that are probably one customer. Computed from both, stored nowhere, and a node all the same."""

from __future__ import annotations

from typing import ClassVar

import strawberry
from pydantic import Field

from app.access.viewer import Scope
from app.graph.choices import Choice, choices
from app.graph.edges import one
from app.graph.record import Node, record


@choices(description="What speaks for two organizations being one customer.")
class DuplicateReason(Choice):
    """What speaks for two organizations being one customer."""

    SAME_EXTERNAL_ID = "SAME_EXTERNAL_ID", "An external id or alias is the same but for case and punctuation."
    SHARED_EMAIL = "SHARED_EMAIL", "They are written to, or billed, at the same address."
    SAME_NAME = "SAME_NAME", "The names are the same but for case, accents, legal form, abbreviations or word order."
    SIMILAR_NAME = "SIMILAR_NAME", "The names differ by what may be typing errors, or by words of little meaning."
    ACRONYM = "ACRONYM", "One name is made of the first letters of the other."
    SAME_DOMAIN = "SAME_DOMAIN", "They claim the same e-mail domain, at which not just anybody has an address."


@record(description="Two organizations that are probably one customer, and why.")
class DuplicateCandidate(Node):
    """Two organizations that are probably one customer."""

    prefix: ClassVar = "dup"
    read_scope: ClassVar = Scope.CUSTOMERS

    score: float = Field(description="How probable it is, 0 to 1; comparable between candidates.")
    reasons: tuple[DuplicateReason, ...] = Field(description="What speaks for it, the strongest first.")

    organization_id: strawberry.Private[str]
    other_id: strawberry.Private[str]

    organization = one(
        "Organization",
        via="organizationId",
        required=True,
        doc="The one that was asked about; where none was, the one whose id comes first.",
    )
    other = one("Organization", via="otherId", required=True, doc="The one that is probably the same.")
