"""Checks of what DNSSEC says of the answers on the way to a mail host, and of who says it."""
