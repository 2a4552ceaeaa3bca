"""The root fields that lead to plans, features, subscriptions and billing profiles."""

from __future__ import annotations

from app.graph.roots import find, page


class CatalogQueries:
    """The root fields that lead to plans, features, subscriptions and billing profiles."""

    plan = find("Plan", doc="One plan, by its id or key.")
    plans = page("Plan", doc="All plans.")
    feature = find("Feature", doc="One feature, by its id or key.")
    features = page("Feature", doc="All features.")
    subscription = find("PlanSubscription", doc="One subscription, by its id or external id.")
    subscriptions = page("PlanSubscription", doc="All subscriptions.")
    billing_profile = find("BillingProfile", doc="One billing profile, by its id or name.")
    billing_profiles = page("BillingProfile", doc="All billing profiles.")
