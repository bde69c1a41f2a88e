"""Renders findings and facts: terminal, JSON, transcript."""
