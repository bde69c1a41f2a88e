"""Checks of the TLS handshake and what it negotiated."""
