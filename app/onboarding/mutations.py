"""Mutations that concern a customer as a whole."""

from __future__ import annotations

from app.entities.credential import Credential
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription
from app.onboarding.customer import onboard_customer
from app.organizations.subtrees import SECONDS
from app.writing.mutation import Mutation
from app.writing.record_mutations import scopes_of


class OnboardingMutations:
    """Mutations that concern a customer as a whole."""

    onboard_customer = Mutation(
        doc="Create a whole customer, or add to one: organization, subscribers, subscriptions and "
        "credentials, in one transaction. Records that exist already are found by their keys and left "
        "unchanged, so the call can be repeated.",
        operation=onboard_customer,
        needs=lambda: scopes_of(Organization, Subscriber, PlanSubscription, Credential),
        seconds=SECONDS,
    )
