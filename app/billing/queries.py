"""The root fields that lead to plans, subscriptions and bills."""

from __future__ import annotations

from app.graph.roots import find, page


class BillingQueries:
    """The root fields that lead to plans, subscriptions and bills."""

    plan = find("Plan", doc="One plan, by its id or key.")
    plans = page("Plan", doc="All plans.")
    feature = find("Feature", doc="One feature, by its id or key.")
    features = page("Feature", doc="All features.")
    subscription = find("Subscription", doc="One subscription, by its id or external id.")
    subscriptions = page("Subscription", doc="All subscriptions.")
    billing_profile = find("BillingProfile", doc="One billing profile, by its id or name.")
    billing_profiles = page("BillingProfile", doc="All billing profiles.")
    invoice = find("Invoice", doc="One invoice, by its id or number.")
    invoices = page("Invoice", doc="All invoices.")
    payment = find("Payment", doc="One payment, by its id or reference.")
    payments = page("Payment", doc="All payments.")
    credit_note = find("CreditNote", doc="One credit note, by its id or number.")
    credit_notes = page("CreditNote", doc="All credit notes.")
