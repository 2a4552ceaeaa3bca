"""The root fields that lead to subscribers."""

from __future__ import annotations

from app.graph.roots import find, page


class SubscriberQueries:
    """The root fields that lead to subscribers."""

    subscriber = find("Subscriber", doc="One subscriber, by its id, e-mail address or subscriberId.")
    subscribers = page("Subscriber", doc="All subscribers.")
