"""Which resolvers to ask: resolver addresses as users write them, and the system's ``resolv.conf``.

From resolv.conf(5): the nameserver and options lines. Search lists are not used, as every name that waxseal
asks for is complete. Asking is in ``net.dns``.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waxseal.errors import UsageError

DNS_PORT = 53
RESOLV_CONF = Path("/etc/resolv.conf")
MAX_SERVERS = 3
"""Nameserver lines after the third are not used (MAXNS of resolv.conf(5))."""
MAX_FILE_OCTETS = 65_536
TIMEOUT_BOUNDS_S = (1, 10)
ATTEMPTS_BOUNDS = (1, 5)

_BRACKETED = re.compile(r"\[([^\]]*)\](?::([0-9]{1,5}))?")
_WITH_PORT = re.compile(r"([^:]*):([0-9]{1,5})")
_ZONE = re.compile(r"[1-9][0-9]{0,8}|(?![0-9])[A-Za-z0-9_.@-]{1,32}")


@dataclass(frozen=True, slots=True)
class Server:
    """One resolver.

    Attributes:
        address: IPv4 or IPv6 address in canonical form, without a scope id.
        port: UDP and TCP port.
        zone: Scope id of a link-local address, a name or number of an interface (RFC 4007 §11); else "".
    """

    address: str
    port: int = DNS_PORT
    zone: str = ""

    @property
    def family(self) -> socket.AddressFamily:
        """The address family of its sockets."""
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET

    def socket_address(self) -> tuple[Any, ...]:
        """The form that `socket.connect` takes.

        Raises:
            OSError: This machine has no interface of the zone's name.
        """
        if self.family is socket.AF_INET:
            return (self.address, self.port)
        if self.zone.isdecimal():
            return (self.address, self.port, 0, int(self.zone))
        return (self.address, self.port, 0, socket.if_nametoindex(self.zone) if self.zone else 0)

    def __str__(self) -> str:
        """``address:port``, IPv6 in brackets."""
        if self.family is socket.AF_INET:
            return f"{self.address}:{self.port}"
        return f"[{self.address}{'%' + self.zone if self.zone else ''}]:{self.port}"


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """What a ``resolv.conf`` says.

    Attributes:
        servers: In the order of the file; empty where it names none.
        timeout_s: The timeout option within 1 to 10 s; None where it is not set.
        attempts: The attempts option within 1 to 5; None where it is not set.
    """

    servers: tuple[Server, ...] = ()
    timeout_s: float | None = None
    attempts: int | None = None


def parse_server(text: str) -> Server:
    """Read a resolver's address: ``9.9.9.9``, ``127.0.0.1:5353``, ``::1``, ``[::1]:53``, ``fe80::1%eth0``.

    Raises:
        UsageError: It is no address with an optional port. Host names are not taken: they would need
            a resolver to be found.
    """
    match = _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text)
    host, port_text = (match[1], match[2]) if match else (text, None)
    server = _server(host, int(port_text) if port_text else DNS_PORT)
    if server is None or (text.startswith("[") and server.family is socket.AF_INET):
        raise UsageError(
            f"{text!r} is not the address of a resolver",
            "give an IP address with an optional port, such as 9.9.9.9, 127.0.0.1:5353 or [::1]:53",
        )
    return server


def _server(host: str, port: int) -> Server | None:
    try:
        plain, mark, zone = str(ipaddress.ip_address(host)).partition("%")
    except ValueError:
        return None
    if not 0 < port < 65_536 or (mark and not _ZONE.fullmatch(zone)):
        return None
    return Server(plain, port, zone)


def parse_resolv_conf(text: str) -> ResolvConf:
    """Read the nameserver and options lines; what cannot be read is passed over, as the C library does."""
    servers: list[Server] = []
    timeout_s: float | None = None
    attempts: int | None = None
    for line in text.splitlines():
        words = line.split()
        if line[:1] in ("#", ";") or len(words) < 2:
            continue
        if words[0] == "nameserver" and len(servers) < MAX_SERVERS:
            server = _server(words[1], DNS_PORT)
            servers += [server] if server else []
        elif words[0] == "options":
            for word in words[1:]:
                key, _, value = word.partition(":")
                if not (value.isascii() and value.isdecimal() and len(value) < 10):
                    continue
                if key == "timeout":
                    timeout_s = float(_within(int(value), TIMEOUT_BOUNDS_S))
                elif key == "attempts":
                    attempts = _within(int(value), ATTEMPTS_BOUNDS)
    return ResolvConf(tuple(servers), timeout_s, attempts)


def read_resolv_conf(path: Path = RESOLV_CONF) -> ResolvConf:
    """The system's resolvers; where the file is missing or names none, 127.0.0.1 (resolv.conf(5))."""
    try:
        with path.open("rb") as file:
            found = parse_resolv_conf(file.read(MAX_FILE_OCTETS).decode("ascii", "replace"))
    except OSError:
        found = ResolvConf()
    if found.servers:
        return found
    return ResolvConf((Server("127.0.0.1"),), found.timeout_s, found.attempts)


def _within(value: int, bounds: tuple[int, int]) -> int:
    return max(bounds[0], min(bounds[1], value))
