"""A whole customer at once: organization, subscribers, subscriptions and credentials."""
