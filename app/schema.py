"""The rooms of the product, and the GraphQL schema that they make: one per process."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from app.billing import room as billing
from app.catalog import room as catalog
from app.credentials import room as credentials
from app.entities.audit_entry import AuditEntry
from app.graph.check import check_declarations
from app.graph.error_codes import ErrorCode
from app.graph.nodes import node, nodes
from app.graph.ownership import OnMerge, PlainCollection
from app.graph.record import RECORDS, declarations_of
from app.graph.roots import query
from app.graph.scalars import SCALARS
from app.graph.sdl import print_sdl
from app.graph.search import search
from app.metering import room as metering
from app.mongo import keys
from app.onboarding import room as onboarding
from app.organizations import room as organizations
from app.organizations.handed_over import declare_counts
from app.organizations.subtrees import LOCKS
from app.room import Room, register
from app.subscribers import room as subscribers
from app.transfer import import_cursor
from app.writing import idempotency
from app.writing.metadata import MetadataMutations
from app.writing.mutation import mutation_root
from app.writing.queries import AuditQueries

WRITING = Room(
    records=(AuditEntry,),
    queries=AuditQueries,
    mutations=MetadataMutations,
    collections=(
        PlainCollection(keys.COLLECTION, keys.INDEXES, {"recordId": OnMerge.TREE}),
        PlainCollection(keys.PAST, keys.PAST_INDEXES, {"recordId": OnMerge.READ_THROUGH}),
        PlainCollection(idempotency.COLLECTION, idempotency.INDEXES, {"result": OnMerge.NOTHING}),
        PlainCollection(LOCKS, (), {}),
    ),
)
TRANSFER = Room(collections=(PlainCollection(import_cursor.COLLECTION, import_cursor.INDEXES, {}),))
ROOMS = (
    organizations.ROOM,
    subscribers.ROOM,
    credentials.ROOM,
    catalog.ROOM,
    billing.ROOM,
    onboarding.ROOM,
    metering.ROOM,
    WRITING,
    TRANSFER,
)
"""Everything that the product can do; in an order in which a customer's files can be imported."""

COLLECTIONS = [collection for room in ROOMS for collection in room.collections]
IMPORTERS = {kind: importer for room in ROOMS for kind, importer in room.importers.items()}
"""Every kind of record that can be imported, by its plural. Each run has an importer of its own."""
EXPORTERS = {kind: exporter for room in ROOMS for kind, exporter in room.exporters.items()}

register(ROOMS)
declare_counts()


class Roots:
    """The root fields that belong to no room."""

    node = node(doc="Any record by its id.")
    nodes = nodes(doc="Any records by their ids, in their order.")
    search = search(doc="Records whose names, e-mail addresses, keys or numbers hold all the words of a text.")


def bases(classes: Iterable[type]) -> tuple[type, ...]:
    """Classes of root fields, each once."""
    return tuple(dict.fromkeys(classes))


Query = query(type("Query", bases((Roots, *(room.queries for room in ROOMS))), {}))
Mutation = mutation_root(type("Mutation", bases(room.mutations for room in ROOMS), {}))
ROOTS = declarations_of(Query)


DESCRIPTION = (
    "The customer layer of usage-based billing: who is the customer, who is using the service, which key a call came "
    "from, and what they owe."
)


@cache
def build_schema() -> strawberry.Schema:
    """The schema, its declarations checked."""
    check_declarations(ROOTS)
    types = [*RECORDS.values(), ErrorCode]
    schema = strawberry.Schema(Query, Mutation, types=types, config=StrawberryConfig(scalar_map=SCALARS))
    schema._schema.description = DESCRIPTION  # Strawberry has no parameter for it
    return schema


def sdl() -> str:
    """The text of `schema.graphql`."""
    return print_sdl(build_schema())
