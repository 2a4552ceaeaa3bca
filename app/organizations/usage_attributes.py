"""What may be written of a usage attribute: its key has one owner, and shares a namespace with external ids."""

from __future__ import annotations

from typing import ClassVar

from app.entities.organization import Organization
from app.entities.usage_attribute import UsageAttribute
from app.errors import Problems
from app.organizations.unclassified import validate_customer
from app.writing.inputs import CUSTOM_METADATA, Field, Inputs, Reference
from app.writing.rules import Rules
from app.writing.work import Work


class UsageAttributeRules(Rules[UsageAttribute]):
    """Usage attributes."""

    record = UsageAttribute
    is_made_along = True
    inputs: ClassVar[Inputs] = (
        Field("kind"),
        Field("key"),
        Field("display_name"),
        CUSTOM_METADATA,
        Reference(
            "organization",
            Organization,
            "organizationId",
            "The organization its usage is attributed to.",
            required=True,
        ),
    )

    async def validate(
        self, work: Work, before: UsageAttribute | None, after: UsageAttribute, problems: Problems
    ) -> None:
        if before is None or after.organization_id != before.organization_id:
            validate_customer(after.organization_id, problems)
