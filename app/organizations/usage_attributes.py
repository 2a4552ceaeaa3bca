"""What may be written of a usage attribute: its key has one owner, and shares a namespace with external ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from app.entities.identifiers import external_id
from app.entities.texts import one_of, text
from app.entities.usage_attribute import UsageAttribute, UsageAttributeKind
from app.mongo.client import Doc
from app.organizations.lifecycle import CUSTOM_METADATA
from app.writing.inputs import Field, Inputs, Reference
from app.writing.lifecycle import Key, Lifecycle


class UsageAttributeLifecycle(Lifecycle):
    """Usage attributes."""

    record = UsageAttribute
    inputs: ClassVar[Inputs] = (
        Field("kind", one_of(UsageAttributeKind), required=True),
        Field("key", external_id, required=True),
        Field("display_name", text(256)),
        CUSTOM_METADATA,
        Reference("organization", "Organization", "organizationId", "Whose usage it produces.", required=True),
    )

    def claims(self, doc: Doc) -> Iterable[Key]:
        yield "customer", doc["key"], "key"
