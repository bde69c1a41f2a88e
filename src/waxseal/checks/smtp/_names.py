"""The host name that a server gives in its greeting and its EHLO answer (RFC 5321 §4.2, §4.1.1.1)."""

import ipaddress

from waxseal.wire.idna import hostname_problem


def literal_address(word: str) -> str | None:
    """The address in a literal (``[192.0.2.1]``, ``[IPv6:2001:db8::1]``), else None (RFC 5321 §4.1.3)."""
    if not (word.startswith("[") and word.endswith("]")):
        return None
    inner = word[1:-1]
    tagged = inner[:5].lower() == "ipv6:"
    try:
        if tagged:
            return str(ipaddress.IPv6Address(inner[5:]))
        return str(ipaddress.IPv4Address(inner))
    except ValueError:
        return None


def name_problem(word: str) -> str | None:
    """Why a word is neither a host's full name nor an address literal, or None where it is one."""
    if literal_address(word) is not None:
        return None
    return hostname_problem(word)
