"""Checks of what DNS says about where mail goes: MX, addresses, reverse names."""
