"""The PROXY protocol: a header before the first octet that tells a server for whom a proxy connected to it.

"The PROXY protocol, versions 1 & 2", HAProxy Technologies, 2020/03/05: §2.1 is the line of version 1, §2.2
the binary form of version 2. Written here for a tester that plays the proxy; the reader is for servers that
tests act out. Which connections get a header is decided in ``net.via``. How a client asks a proxy for a
connection (CONNECT, SOCKS5) is another matter, in ``wire.proxy_dialogue``.
"""

import ipaddress
import re
from enum import IntEnum
from typing import Final, NamedTuple

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
"""First 12 octets of version 2 (§2.2)."""
MAX_LINE_OCTETS: Final = 107
"""Longest line of version 1, its CRLF included (§2.1)."""
MAX_BLOCK_OCTETS: Final = 4096
"""Most octets behind the fixed part of version 2 that are read; the specification wants far less."""
_FIXED_OCTETS: Final = 16
_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED: Final = 0x00
_STREAM_OVER: Final = {4: 0x11, 6: 0x21}
"""Family and transport in one octet: TCP over IPv4 and over IPv6 (§2.2)."""
_ADDRESS_OCTETS: Final = {0x11: 4, 0x21: 16}
_LINE = re.compile(
    rb"PROXY (?:UNKNOWN(?: [^\r\n]*)?|(TCP[46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) (\d+) (\d+))"
)


class Version(IntEnum):
    """The two forms of the header."""

    V1 = 1
    V2 = 2


class Place(NamedTuple):
    """One end of a connection: IPv4 or IPv6 address in text form, and port."""

    address: str
    port: int

    def __str__(self) -> str:
        """For people: ``192.0.2.1:25``, ``[2001:db8::1]:25``."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class ProxyHeader(NamedTuple):
    """A header as it was read.

    Attributes:
        version: Of its form.
        source: Who connects; None where the header does not say (UNKNOWN, LOCAL, UNSPEC).
        destination: Where to; None likewise.
    """

    version: Version
    source: Place | None = None
    destination: Place | None = None


def proxy_header(version: Version, source: Place | None, destination: Place | None) -> bytes:
    """The header's octets.

    Args:
        version: Which form.
        source: Who is said to connect; None where that cannot be said.
        destination: Where to; None likewise.

    Returns:
        ``PROXY UNKNOWN`` (§2.1) or a LOCAL command without addresses (§2.2) where one end is None, or the two
        are not addresses of one family: neither form can tell of such a pair.
    """
    a, b = _end(source), _end(destination)
    if a is None or b is None or a.ip.version != b.ip.version:
        return b"PROXY UNKNOWN\r\n" if version is Version.V1 else _block(_LOCAL, _UNSPECIFIED, b"")
    if version is Version.V1:
        return f"PROXY TCP{a.ip.version} {a.ip} {b.ip} {a.port} {b.port}\r\n".encode("ascii")
    ports = a.port.to_bytes(2, "big") + b.port.to_bytes(2, "big")
    return _block(_PROXY, _STREAM_OVER[a.ip.version], a.ip.packed + b.ip.packed + ports)


class _End(NamedTuple):
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int


def _end(place: Place | None) -> _End | None:
    if place is None or not 0 <= place.port <= 65535:
        return None
    try:
        read = ipaddress.ip_address(place.address.partition("%")[0])  # a scope id means nothing elsewhere
    except ValueError:
        return None
    return _End(read, place.port)


def _block(command: int, family: int, addresses: bytes) -> bytes:
    return SIGNATURE + bytes((command, family)) + len(addresses).to_bytes(2, "big") + addresses


class ProxyHeaderReader:
    """Reads the header at the beginning of a connection. Never raises, whatever comes.

    Attributes:
        header: What was read; None before it is whole, and where it is `broken`.
        broken: Why this is no header, in words; "" while it may become one.
        leftover: Octets of the connection that came behind the header.
    """

    def __init__(self) -> None:
        self.header: ProxyHeader | None = None
        self.broken = ""
        self.leftover = b""
        self._buffer = b""

    def receive(self, data: bytes) -> None:
        """Take in octets; those behind the header go to `leftover`."""
        if self.header is not None:
            self.leftover += data
        elif not self.broken:
            self._buffer += data
            self._read()

    def _read(self) -> None:
        octets = self._buffer
        if octets[: len(SIGNATURE)] == SIGNATURE[: len(octets)]:
            if len(octets) >= _FIXED_OCTETS:
                self._read_block(octets)
        elif octets[:5] != b"PROXY"[: len(octets)]:
            self.broken = "neither version of the PROXY protocol begins like that"
        elif (end := octets.find(b"\r\n", 0, MAX_LINE_OCTETS)) >= 0:
            self._read_line(octets[:end], octets[end + 2 :])
        elif len(octets) >= MAX_LINE_OCTETS or b"\n" in octets:
            self.broken = "the line has no CRLF where one is due"

    def _read_line(self, line: bytes, behind: bytes) -> None:
        found = _LINE.fullmatch(line)
        if found is None:
            self.broken = "the line is not of version 1's form"
        elif found[1] is None:
            self._done(ProxyHeader(Version.V1), behind)
        else:
            places = _place(found[2], found[4], found[1]), _place(found[3], found[5], found[1])
            if None in places:
                self.broken = "an address or port in the line is none"
            else:
                self._done(ProxyHeader(Version.V1, *places), behind)

    def _read_block(self, octets: bytes) -> None:
        command, family = octets[12], octets[13]
        length = int.from_bytes(octets[14:16], "big")
        if command not in (_LOCAL, _PROXY):
            self.broken = f"version and command 0x{command:02x} are not known"
        elif length > MAX_BLOCK_OCTETS:
            self.broken = "the addresses are longer than any"
        elif len(octets) >= _FIXED_OCTETS + length:
            end = _FIXED_OCTETS + length
            # The family of a LOCAL command is ignored, and so are addresses that we cannot read (§2.2).
            size = _ADDRESS_OCTETS.get(family, 0) if command == _PROXY else 0
            if size and length < 2 * size + 4:
                self.broken = "the addresses are cut short"
                return
            self._done(ProxyHeader(Version.V2, *_places(octets[_FIXED_OCTETS:end], size)), octets[end:])

    def _done(self, header: ProxyHeader, behind: bytes) -> None:
        self.header, self.leftover, self._buffer = header, behind, b""


def _place(address: bytes, port: bytes, family: bytes) -> Place | None:
    """One end as version 1 writes it; leading zeros are not allowed (§2.1)."""
    try:
        read = ipaddress.ip_address(address.decode("ascii"))
    except ValueError:
        return None
    number = int(port) if len(port) <= 5 else 65536
    if family != b"TCP%d" % read.version or number > 65535 or port != b"%d" % number:
        return None
    return Place(str(read), number)


def _places(block: bytes, size: int) -> tuple[Place | None, Place | None]:
    if not size:
        return None, None
    ends = [ipaddress.ip_address(block[at : at + size]) for at in (0, size)]
    ports = [int.from_bytes(block[2 * size + at : 2 * size + at + 2], "big") for at in (0, 2)]
    return Place(str(ends[0]), ports[0]), Place(str(ends[1]), ports[1])
