"""The migrations: everything by which what is stored has changed, in order."""
