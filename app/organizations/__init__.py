"""What can be done with organizations."""
