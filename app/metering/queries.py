"""The root fields that tell where usage comes from."""

from __future__ import annotations

from app.graph.declarations import REQUIRED, Argument
from app.graph.edges import computed
from app.graph.scalars import JSON
from app.metering.attribution import MAX_EVENTS

EVENT = (
    f"One event, a list of at most {MAX_EVENTS:,}, or the body that a client sends: of CloudEvents, Revenium's SDK, "
    "Lago's client, LiteLLM's callbacks, or this API's own form."
)


class MeteringQueries:
    """The root fields that tell where usage comes from."""

    attribution = computed(
        "Attribution",
        of=(),
        batch="Query.attribution",
        plural=True,
        doc="Which account caused these usage events, by which rule, and what else was considered: one for each event, "
        "in their order. Nothing is stored.",
        event=Argument(JSON, REQUIRED, EVENT),
    )
