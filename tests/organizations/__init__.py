"""Organizations: the rules about them, and what is found by them."""
