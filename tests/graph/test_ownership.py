"""What becomes of owned records is said on the edge, of every id that is stored, or the program does not start."""

from __future__ import annotations

from typing import ClassVar

import pytest
import strawberry

from app.access.viewer import Scope
from app.entities.organization import Organization
from app.graph.edges import one
from app.graph.ownership import Blocker, OnMerge, Ownership, PlainCollection
from app.graph.ownership_check import ownership_problems
from app.graph.record import Embedded, Record, order, stored_records
from app.schema import COLLECTIONS, build_schema
from app.writing.owned import owned_edges


class Badge(Record):
    """A record that holds ids and says nothing of them."""

    collection: ClassVar = "badges"
    prefix: ClassVar = "bdg"
    read_scope: ClassVar = Scope.CUSTOMERS
    orders: ClassVar = (order("created_at", "By when it was made."),)

    organization_id: strawberry.Private[str]
    sponsor_id: strawberry.Private[str | None] = None

    organization = one("Organization", via="organizationId", doc="Whose it is.")


class Note(Embedded):
    """A value inside a record that holds an id."""

    author_id: str


class Board(Record):
    """A record with such a value, and an ownership that fits nothing."""

    collection: ClassVar = "boards"
    prefix: ClassVar = "brd"
    read_scope: ClassVar = Scope.CUSTOMERS
    orders: ClassVar = (order("created_at", "By when it was made."),)

    notes: tuple[Note, ...] = ()
    organization_id: strawberry.Private[str]
    sponsor_id: strawberry.Private[str | None] = None

    organization = one(
        "Organization",
        via="organizationId",
        doc="Whose it is.",
        owned=Ownership(on_merge=OnMerge.SWEEP, blocks_delete=Blocker("boards", "title", "Delete them first.")),
    )
    sponsor = one("Plan", via="sponsorId", doc="What.", owned=Ownership(on_merge=OnMerge.SWEEP))


def test_every_record_of_the_product_says_what_the_ids_in_it_mean() -> None:
    build_schema()
    assert [text for record in stored_records().values() for text in ownership_problems(record)] == []


def test_an_edge_to_what_can_be_merged_says_what_a_merge_does() -> None:
    assert list(ownership_problems(Badge)) == [
        "Badge.organization leads to Organization, which can be merged: say what a merge does with it (on_merge)",
        "Badge.sponsorId holds ids and no edge goes by it",
    ]


def test_ids_inside_values_are_accounted_for_and_names_are_those_of_stored_fields() -> None:
    assert set(ownership_problems(Board)) == {
        "Board.organization: title is not stored",
        "Board.sponsor says what a merge does with it, but no Plan is ever merged",
        "Note.authorId holds ids and no edge goes by it",
    }


def test_a_collection_without_records_cannot_reassign() -> None:
    with pytest.raises(ValueError, match="can sweep its ids, not reassign them"):
        PlainCollection("totals", (), {"organizationId": OnMerge.REASSIGN})


def test_every_collection_of_the_product_is_declared() -> None:
    declared = {each.name for each in COLLECTIONS} | {each.collection for each in stored_records().values()}
    assert {"keys", "idempotencyKeys", "importCursors", "locks"} <= declared


def test_what_belongs_to_an_organization_follows_from_the_edges() -> None:
    blocking = [edge.record.__name__ for edge in owned_edges(Organization) if edge.ownership.blocks_delete]
    assert blocking == ["Organization", "Subscriber", "Credential", "UsageAttribute", "PlanSubscription", "Invoice"]
    counted = {edge.record.__name__ for edge in owned_edges(Organization) if edge.ownership.is_counted}
    assert counted == {"Subscriber", "Credential", "UsageAttribute", "PlanSubscription", "Invoice"}
