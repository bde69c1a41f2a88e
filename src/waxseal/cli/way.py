"""Options of ``waxseal check`` about the way that connections take, and what is said at their beginning."""

import re
from typing import TYPE_CHECKING

import click
from msgspec import Struct, structs

from waxseal.cli.gathering import gathered
from waxseal.errors import UsageError
from waxseal.probes.settings import ProbeSettings

if TYPE_CHECKING:
    from waxseal.net.network import Network
    from waxseal.wire.proxy_header import Place


class Route(Struct, frozen=True):
    """What the options say, as they were given."""

    via: str = ""
    proxy_protocol: str | None = None
    proxy_source: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without the URL, which may hold a password."""
        return "Route(...)"

    def settings(self, settings: ProbeSettings) -> ProbeSettings:
        """The settings of a run, with the way's name for the record.

        Raises:
            UsageError: An option is not of its form.
        """
        words = []
        if self.via:
            from waxseal.net.via import parse_via

            words.append(str(parse_via(self.via)))
        if self.proxy_protocol:
            sources = " and ".join(s.address for s in _sources(self.proxy_source))
            words.append(f"PROXY {self.proxy_protocol}" + (f" as {sources}" if sources else ""))
        elif self.proxy_source:
            raise UsageError("--proxy-source without --proxy-protocol", "name the version too: v1 or v2")
        return structs.replace(settings, via=", ".join(words))

    def network(self, network: "Network") -> "Network":
        """The network, with its connections led that way; to be called when a map of where to dial is in it.

        Raises:
            UsageError: An option is not of its form.
        """
        if not self.via and not self.proxy_protocol:
            return network
        from waxseal.net.via import network_via, network_with_header, parse_via

        if self.via:
            network = network_via(network, parse_via(self.via))
        if self.proxy_protocol:
            from waxseal.wire.proxy_header import Version

            version = Version[self.proxy_protocol.upper()]
            network = network_with_header(network, version, _sources(self.proxy_source))
        return network


_OPTIONS = (
    click.option(
        "--via",
        default="",
        help="Way that connections take: socks5://host:port, http://host:port or command:ssh -W %h:%p host.",
    ),
    click.option(
        "--proxy-protocol",
        type=click.Choice(["v1", "v2"]),
        help="Begin each connection to a mail server with the PROXY protocol's header.",
    ),
    click.option(
        "--proxy-source",
        multiple=True,
        help="Who that header says connects: address or address:port, one of each family.  "
        "[default: this machine]",
    ),
)

route_options = gathered(_OPTIONS, Route, "route")
"""Adds the options to a command; they come as one argument, `route`."""


def _sources(given: tuple[str, ...]) -> "tuple[Place, ...]":
    """The sources named; port 0 where none is."""
    sources = tuple(map(_source, given))
    if len({":" in source.address for source in sources}) < len(sources):
        raise UsageError("--proxy-source names two addresses of one family", "give one of each family")
    return sources


def _source(text: str) -> "Place":
    import ipaddress

    from waxseal.wire.proxy_header import Place

    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed):  # an address alone, IPv6 without brackets among them
        host, port = text, "0"
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ipaddress.ip_address(bare) if re.fullmatch("[0-9]{1,5}", port) else None
    except ValueError:
        address = None
    if address is None or int(port) > 65535:
        raise UsageError(
            f"--proxy-source {text[:80]!r} is no address",
            "write it as 192.0.2.1, 192.0.2.1:40000 or [2001:db8::1]:40000",
        )
    return Place(str(address), int(port))
