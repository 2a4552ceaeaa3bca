"""What the room of plans, features, subscriptions and billing profiles brings."""

from __future__ import annotations

from app.catalog import entitlements
from app.catalog.mutations import CatalogMutations
from app.catalog.plans import FeatureRules, PlanRules
from app.catalog.profiles import BillingProfileRules
from app.catalog.queries import CatalogQueries
from app.catalog.subscriptions import SubscriptionRules
from app.entities.billing_profile import BillingProfile
from app.entities.catalog import Feature, Plan
from app.entities.subscription import PlanSubscription
from app.room import Room

ROOM = Room(
    records=(Plan, Feature, PlanSubscription, BillingProfile),
    rules=(PlanRules, FeatureRules, SubscriptionRules, BillingProfileRules),
    queries=CatalogQueries,
    mutations=CatalogMutations,
    computed_edges={"Organization.features": entitlements.of_organizations},
)
