"""Checks of a domain's SPF policy (RFC 7208)."""
