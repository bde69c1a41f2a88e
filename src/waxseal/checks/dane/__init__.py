"""Checks of TLSA records: whether senders may use them, and whether each live certificate fits them."""
