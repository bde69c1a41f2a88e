"""Strangers' text made fit to be shown: a terminal must not obey what a server, a zone or a file says."""

KEY_TYPES = {"rsa": "RSA", "ec": "ECDSA", "ed25519": "Ed25519", "ed448": "Ed448", "dsa": "DSA"}
"""What the key types of certificates are called."""


def plain(text: str) -> str:
    """The text with whatever is not printable (controls, bidirectional marks, surrogates) escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
