"""What can be done with credentials."""
