"""What can be done with plans, features, subscriptions and billing profiles."""

from __future__ import annotations

from app.catalog import plans, profiles, subscriptions  # noqa: F401  # they register
from app.writing.crud import create, delete, restore, update


class CatalogMutations:
    """What can be done with plans, features, subscriptions and billing profiles."""

    create_plan = create("Plan", doc="Make a plan that customers can subscribe to.")
    update_plan = update("Plan", doc="Change a plan. Its currency stays once somebody subscribed to it.")
    delete_plan = delete("Plan", doc="Delete a plan. Refused while subscriptions to it run.")
    restore_plan = restore("Plan", doc="Bring a deleted plan back, with its key.")
    create_feature = create("Feature", doc="Make a feature that plans can include.")
    update_feature = update("Feature", doc="Change a feature.")
    delete_feature = delete("Feature", doc="Delete a feature. Refused while plans include it.")
    restore_feature = restore("Feature", doc="Bring a deleted feature back, with its key.")
    create_subscription = create(
        "Subscription", doc="Let an organization subscribe to a plan in its currency, or to a free one."
    )
    update_subscription = update(
        "Subscription",
        doc="Change a subscription: another plan, another end, or on its way from PENDING over ACTIVE and CANCELED to "
        "ENDED, which is for good.",
    )
    delete_subscription = delete(
        "Subscription", doc="Delete a subscription. Refused while it runs, or credentials are linked to it."
    )
    restore_subscription = restore("Subscription", doc="Bring a deleted subscription back, with its external id.")
    create_billing_profile = create("BillingProfile", doc="Make a billing profile.")
    update_billing_profile = update(
        "BillingProfile", doc="Change a billing profile. Another one becomes the default by `isDefault: true`."
    )
    delete_billing_profile = delete(
        "BillingProfile", doc="Delete a billing profile. Refused for the default one, and while organizations pin it."
    )
    restore_billing_profile = restore("BillingProfile", doc="Bring a deleted billing profile back.")
