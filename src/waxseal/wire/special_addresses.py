"""Special-purpose addresses: networks that are no place on the public internet, each with name and source.

From the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190; both as of 2025-10-09),
with what has registries of its own: multicast, and the IPv6 space that is reserved (IANA Internet Protocol
Version 6 Address Space). To bring it up to date, compare the rows with the registries' tables; the last
column is their "Globally Reachable", where "N/A" and blank count as false. `ipaddress.is_global` is not used:
it differs from the registries and from one Python version to another. Whether an address may be connected to
is decided in ``net.guard``.
"""

import ipaddress
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

from waxseal.facts.address import canonical

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SpecialNetwork(NamedTuple):
    """One special-purpose network.

    Attributes:
        network: The address block.
        name: What it is for.
        source: Where that is laid down, such as ``RFC 1918``.
    """

    network: Network
    name: str
    source: str

    def __str__(self) -> str:
        return f"{self.text} ({self.name}, {self.source})"

    @property
    def text(self) -> str:
        """The address block as the registries write it."""
        return f"{canonical(self.network.network_address)}/{self.network.prefixlen}"


class Special(NamedTuple):
    """A special-purpose network that an address is in, or that an IPv4 address inside it is in.

    Attributes:
        address: The address itself, or the IPv4 address that it embeds.
        network: The most specific network of the table that holds it.
        embedded: Whether `address` is the embedded one.
    """

    address: Address
    network: SpecialNetwork
    embedded: bool


_RESERVED = "reserved by the IETF"
_ROWS_V4: tuple[tuple[str, str, str, bool], ...] = (
    ("0.0.0.0/8", "this network", "RFC 791 §3.2", False),
    ("0.0.0.0/32", "this host on this network", "RFC 1122 §3.2.1.3", False),
    ("10.0.0.0/8", "private use", "RFC 1918", False),
    ("100.64.0.0/10", "shared address space", "RFC 6598", False),
    ("127.0.0.0/8", "loopback", "RFC 1122 §3.2.1.3", False),
    ("169.254.0.0/16", "link local", "RFC 3927", False),
    ("172.16.0.0/12", "private use", "RFC 1918", False),
    ("192.0.0.0/24", "IETF protocol assignments", "RFC 6890 §2.1", False),
    ("192.0.0.0/29", "IPv4 service continuity", "RFC 7335", False),
    ("192.0.0.8/32", "IPv4 dummy address", "RFC 7600", False),
    ("192.0.0.9/32", "Port Control Protocol anycast", "RFC 7723", True),
    ("192.0.0.10/32", "TURN anycast", "RFC 8155", True),
    ("192.0.0.170/32", "NAT64/DNS64 discovery", "RFC 8880", False),
    ("192.0.0.171/32", "NAT64/DNS64 discovery", "RFC 8880", False),
    ("192.0.2.0/24", "documentation", "RFC 5737", False),
    ("192.31.196.0/24", "AS112-v4", "RFC 7535", True),
    ("192.52.193.0/24", "AMT", "RFC 7450", True),
    ("192.88.99.0/24", "deprecated 6to4 relay anycast", "RFC 7526", False),
    ("192.88.99.2/32", "6a44 relay anycast", "RFC 6751", False),
    ("192.168.0.0/16", "private use", "RFC 1918", False),
    ("192.175.48.0/24", "direct delegation AS112 service", "RFC 7534", True),
    ("198.18.0.0/15", "benchmarking", "RFC 2544", False),
    ("198.51.100.0/24", "documentation", "RFC 5737", False),
    ("203.0.113.0/24", "documentation", "RFC 5737", False),
    ("224.0.0.0/4", "multicast", "RFC 5771", False),
    ("240.0.0.0/4", "reserved", "RFC 1112 §4", False),
    ("255.255.255.255/32", "limited broadcast", "RFC 919 §7", False),
)
_ROWS_V6: tuple[tuple[str, str, str, bool], ...] = (
    ("::/8", _RESERVED, "RFC 4291 §4", False),
    ("::/96", "IPv4-compatible", "RFC 4291 §2.5.5.1", False),
    ("::/128", "unspecified address", "RFC 4291 §2.5.2", False),
    ("::1/128", "loopback", "RFC 4291 §2.5.3", False),
    ("::ffff:0:0/96", "IPv4-mapped", "RFC 4291 §2.5.5.2", False),
    ("64:ff9b::/96", "IPv4/IPv6 translation", "RFC 6052", True),
    ("64:ff9b:1::/48", "local-use IPv4/IPv6 translation", "RFC 8215", False),
    ("100::/8", _RESERVED, "RFC 4291 §4", False),
    ("100::/64", "discard only", "RFC 6666", False),
    ("100:0:0:1::/64", "dummy prefix", "RFC 9780", False),
    ("200::/7", _RESERVED, "RFC 4048", False),
    ("400::/6", _RESERVED, "RFC 4291 §4", False),
    ("800::/5", _RESERVED, "RFC 4291 §4", False),
    ("1000::/4", _RESERVED, "RFC 4291 §4", False),
    ("2001::/23", "IETF protocol assignments", "RFC 2928", False),
    ("2001::/32", "Teredo", "RFC 4380", False),
    ("2001:1::1/128", "Port Control Protocol anycast", "RFC 7723", True),
    ("2001:1::2/128", "TURN anycast", "RFC 8155", True),
    ("2001:1::3/128", "DNS-SD SRP anycast", "RFC 9665", True),
    ("2001:2::/48", "benchmarking", "RFC 5180", False),
    ("2001:3::/32", "AMT", "RFC 7450", True),
    ("2001:4:112::/48", "AS112-v6", "RFC 7535", True),
    ("2001:10::/28", "deprecated ORCHID", "RFC 4843", False),
    ("2001:20::/28", "ORCHIDv2", "RFC 7343", True),
    ("2001:30::/28", "drone remote ID entity tags", "RFC 9374", True),
    ("2001:db8::/32", "documentation", "RFC 3849", False),
    ("2002::/16", "6to4", "RFC 3056", False),
    ("2620:4f:8000::/48", "direct delegation AS112 service", "RFC 7534", True),
    ("3fff::/20", "documentation", "RFC 9637", False),
    ("4000::/3", _RESERVED, "RFC 4291 §4", False),
    ("5f00::/16", "segment routing (SRv6) SIDs", "RFC 9602", False),
    ("6000::/3", _RESERVED, "RFC 4291 §4", False),
    ("8000::/3", _RESERVED, "RFC 4291 §4", False),
    ("a000::/3", _RESERVED, "RFC 4291 §4", False),
    ("c000::/3", _RESERVED, "RFC 4291 §4", False),
    ("e000::/4", _RESERVED, "RFC 4291 §4", False),
    ("f000::/5", _RESERVED, "RFC 4291 §4", False),
    ("f800::/6", _RESERVED, "RFC 4291 §4", False),
    ("fc00::/7", "unique local", "RFC 4193", False),
    ("fe00::/9", _RESERVED, "RFC 4291 §4", False),
    ("fe80::/10", "link local", "RFC 4291 §2.5.6", False),
    ("fec0::/10", "deprecated site local", "RFC 3879", False),
    ("ff00::/8", "multicast", "RFC 4291 §2.7", False),
)

# IPv6 networks whose addresses hold an IPv4 address that the packet goes to in the end, and how many bits
# stand after it.
_EMBEDDING = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)


class _Table:
    """Disjoint stretches of addresses, each with the most specific network that holds it."""

    def __init__(self, rows: tuple[tuple[str, str, str, bool], ...]) -> None:
        networks = [
            (ipaddress.ip_network(text), SpecialNetwork(ipaddress.ip_network(text), name, source), reachable)
            for text, name, source, reachable in rows
        ]
        starts = {0}
        for network, _, _ in networks:
            starts |= {int(network.network_address), int(network.broadcast_address) + 1}
        self._starts = sorted(starts)
        self._entries: list[SpecialNetwork | None] = []
        for start in self._starts:
            holding = [
                (network.prefixlen, None if reachable else special)
                for network, special, reachable in networks
                if int(network.network_address) <= start <= int(network.broadcast_address)
            ]
            self._entries.append(max(holding, key=lambda entry: entry[0])[1] if holding else None)

    def find(self, address: int) -> SpecialNetwork | None:
        return self._entries[bisect_right(self._starts, address) - 1]


_V4 = _Table(_ROWS_V4)
_V6 = _Table(_ROWS_V6)


def special_purpose(address: str) -> SpecialNetwork | None:
    """The special-purpose network that an address leads to; None for an ordinary public address.

    Args:
        address: IPv4 or IPv6 address in text form; a scope id is passed over.

    Returns:
        The most specific network of the table, but None where that one is globally reachable. For an IPv6
        address that holds an IPv4 address, the network of the inner one, where that is special.

    Raises:
        ValueError: It is no address.
    """
    found = special_purposes(address)
    return found[-1].network if found else None


@lru_cache(maxsize=4096)
def special_purposes(address: str) -> tuple[Special, ...]:
    """Every special-purpose network that an address leads to: its own, then that of an IPv4 address inside.

    An IPv4-mapped, IPv4-compatible, translated (64:ff9b::/96) or 6to4 address is judged by the IPv4 address
    that it holds too.

    Args:
        address: IPv4 or IPv6 address in text form; a scope id is passed over.

    Raises:
        ValueError: It is no address.
    """
    parsed = ipaddress.ip_address(address)
    number = int(parsed)
    if parsed.version == 4:
        special = _V4.find(number)
        return () if special is None else (Special(parsed, special, False),)
    special = _V6.find(number)
    found = [] if special is None else [Special(parsed, special, False)]
    for network, shift in _EMBEDDING:
        if parsed in network and number > 1:  # :: and ::1 hold none
            inner = ipaddress.IPv4Address(number >> shift & 0xFFFFFFFF)
            inner_special = _V4.find(int(inner))
            found += [] if inner_special is None else [Special(inner, inner_special, True)]
    return tuple(found)
