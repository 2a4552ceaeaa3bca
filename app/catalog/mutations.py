"""What can be done with plans, features, subscriptions and billing profiles."""

from __future__ import annotations

from app.catalog.plans import FeatureRules, PlanRules
from app.catalog.profiles import BillingProfileRules
from app.catalog.subscriptions import SubscriptionRules
from app.writing.record_mutations import create, delete, restore, update


class CatalogMutations:
    """What can be done with plans, features, subscriptions and billing profiles."""

    create_plan = create(PlanRules, doc="Make a plan that customers can subscribe to.")
    update_plan = update(PlanRules, doc="Change a plan. Its currency stays once somebody subscribed to it.")
    delete_plan = delete(PlanRules, doc="Delete a plan. Refused while subscriptions to it run.")
    restore_plan = restore(PlanRules, doc="Bring a deleted plan back, with its key.")
    create_feature = create(FeatureRules, doc="Make a feature that plans can include.")
    update_feature = update(FeatureRules, doc="Change a feature.")
    delete_feature = delete(FeatureRules, doc="Delete a feature. Refused while plans include it.")
    restore_feature = restore(FeatureRules, doc="Bring a deleted feature back, with its key.")
    create_subscription = create(
        SubscriptionRules, doc="Let an organization subscribe to a plan in its currency, or to a free one."
    )
    update_subscription = update(
        SubscriptionRules,
        doc="Change a subscription: another plan, another end, or on its way from PENDING over ACTIVE and CANCELED to "
        "ENDED, which is for good.",
    )
    delete_subscription = delete(
        SubscriptionRules, doc="Delete a subscription. Refused while it runs, or credentials are linked to it."
    )
    restore_subscription = restore(SubscriptionRules, doc="Bring a deleted subscription back, with its external id.")
    create_billing_profile = create(BillingProfileRules, doc="Make a billing profile.")
    update_billing_profile = update(
        BillingProfileRules, doc="Change a billing profile. Another one becomes the default by `isDefault: true`."
    )
    delete_billing_profile = delete(
        BillingProfileRules,
        doc="Delete a billing profile. Refused for the default one, and while organizations pin it.",
    )
    restore_billing_profile = restore(BillingProfileRules, doc="Bring a deleted billing profile back.")
