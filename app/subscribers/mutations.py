"""What can be done with subscribers."""

from __future__ import annotations

from app.entities.subscriber import Subscriber
from app.subscribers.importing import SubscriberImporter
from app.subscribers.rules import SubscriberRules
from app.transfer.import_mutations import import_mutation
from app.writing.record_mutations import create, delete, restore, update


class SubscriberMutations:
    """What can be done with subscribers."""

    create_subscriber = create(SubscriberRules, doc="Make a subscriber: a person or a service account.")
    update_subscriber = update(
        SubscriberRules,
        doc="Change a subscriber. With another organization its credentials go there too, but for those elsewhere.",
    )
    delete_subscriber = delete(SubscriberRules, doc="Delete a subscriber. Refused while it has credentials.")
    restore_subscriber = restore(SubscriberRules, doc="Bring a deleted subscriber back, with its keys.")
    import_subscribers = import_mutation(
        "subscribers", Subscriber, SubscriberImporter, "Their organizations are there before."
    )
