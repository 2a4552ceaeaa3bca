"""What can be done with organizations, and with what produces their usage."""

from __future__ import annotations

from app.entities.organization import Organization
from app.organizations.importing import OrganizationImporter
from app.organizations.merging import merge_organizations
from app.organizations.moving import move_organization
from app.organizations.rules import OrganizationRules
from app.organizations.subtrees import SECONDS
from app.organizations.usage_attributes import UsageAttributeRules
from app.transfer.import_mutations import import_mutation
from app.writing.mutation import Mutation
from app.writing.record_mutations import create, delete, restore, scopes_of, update


class OrganizationMutations:
    """What can be done with organizations."""

    create_organization = create(OrganizationRules, doc="Make an organization.", warns=True)
    update_organization = update(
        OrganizationRules,
        doc="Change an organization. Its parent changes by `moveOrganization`; its currency cannot change once there "
        "are subscriptions, invoices, payments or credit notes.",
        warns=True,
    )
    delete_organization = delete(
        OrganizationRules,
        doc="Delete an organization. Refused while it has children, subscribers, credentials, usage attributes, "
        "subscriptions that run, open invoices or credit.",
    )
    restore_organization = restore(OrganizationRules, doc="Bring a deleted organization back, with its keys.")
    move_organization = Mutation(
        doc="Put an organization, with everything below it, under another one. Refused where it would make a cycle.",
        operation=move_organization,
        needs=lambda: scopes_of(Organization),
        seconds=SECONDS,
    )
    merge_organizations = Mutation(
        doc="Join duplicates into one: everything below them moves; external ids, app ids, names and domains keep "
        "finding the survivor, whose own fields win; each source leaves a tombstone.",
        operation=merge_organizations,
        needs=lambda: scopes_of(Organization),
        seconds=SECONDS,
    )
    import_organizations = import_mutation(
        "organizations",
        Organization,
        OrganizationImporter,
        "Parents may stand before or after their children.",
    )
    create_usage_attribute = create(UsageAttributeRules, doc="Say what produces usage for an organization.")
    update_usage_attribute = update(UsageAttributeRules, doc="Change a usage attribute, or whose it is.")
    delete_usage_attribute = delete(UsageAttributeRules, doc="Delete a usage attribute.")
    restore_usage_attribute = restore(UsageAttributeRules, doc="Bring a deleted usage attribute back, with its key.")
