"""Checks of TLS-RPT: the record, and whether reports can get to where it says."""
