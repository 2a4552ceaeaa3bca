"""What can be done with organizations."""

from __future__ import annotations

from app.writing.crud import create, delete, restore, update


class OrganizationMutations:
    """What can be done with organizations."""

    create_organization = create("Organization", doc="Make an organization.", warns=True)
    update_organization = update(
        "Organization",
        doc="Change an organization. Its parent changes by `moveOrganization`, its key figures' currency hardly ever.",
        warns=True,
    )
    delete_organization = delete(
        "Organization",
        doc="Delete an organization. Refused while anything rests on it: children, subscribers, credentials, usage "
        "attributes, subscriptions that run, open invoices, credit.",
    )
    restore_organization = restore("Organization", doc="Bring a deleted organization back, with its keys.")
