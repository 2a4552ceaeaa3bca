"""The GraphQL schema: every room's root fields over every record's edges. One per process."""

from __future__ import annotations

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from app.billing import statements
from app.billing.queries import BillingQueries
from app.catalog import entitlements
from app.catalog.mutations import CatalogMutations
from app.catalog.queries import CatalogQueries
from app.credentials.mutations import CredentialMutations
from app.credentials.queries import CredentialQueries
from app.entities import (  # noqa: F401  # they register their records
    audit_entry,
    billing_profile,
    catalog,
    credential,
    duplicate,
    invoice,
    organization,
    statement,
    subscriber,
    subscription,
    usage_attribute,
)
from app.graph.check import check_declarations
from app.graph.nodes import node, nodes
from app.graph.record import RECORDS, declarations_of
from app.graph.registry import ConnectionReader, EdgeReader, register_computed_connections, register_computed_edges
from app.graph.roots import query
from app.graph.scalars import SCALARS
from app.graph.search import search
from app.onboarding.mutations import OnboardingMutations
from app.organizations import (
    candidates,
    usage_attributes,  # noqa: F401
)
from app.organizations import lifecycle as organizations  # noqa: F401  # it registers itself
from app.organizations.mutations import OrganizationMutations, OrganizationPreviews, UsageAttributeMutations
from app.organizations.queries import OrganizationQueries
from app.subscribers import lifecycle as subscribers  # noqa: F401
from app.subscribers.mutations import SubscriberMutations
from app.subscribers.queries import SubscriberQueries
from app.transfer.row_mutations import ImportMutations
from app.writing.metadata import MetadataMutations
from app.writing.mutation import mutation_root
from app.writing.queries import AuditQueries


@query
class Query(
    OrganizationQueries,
    SubscriberQueries,
    CredentialQueries,
    CatalogQueries,
    BillingQueries,
    AuditQueries,
    OrganizationPreviews,
):
    """Where every question starts."""

    node = node(doc="Any record by its id.")
    nodes = nodes(doc="Any records by their ids, in their order.")
    search = search(doc="Records whose names, e-mail addresses, keys or numbers hold all the words of a text.")


@mutation_root
class Mutation(
    OrganizationMutations,
    SubscriberMutations,
    CredentialMutations,
    UsageAttributeMutations,
    CatalogMutations,
    MetadataMutations,
    OnboardingMutations,
    ImportMutations,
):
    """Everything that changes something."""


ROOTS = declarations_of(Query)

EDGE_READERS: dict[str, EdgeReader] = {
    "Organization.features": entitlements.of_organizations,
    "Organization.statements": statements.of_organizations,
    "Organization.statement": statements.of_organization,
    "Credential.statement": statements.of_credentials,
    "Statement.id": statements.by_id,
    "DuplicateCandidate.id": candidates.by_id,
}
CONNECTION_READERS: dict[str, ConnectionReader] = {"Query.duplicateCandidates": candidates.duplicate_candidates}


@cache
def build_schema() -> strawberry.Schema:
    """The schema, its declarations checked."""
    register_computed_edges(EDGE_READERS)
    register_computed_connections(CONNECTION_READERS)
    check_declarations(ROOTS)
    types = list(RECORDS.values())
    return strawberry.Schema(Query, Mutation, types=types, config=StrawberryConfig(scalar_map=SCALARS))


def sdl() -> str:
    """The schema as `schema.graphql` has it: definitions sorted by name, whatever the order they were built in."""
    definitions = build_schema().as_str().split("\n\n")
    return "\n\n".join(definitions) + "\n"
