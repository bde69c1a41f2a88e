"""Checks of MTA-STS: the record, the policy and its host, and whether every MX host keeps the policy."""
