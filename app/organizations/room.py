"""What the room of organizations brings."""

from __future__ import annotations

from app.entities.duplicate import DuplicateCandidate
from app.entities.organization import Organization
from app.entities.usage_attribute import UsageAttribute
from app.organizations import candidates
from app.organizations.exporting import ORGANIZATIONS
from app.organizations.importing import OrganizationImporter
from app.organizations.importing_attributes import USAGE_ATTRIBUTES, UsageAttributeImporter
from app.organizations.mutations import OrganizationMutations
from app.organizations.queries import OrganizationQueries
from app.organizations.rules import OrganizationRules
from app.organizations.usage_attributes import UsageAttributeRules
from app.room import Room

ROOM = Room(
    records=(Organization, UsageAttribute, DuplicateCandidate),
    rules=(OrganizationRules, UsageAttributeRules),
    queries=OrganizationQueries,
    mutations=OrganizationMutations,
    computed_edges={"DuplicateCandidate.id": candidates.by_id},
    computed_connections={"Query.duplicateCandidates": candidates.duplicate_candidates},
    importers={"organizations": OrganizationImporter, "usage-attributes": UsageAttributeImporter},
    exporters={"organizations": ORGANIZATIONS, "usage-attributes": USAGE_ATTRIBUTES},
)
