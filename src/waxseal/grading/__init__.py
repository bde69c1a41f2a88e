"""Profiles over findings: how much each matters."""
