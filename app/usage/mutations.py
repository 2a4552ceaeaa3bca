"""What can be done with usage attributes."""

from __future__ import annotations

from app.writing.crud import create, delete, restore, update


class UsageMutations:
    """What can be done with usage attributes."""

    create_usage_attribute = create("UsageAttribute", doc="Say what produces usage for an organization.")
    update_usage_attribute = update("UsageAttribute", doc="Change a usage attribute, or whose it is.")
    delete_usage_attribute = delete("UsageAttribute", doc="Delete a usage attribute.")
    restore_usage_attribute = restore("UsageAttribute", doc="Bring a deleted usage attribute back, with its key.")
