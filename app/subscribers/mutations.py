"""What can be done with subscribers."""

from __future__ import annotations

from app.writing.crud import create, delete, restore, update


class SubscriberMutations:
    """What can be done with subscribers."""

    create_subscriber = create("Subscriber", doc="Make a subscriber: a person or a service account.")
    update_subscriber = update(
        "Subscriber",
        doc="Change a subscriber. With another organization its credentials go there too, but for those elsewhere.",
    )
    delete_subscriber = delete("Subscriber", doc="Delete a subscriber. Refused while it has credentials.")
    restore_subscriber = restore("Subscriber", doc="Bring a deleted subscriber back, with its keys.")
