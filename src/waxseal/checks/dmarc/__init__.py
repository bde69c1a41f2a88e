"""Checks of the DMARC policy of a domain (RFC 9989)."""
