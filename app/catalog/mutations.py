"""What can be done with plans, features, subscriptions and billing profiles."""

from __future__ import annotations

from app.catalog.plans import FeatureRules, PlanRules
from app.catalog.profiles import BillingProfileRules
from app.catalog.subscriptions import SubscriptionRules
from app.writing.record_mutations import create, delete, restore, update


class CatalogMutations:
    """What can be done with plans, features, subscriptions and billing profiles."""

    create_plan = create(PlanRules, doc="Create a plan that customers can subscribe to.")
    update_plan = update(PlanRules, doc="Update a plan. Its currency cannot change once it has subscriptions.")
    delete_plan = delete(PlanRules, doc="Delete a plan. Refused while it has running subscriptions.")
    restore_plan = restore(PlanRules, doc="Restore a deleted plan with its key.")
    create_feature = create(FeatureRules, doc="Create a feature that plans can include.")
    update_feature = update(FeatureRules, doc="Update a feature.")
    delete_feature = delete(FeatureRules, doc="Delete a feature. Refused while plans include it.")
    restore_feature = restore(FeatureRules, doc="Restore a deleted feature with its key.")
    create_subscription = create(
        SubscriptionRules, doc="Subscribe an organization to a plan in its currency, or to a free plan."
    )
    update_subscription = update(
        SubscriptionRules,
        doc="Update a subscription: its plan, its period or its status, which goes from PENDING to ACTIVE, "
        "CANCELED and ENDED. An ended subscription cannot change.",
    )
    delete_subscription = delete(
        SubscriptionRules, doc="Delete a subscription. Refused while it is running or credentials are linked to it."
    )
    restore_subscription = restore(SubscriptionRules, doc="Restore a deleted subscription with its external id.")
    create_billing_profile = create(BillingProfileRules, doc="Create a billing profile.")
    update_billing_profile = update(
        BillingProfileRules, doc="Update a billing profile. Set `isDefault: true` to make it the default."
    )
    delete_billing_profile = delete(
        BillingProfileRules,
        doc="Delete a billing profile. Refused for the default one, and while organizations use it.",
    )
    restore_billing_profile = restore(BillingProfileRules, doc="Restore a deleted billing profile.")
