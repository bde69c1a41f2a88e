"""The extensions that an SMTP or LMTP server offers, in one line: its limit of size, and what is not there.

The other protocols' capabilities stand in lines of their own: no reader looks for a fixed set among them.
"""

from waxseal.facts import EhloAnswer, EhloClear, EhloTls, FactSet, Keyword, Subject

EXPECTED = ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "REQUIRETLS")
"""SMTP's extensions that a reader looks for, so that it is said where one is missing."""
_ASIDE = frozenset(("STARTTLS", "AUTH", "AUTH="))
"""Shown elsewhere: they are about the connection and the login."""
MOST_CHARACTERS = 500


def extensions_line(facts: FactSet, subject: Subject) -> str:
    """What the newest hello lists, under TLS where that was heard; "" where none was."""
    ehlo: EhloAnswer | None = facts.nearest(EhloTls, subject) or facts.nearest(EhloClear, subject)
    if ehlo is None or ehlo.reply.code != 250 or ehlo.rejected is not None:
        return ""
    listed = ", ".join(_shown(keyword) for keyword in ehlo.keywords if keyword.name not in _ASIDE)
    missing = [name for name in EXPECTED if ehlo.keyword(name) is None]
    without = f"; not {', '.join(missing)}" if missing else ""
    return (listed[:MOST_CHARACTERS] + without).removeprefix("; ")


def _shown(keyword: Keyword) -> str:
    """SIZE (RFC 1870 §3) in units for people, the others as they are."""
    first = keyword.parameters[0] if keyword.parameters else ""
    if keyword.name != "SIZE":
        return " ".join((keyword.name, *keyword.parameters))[:200]
    if not (first.isascii() and first.isdigit() and len(first) <= 20):
        return "SIZE (no limit stated)" if not first else f"SIZE {first}"[:80]
    return f"SIZE {readable(int(first))}" if int(first) else "SIZE (no fixed limit)"


def readable(octets: int) -> str:
    """``50 MiB``, ``9.8 MiB``, ``1000 octets``."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if octets >= size:
            return f"{octets / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{octets} octets"
