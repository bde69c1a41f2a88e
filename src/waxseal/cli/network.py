"""Options that say how to reach the world: the name to send, where to dial."""

import ipaddress
import json
import re
import socket
from dataclasses import replace
from pathlib import Path

from waxseal.errors import UsageError
from waxseal.net.dial import NO_ROUTE, REFUSED, SILENT, UNREACHABLE, MappedDialer
from waxseal.net.network import Network
from waxseal.wire.idna import InvalidName, hostname_problem, to_a_label

_WORDS = (SILENT, REFUSED, UNREACHABLE, NO_ROUTE)
_MAX_MAP_OCTETS = 16 * 1024 * 1024


def ehlo_name(given: str | None) -> str:
    """The name for EHLO: the one given, else this machine's full name, else "" for an address literal.

    Raises:
        UsageError: The one given is no host name.
    """
    if given is None:
        own = socket.gethostname()
        return own.lower() if hostname_problem(own) is None else ""
    try:
        name = to_a_label(given)
    except InvalidName as error:
        raise UsageError(f"--ehlo {given!r} is no host name: {error}", "give a full host name") from error
    problem = hostname_problem(name)
    if problem is not None:
        raise UsageError(f"--ehlo {given!r} is no host name: {problem}", "give a full host name")
    return name


def host_and_port(text: str) -> tuple[str, int]:
    """``host:port`` or ``[address]:port``.

    Raises:
        UsageError: It is neither.
    """
    host, colon, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not host or not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise UsageError(
            f"{text!r} is not host:port", "write it as 192.0.2.1:25, [2001:db8::1]:25 or a name:25"
        )
    return host, int(port)


def control_place(text: str) -> tuple[str, int]:
    """The control destination: host, as A-label or address, and port.

    Raises:
        UsageError: It is not ``host:port``.
    """
    host, port = host_and_port(text)
    try:
        return str(ipaddress.ip_address(host)), port
    except ValueError:
        pass
    try:
        return to_a_label(host), port
    except InvalidName as error:
        raise UsageError(
            f"--control {host!r} is no host: {error}", "give an address or a host name"
        ) from error


def dial_map(network: Network, path: Path) -> Network:
    """The same network, dialling by a map: ``{"192.0.2.1:25": "127.0.0.1:2525", "...": "silent"}``.

    Raises:
        UsageError: The file cannot be read or is not of the form.
    """
    try:
        with path.open("rb") as file:
            read = json.loads(file.read(_MAX_MAP_OCTETS))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"the dial map {path} cannot be read: {error}", "'waxseal lab' writes one"
        ) from error
    if not isinstance(read, dict) or not all(isinstance(place, str) for place in read.values()):
        raise UsageError(f"the dial map {path} is no map of text to text", "'waxseal lab' writes one")
    table = {
        host_and_port(place): where if where in _WORDS else host_and_port(where)
        for place, where in read.items()
    }
    return replace(network, dialer=MappedDialer(table, network.dialer))
