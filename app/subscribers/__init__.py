"""What can be done with subscribers."""
