"""Checks of how users log in: what is offered before and under TLS, and what is accepted."""
