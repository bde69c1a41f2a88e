"""Checks of whether the servers can be reached at all, and of what it means when they cannot."""
