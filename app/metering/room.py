"""What the room of usage brings."""

from __future__ import annotations

from app.entities.attribution import Attribution
from app.metering.attribution import attribute_events
from app.metering.queries import MeteringQueries
from app.room import Room

ROOM = Room(
    records=(Attribution,),
    queries=MeteringQueries,
    computed_edges={"Query.attribution": attribute_events},
)
