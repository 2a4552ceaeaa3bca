"""What can be done with usage and what produces it."""
