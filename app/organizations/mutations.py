"""What can be done with organizations, and with what produces their usage."""

from __future__ import annotations

from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.organizations.importing import OrganizationImporter
from app.organizations.merging import merge_organizations
from app.organizations.moving import move_before_update, move_organization
from app.organizations.rules import OrganizationRules
from app.organizations.subtrees import SECONDS
from app.organizations.usage_attributes import UsageAttributeRules
from app.organizations.waiting import MOVE_FLAG, after_create, after_update, move_waiting_subscribers, with_waiting
from app.transfer.import_mutations import import_mutation
from app.writing.mutation import Mutation
from app.writing.parts import MadeAlong
from app.writing.record_mutations import create, delete, restore, scopes_of, update
from app.writing.upserting import upsert

USAGE_ATTRIBUTES = MadeAlong(
    "usage_attributes", UsageAttributeRules, "organizationId", "What produces usage for it besides credentials."
)


class OrganizationMutations:
    """What can be done with organizations."""

    create_organization = create(
        OrganizationRules,
        doc="Create an organization, with what produces its usage.",
        warns=True,
        along=[USAGE_ATTRIBUTES],
        seconds=SECONDS,
        then=with_waiting(after_create),
    )
    update_organization = update(
        OrganizationRules,
        doc="Update an organization. Another parent moves it with everything below it. Its currency cannot change "
        "once it has subscriptions, invoices, payments or credit notes.",
        warns=True,
        first=move_before_update,
        seconds=SECONDS,
        then=with_waiting(after_update),
    )
    upsert_organization = upsert(
        OrganizationRules,
        doc="Change the organization that has this external id or alias, or create it. Another parent moves it.",
        warns=True,
        first=move_before_update,
        seconds=SECONDS,
        then=with_waiting(after_update),
    )
    delete_organization = delete(
        OrganizationRules,
        doc="Delete an organization. Refused while it has children, subscribers, credentials, usage "
        "attributes, running subscriptions, open invoices or credit.",
    )
    restore_organization = restore(OrganizationRules, doc="Restore a deleted organization with its keys.")
    move_organization = Mutation(
        doc="Move an organization, with everything below it, to another parent. Refused if it would create a cycle.",
        operation=move_organization,
        needs=lambda: scopes_of(Organization),
        seconds=SECONDS,
    )
    merge_organizations = Mutation(
        doc="Merge duplicates into one organization. Everything below the sources moves to the target, whose "
        "own fields win and which can then be found by the external ids, app ids, names and domains of "
        "the sources. Each source becomes a tombstone.",
        operation=merge_organizations,
        needs=lambda: scopes_of(Organization),
        seconds=SECONDS,
    )
    move_waiting_subscribers = Mutation(
        doc="Move subscribers who wait in UNCLASSIFIED to the organization that alone claims their e-mail domain, with "
        "their credentials there. Again until none wait.",
        operation=move_waiting_subscribers,
        needs=lambda: scopes_of(Organization, Subscriber),
        seconds=SECONDS,
    )
    import_organizations = import_mutation(
        "organizations",
        Organization,
        OrganizationImporter,
        "Parents may come before or after their children.",
        [MOVE_FLAG],
    )
    create_usage_attribute = create(
        UsageAttributeRules, doc="Create a usage attribute, which identifies usage of an organization."
    )
    update_usage_attribute = update(
        UsageAttributeRules, doc="Update a usage attribute, or the organization it belongs to."
    )
    delete_usage_attribute = delete(UsageAttributeRules, doc="Delete a usage attribute.")
    restore_usage_attribute = restore(UsageAttributeRules, doc="Restore a deleted usage attribute with its key.")
