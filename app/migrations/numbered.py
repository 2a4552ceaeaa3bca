"""Every migration, by number. A number is never used again, and what one does is never changed once it was released.

How to add one stands in `docs/releasing.md`.
"""

from __future__ import annotations

from functools import partial

from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription
from app.migrations import derived_fields
from app.migrations.renamed_ids import rename_ids
from app.mongo.migrations import Migration

MIGRATIONS = (
    Migration(1, "ids of subscribers begin with sbr_", partial(rename_ids, record=Subscriber, earlier="sub"), needs=1),
    Migration(
        2, "ids of subscriptions begin with sub_", partial(rename_ids, record=PlanSubscription, earlier="sbn"), needs=2
    ),
    Migration(3, "no documents of apps are an empty list", derived_fields.replace_null_app_metadata),
    Migration(4, "ids in other systems are stored to be found", derived_fields.fill_app_ids, needs=4),
    Migration(5, "organizations have the keys of their duplicates", derived_fields.fill_match_keys, needs=5),
    Migration(6, "subscribers have a kind and an e-mail domain", derived_fields.fill_subscribers, needs=6),
    Migration(7, "names and identifiers are stored to be searched", derived_fields.fill_search_fields, needs=7),
    Migration(8, "subscribers have a sort key of their names", derived_fields.fill_name_keys, needs=8),
    Migration(9, "credentials say until when they work", derived_fields.fill_validity, needs=9),
    Migration(10, "credentials are found by the hashes of their keys", derived_fields.fill_key_hashes, needs=10),
)
NEWEST = MIGRATIONS[-1].number
