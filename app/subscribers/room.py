"""What the room of subscribers brings."""

from __future__ import annotations

from app.entities.subscriber import Subscriber
from app.room import Room
from app.subscribers.exporting import SUBSCRIBERS
from app.subscribers.importing import SubscriberImporter
from app.subscribers.mutations import SubscriberMutations
from app.subscribers.queries import SubscriberQueries
from app.subscribers.rules import SubscriberRules

ROOM = Room(
    records=(Subscriber,),
    rules=(SubscriberRules,),
    queries=SubscriberQueries,
    mutations=SubscriberMutations,
    importers={"subscribers": SubscriberImporter},
    exporters={"subscribers": SUBSCRIBERS},
)
