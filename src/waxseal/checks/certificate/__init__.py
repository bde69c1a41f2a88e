"""Checks of certificates and chains, each for one server name and one key type."""
