"""Values as they are accepted and compared."""
