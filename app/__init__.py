"""Customer Graph: the customer layer of usage-based billing, as one GraphQL endpoint over MongoDB."""

__version__ = "0.1.0"
