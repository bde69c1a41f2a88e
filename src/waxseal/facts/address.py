"""The one text form of an address, the same on every version of Python.

RFC 5952 §4; an IPv4-mapped address (RFC 4291 §2.5.5.2) in hexadecimal groups throughout, which the standard
library writes in one way before Python 3.13 and in another since.
"""

import ipaddress

UNIX = "unix:"
"""Beginning of the address of a UNIX socket of this machine; its absolute path follows."""


def canonical(address: str | bytes | ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The canonical text of an address, given as text, as its octets or parsed; a scope id is kept.

    Raises:
        ValueError: It is none.
    """
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    if mapped is None:
        return str(parsed)
    number = int(mapped)
    return f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}"
