"""How usage comes in: from what a client sends to the account that caused it."""
