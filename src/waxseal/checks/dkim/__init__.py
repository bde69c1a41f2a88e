"""Checks of the DKIM keys that were asked for (RFC 6376)."""
