"""What can be done with subscribers."""

from __future__ import annotations

from app.entities.subscriber import Subscriber
from app.subscribers.importing import SubscriberImporter
from app.subscribers.rules import SubscriberRules
from app.transfer.import_mutations import import_mutation
from app.writing.record_mutations import create, delete, restore, update
from app.writing.upserting import upsert


class SubscriberMutations:
    """What can be done with subscribers."""

    create_subscriber = create(SubscriberRules, doc="Create a subscriber: a person or a service account.")
    update_subscriber = update(
        SubscriberRules,
        doc="Update a subscriber. If its organization changes, its credentials in the old organization move with it.",
    )
    upsert_subscriber = upsert(
        SubscriberRules, doc="Change the subscriber that has this e-mail address or subscriberId, or create it."
    )
    delete_subscriber = delete(SubscriberRules, doc="Delete a subscriber. Refused while it has credentials.")
    restore_subscriber = restore(SubscriberRules, doc="Restore a deleted subscriber with its keys.")
    import_subscribers = import_mutation(
        "subscribers", Subscriber, SubscriberImporter, "Their organizations must already exist."
    )
