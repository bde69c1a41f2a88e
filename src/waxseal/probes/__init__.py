"""Octets to facts: one conversation each."""
