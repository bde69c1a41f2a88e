"""The extensions that a server offers, in one line: which ones, its limit of size, and what is not there."""

from waxseal.facts import (
    Capabilities,
    CapabilitiesClear,
    CapabilitiesTls,
    EhloAnswer,
    EhloClear,
    EhloTls,
    FactSet,
    Keyword,
    Subject,
)

EXPECTED = ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "REQUIRETLS")
"""SMTP's extensions that a reader looks for, so that it is said where one is missing."""
_ASIDE = frozenset(("STARTTLS", "AUTH", "AUTH=", "STLS", "SASL"))
"""Shown elsewhere: they are about the connection and the login."""
MOST_CHARACTERS = 500


def extensions_line(facts: FactSet, subject: Subject) -> str:
    """What the newest hello lists, under TLS where that was heard; "" where none was."""
    ehlo: EhloAnswer | None = facts.nearest(EhloTls, subject) or facts.nearest(EhloClear, subject)
    if ehlo is not None:
        if ehlo.reply.code != 250 or ehlo.rejected is not None:
            return ""
        missing = [name for name in EXPECTED if ehlo.keyword(name) is None]
        without = f"; not {', '.join(missing)}" if missing else ""
        return (_listed(ehlo.keywords) + without).removeprefix("; ")
    listed: Capabilities | None = facts.nearest(CapabilitiesTls, subject)
    listed = listed or facts.nearest(CapabilitiesClear, subject)
    return "" if listed is None else _listed(listed.keywords)


def _listed(keywords: tuple[Keyword, ...]) -> str:
    words = [
        _shown(keyword)
        for keyword in keywords
        if keyword.name not in _ASIDE and not keyword.name.startswith("AUTH=")
    ]
    return ", ".join(words)[:MOST_CHARACTERS]


def _shown(keyword: Keyword) -> str:
    """SIZE (RFC 1870 §3) and APPENDLIMIT (RFC 7889 §2) in units for people, the others as they are."""
    name, _, value = keyword.name.partition("=")
    first = value or (keyword.parameters[0] if keyword.parameters else "")
    if name in ("SIZE", "APPENDLIMIT"):
        if not (first.isascii() and first.isdigit() and len(first) <= 20):
            return f"{name} (no limit stated)" if not first else f"{name} {first}"[:80]
        octets = int(first)
        return f"{name} {readable(octets)}" if octets or name != "SIZE" else "SIZE (no fixed limit)"
    return " ".join((keyword.name, *keyword.parameters))[:200]


def readable(octets: int) -> str:
    """``50 MiB``, ``9.8 MiB``, ``1000 octets``."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if octets >= size:
            return f"{octets / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{octets} octets"
